//! What our spans are called in OpenTelemetry's semantic conventions, and what of them may be told: nothing that is not
//! named here.

use std::{borrow::Cow, fmt, mem, sync::Arc};

use opentelemetry::{
    KeyValue, StringValue, Value,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;

/// The fields of spans that are told, and as what. Errors' texts are not among them: they quote what went wrong.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("db.operation", OPERATION),
    ("db.statement", STATEMENT),
    ("db.system", "db.system.name"),
    ("endpoint", "family_plan.endpoint_id"),
    ("event", "family_plan.event_id"),
    ("failure", "error.type"),
    ("host", "server.address"),
    ("kind", "family_plan.pull"),
    ("method", METHOD),
    ("operation", "family_plan.operation"),
    ("request_id", "family_plan.request_id"),
    ("route", ROUTE),
    ("status", STATUS),
    ("template", TEMPLATE),
];
const METHOD: &str = "http.request.method";
const ROUTE: &str = "http.route";
const STATUS: &str = "http.response.status_code";
const TEMPLATE: &str = "url.template";
const OPERATION: &str = "db.operation.name";
const STATEMENT: &str = "db.query.text";
/// Whoever asks can make others up.
const METHODS: &[&str] = &["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
const OTHER_METHOD: &str = "_OTHER";

/// Puts spans into the words of the conventions.
pub(crate) struct Conventions {
    pub(crate) scheme: String,
    pub(crate) scrub: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

impl fmt::Debug for Conventions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Conventions")
    }
}

impl Conventions {
    /// The span as it is told.
    pub(crate) fn apply(&self, mut span: SpanData) -> SpanData {
        let told = mem::take(&mut span.attributes).into_iter().filter_map(|it| self.told(it));
        span.attributes = told.collect();
        match &*span.name {
            "request" => {
                span.span_kind = SpanKind::Server;
                span.attributes.push(KeyValue::new("url.scheme", self.scheme.clone()));
                span.name = http_name(&span, ROUTE);
                span.status = if 500 <= status(&span) { Status::error("") } else { Status::Unset };
            }
            "zammad request" | "endpoint request" => {
                span.span_kind = SpanKind::Client;
                span.name = http_name(&span, TEMPLATE);
                let has_failed = 400 <= status(&span) || text(&span, "error.type").is_some();
                span.status = if has_failed { Status::error("") } else { Status::Unset };
            }
            name if name.starts_with("sea_orm.") => {
                span.span_kind = SpanKind::Client;
                span.name = statement_name(&span);
                // What begins or ends a transaction, or begins `WITH`, is told as that.
                if text(&span, OPERATION) == Some("EXECUTE") {
                    span.attributes.retain(|it| it.key.as_str() != OPERATION);
                }
                // What comes of a statement is not told as success, nor in the database's words.
                let has_failed = matches!(span.status, Status::Error { .. });
                span.status = if has_failed { Status::error("") } else { Status::Unset };
            }
            _ => (),
        }
        span
    }

    fn told(&self, KeyValue { key, value, .. }: KeyValue) -> Option<KeyValue> {
        let (_, name) = ATTRIBUTES.iter().find(|(field, _)| *field == key.as_str())?;
        let value = match value {
            Value::String(method) if *name == METHOD && !METHODS.contains(&method.as_str()) => {
                OTHER_METHOD.into()
            }
            Value::String(text) => StringValue::from((self.scrub)(text.as_str())).into(),
            value => value,
        };
        Some(KeyValue::new(*name, value))
    }
}

/// `GET /v1/plans/{plan_id}`, with what stands for the path if that is known.
fn http_name(span: &SpanData, path: &str) -> Cow<'static, str> {
    let method = text(span, METHOD).filter(|it| *it != OTHER_METHOD).unwrap_or("HTTP");
    match text(span, path) {
        Some(path) => format!("{method} {path}").into(),
        None => method.to_owned().into(),
    }
}

/// `SELECT plans`: what a statement does, and to which table, the first if there are several; `COMMIT`.
fn statement_name(span: &SpanData) -> Cow<'static, str> {
    let Some(statement) = text(span, STATEMENT) else {
        return span.name.trim_start_matches("sea_orm.").to_uppercase().into();
    };
    let mut words = statement.split_ascii_whitespace().map(|it| it.trim_start_matches('('));
    let before = words.find(|it| ["FROM", "INTO", "UPDATE"].iter().any(|word| it.eq_ignore_ascii_case(word)));
    let table = words.next().map(|it| it.trim_matches(|it: char| !it.is_ascii_alphanumeric() && it != '_'));
    let updates = before.filter(|it| it.eq_ignore_ascii_case("UPDATE"));
    let operation = updates.or_else(|| text(span, OPERATION)).unwrap_or_default();
    match table.filter(|it| !it.is_empty()) {
        Some(table) => format!("{operation} {table}").into(),
        None => operation.to_owned().into(),
    }
}

fn text<'a>(span: &'a SpanData, name: &str) -> Option<&'a str> {
    span.attributes.iter().find(|it| it.key.as_str() == name).and_then(|it| match &it.value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    })
}

fn status(span: &SpanData) -> i64 {
    let status = span.attributes.iter().find(|it| it.key.as_str() == STATUS);
    status.map_or(0, |it| if let Value::I64(status) = it.value { status } else { 0 })
}
