//! Lines of the log as events of Sentry.

use std::{collections::BTreeMap, error::Error, fmt, iter};

use sentry::{
    Breadcrumb, Level,
    protocol::{Context, Event, Exception, Mechanism, Value},
};
use tracing::field::{Field, Visit};

use crate::Panic;

/// The fields by which events are searched for.
const TAGS: &[&str] = &["code", "request_id", "worker"];

/// What a line of the log, or a span, tells.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) values: BTreeMap<String, Value>,
    exceptions: Vec<Exception>,
    /// Whether this is about a panic that was reported when it happened.
    is_told: bool,
}

impl Fields {
    pub(crate) fn of(event: &tracing::Event<'_>) -> Self {
        let mut fields = Self::default();
        event.record(&mut fields);
        fields
    }

    fn message(&mut self) -> Option<String> {
        match self.values.remove("message") {
            Some(Value::String(message)) => Some(message),
            _ => None,
        }
    }
}

impl Visit for Fields {
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let causes: Vec<_> = iter::successors(Some(value), |it| (*it).source()).collect();
        let text: Vec<_> = causes.iter().map(ToString::to_string).collect();
        self.values.insert(field.name().to_owned(), text.join(": ").into());
        for cause in causes.into_iter().rev() {
            match cause.downcast_ref::<Panic>() {
                None => self.exceptions.push(exception(cause)),
                Some(panic) => match panic.exception() {
                    Some(exception) => self.exceptions.push(exception.clone()),
                    None => self.is_told = true,
                },
            }
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.values.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.values.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.values.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.values.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.values.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

/// An error that is nothing but text has no type to be named by.
fn exception(err: &(dyn Error + 'static)) -> Exception {
    let shown = format!("{err:?}");
    let name = sentry::parse_type_from_debug(&shown);
    let is_name = name.starts_with(|it: char| it.is_ascii_uppercase());
    Exception {
        ty: if is_name { name } else { "Error" }.to_owned(),
        value: Some(err.to_string()),
        ..Exception::default()
    }
}

/// The event that an error in the log becomes; `None` when Sentry has been told already.
pub(crate) fn event(line: &tracing::Event<'_>) -> Option<Event<'static>> {
    let mut fields = Fields::of(line);
    if fields.is_told {
        return None;
    }
    let message = fields.message();
    // Its causes tell it already.
    fields.values.remove("error");
    let mut event = Event {
        level: Level::Error,
        logger: Some(line.metadata().target().to_owned()),
        message,
        ..Event::default()
    };
    for name in TAGS {
        if let Some(Value::String(value)) = fields.values.remove(*name) {
            event.tags.insert((*name).to_owned(), value);
        }
    }
    if !fields.values.is_empty() {
        event.contexts.insert("log".to_owned(), Context::Other(fields.values));
    }
    if let Some(outermost) = fields.exceptions.last_mut() {
        let mechanism = || Mechanism { ty: "log".to_owned(), handled: Some(true), ..Mechanism::default() };
        outermost.mechanism.get_or_insert_with(mechanism);
    }
    event.exception = fields.exceptions.into();
    Some(event)
}

/// One step of the trail that leads to an event.
pub(crate) fn breadcrumb(line: &tracing::Event<'_>) -> Breadcrumb {
    let mut fields = Fields::of(line);
    let is_warning = *line.metadata().level() == tracing::Level::WARN;
    Breadcrumb {
        ty: "log".to_owned(),
        category: Some(line.metadata().target().to_owned()),
        level: if is_warning { Level::Warning } else { Level::Info },
        message: fields.message(),
        data: fields.values,
        ..Breadcrumb::default()
    }
}
