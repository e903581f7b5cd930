//! Lines of the log for machines. The format that comes with `tracing-subscriber` says of an error only what it is, and
//! drops what caused it.

use std::{error::Error, fmt, iter, sync::Arc};

use family_plan_error_reporting::Scrubber;
use family_plan_traces::ids_of;
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormattedFields,
        format::{FormatEvent, JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::{LookupSpan, SpanRef},
};

use super::discretion::may_quote;

/// One JSON object a line; an error tells its causes, too, and a line the trace that it is part of.
pub(super) struct JsonLines(pub(super) Arc<Scrubber>);

impl<S> FormatEvent<S, JsonFields> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut line = Line::default();
        line.set("timestamp", timestamp);
        line.set("level", event.metadata().level().as_str());
        event.record(&mut line);
        if may_quote(event.metadata()) {
            line = line.scrubbed(&self.0);
        }
        line.set("target", event.metadata().target());
        if let Some(ids) = context.event_scope().and_then(|mut it| it.find_map(|it| ids_of(&it.id()))) {
            line.set("trace_id", ids.trace);
            line.set("span_id", ids.span);
        }
        if let Some(scope) = context.event_scope() {
            let mut spans: Vec<Value> = scope.from_root().map(|it| told_of(&it)).collect();
            line.set("span", spans.pop());
            line.set("spans", spans);
        }
        writeln!(writer, "{}", Value::from(line.0))
    }
}

/// The name and the fields of a span.
fn told_of<S: for<'span> LookupSpan<'span>>(span: &SpanRef<'_, S>) -> Value {
    let extensions = span.extensions();
    let fields = extensions.get::<FormattedFields<JsonFields>>();
    let mut told: Map<String, Value> =
        fields.and_then(|it| serde_json::from_str(&it.fields).ok()).unwrap_or_default();
    told.insert("name".to_owned(), span.name().into());
    told.into()
}

#[derive(Default)]
struct Line(Map<String, Value>);

impl Line {
    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn scrubbed(self, scrubber: &Scrubber) -> Self {
        let mut told = Value::from(self.0);
        scrubber.scrub(&mut told);
        match told {
            Value::Object(told) => Self(told),
            _ => Self::default(),
        }
    }
}

impl Visit for Line {
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let causes = iter::successors(value.source(), |it| (*it).source());
        self.set(field.name(), causes.fold(value.to_string(), |text, cause| format!("{text}: {cause}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::json;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// What `work` writes into the log.
    fn written(work: impl FnOnce()) -> Vec<Value> {
        let text = Arc::<Mutex<Vec<u8>>>::default();
        let kept = Arc::clone(&text);
        let writer = move || Kept(Arc::clone(&kept));
        let lines = tracing_subscriber::fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines(Arc::new(Scrubber::new(vec![], false))))
            .with_writer(writer);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
        let text = String::from_utf8(text.lock().unwrap().clone()).unwrap();
        text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the plan cannot be told")]
    struct Failure(#[source] io::Error);

    #[test]
    fn an_error_tells_its_causes() {
        let failure = Failure(io::Error::other("no \"plan\"\nthere"));

        let lines = written(|| tracing::warn!(error = &failure as &dyn Error, user = 7, "it {}", "failed"));

        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(line["error"], "the plan cannot be told: no \"plan\"\nthere");
        assert_eq!(
            (&line["level"], &line["message"], &line["user"]),
            (&json!("WARN"), &json!("it failed"), &json!(7))
        );
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z') && line["target"].is_string());
    }

    #[test]
    fn what_failed_is_told_without_what_is_secret() {
        let text = "no seat for zoe@example.org by 8Q5J9HHtxjEWNz2qZeMvvzFU43e_a-SmQLenhEj0V3w";

        let lines = written(|| {
            tracing::info!(failure = text, stacktrace = "0: 8Q5J9HHtxjEWNz2qZeMvvzFU43e_a", "it failed");
            tracing::error!("{text}");
        });

        let scrubbed = "no seat for [scrubbed] by [scrubbed]";
        assert_eq!((&lines[0]["failure"], &lines[1]["message"]), (&json!(scrubbed), &json!(scrubbed)));
        assert_eq!(lines[0]["stacktrace"], "0: 8Q5J9HHtxjEWNz2qZeMvvzFU43e_a", "it is of the program");
    }

    #[test]
    fn a_line_tells_the_spans_it_is_in() {
        let lines = written(|| {
            let outer = tracing::info_span!("request", method = "GET", id = tracing::field::Empty).entered();
            outer.record("id", "7");
            let _inner = tracing::info_span!("query", is_slow = true).entered();
            tracing::info!("here");
        });

        assert_eq!(lines[0]["span"], json!({"is_slow": true, "name": "query"}));
        assert_eq!(lines[0]["spans"], json!([{"method": "GET", "id": "7", "name": "request"}]));
    }
}
