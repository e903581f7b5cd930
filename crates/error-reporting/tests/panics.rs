//! Panics in the log. Alone in its process, which has one place where panics are noticed.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use family_plan_error_reporting::{catching, tell_of_panics};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt};

type Line = (Level, BTreeMap<&'static str, String>);

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push((*event.metadata().level(), fields.0));
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

#[tokio::test]
async fn panics_are_lines_of_the_log_and_nothing_else() {
    let lines = Lines::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.clone())).unwrap();
    tell_of_panics();

    catching(async { panic!("it holds {}", 7) }).await.unwrap_err();
    tokio::spawn(async { panic!("nobody is there") }).await.unwrap_err();

    let lines = lines.0.lock().unwrap();
    let [(caught, first), (uncaught, second)] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((caught, uncaught), (&Level::WARN, &Level::ERROR));
    assert_eq!((first["error"].as_str(), second["error"].as_str()), ("it holds 7", "nobody is there"));
    for line in [first, second] {
        assert!(line["at"].contains("panics.rs:"), "{line:?}");
        assert!(line["stacktrace"].contains("panics_are_lines_of_the_log"), "{line:?}");
    }
}
