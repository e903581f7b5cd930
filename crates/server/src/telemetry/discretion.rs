//! What lines of the log must not tell. Those that say what happens are ours to word; those that say what failed quote
//! others, who may quote anything.

use std::sync::Arc;

use family_plan_error_reporting::Scrubber;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Writer},
    },
    registry::LookupSpan,
};

/// The fields in which somebody else is quoted.
const QUOTES: &[&str] = &["error", "failure", "reason"];

/// Whether a line may quote somebody.
pub(super) fn may_quote(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::WARN || QUOTES.iter().any(|it| line.fields().field(it).is_some())
}

/// Lines for people.
pub(super) struct TextLines {
    pub(super) format: Format<Full>,
    pub(super) scrubber: Arc<Scrubber>,
}

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        if !may_quote(event.metadata()) {
            return self.format.format_event(context, writer, event);
        }
        let mut line = String::new();
        // Colours would be in the middle of words.
        self.format.format_event(context, Writer::new(&mut line), event)?;
        writer.write_str(&self.scrubber.scrubbed(&line))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Mutex, MutexGuard},
    };

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
            self.0.lock().unwrap()
        }
    }

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.bytes().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_failed_is_told_without_what_is_secret() {
        let kept = Kept::default();
        let writer = kept.clone();
        let scrubber = Arc::new(Scrubber::new(vec!["hunter2!".into()], false));
        let format = TextLines { format: Format::default(), scrubber };
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .event_format(format)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::info!(address = "127.0.0.1:8080", "listening");
            tracing::info!(reason = "hunter2! is wrong", "refused");
            tracing::error!("nothing for zoe@example.org");
        });

        let text = String::from_utf8(kept.bytes().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with(r#"listening address="127.0.0.1:8080""#), "{text}");
        assert!(lines[1].ends_with(r#"refused reason="[scrubbed] is wrong""#), "{text}");
        assert!(lines[2].ends_with("nothing for [scrubbed]") && lines.len() == 3, "{text}");
    }
}
