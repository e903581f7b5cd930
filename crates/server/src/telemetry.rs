//! The log, and the reports of failures.

mod json_lines;

use std::io::IsTerminal;

use family_plan_error_reporting::Reporting;
use secrecy::ExposeSecret;
use tracing_subscriber::{
    EnvFilter, Layer, fmt::format::JsonFields, layer::SubscriberExt, util::SubscriberInitExt,
};

use self::json_lines::JsonLines;
use crate::configuration::{LogConfiguration, LogFormat, SentryConfiguration};

/// Begins to log, and to report failures if there is somewhere to report them to, until what this returns is dropped.
/// The first call counts.
#[must_use]
pub fn begin(log: &LogConfiguration, sentry: &SentryConfiguration) -> Option<Reporting> {
    let reporting = sentry
        .dsn
        .as_ref()
        .and_then(|it| Reporting::begin(it.expose_secret(), sentry.environment.as_deref()));
    let lines = match log.format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines)
            .with_writer(std::io::stderr)
            .boxed(),
    };
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::registry()
        .with(reporting.is_some().then(family_plan_error_reporting::layer))
        .with(lines.with_filter(filter));
    // A second subscriber is refused: a test that has one of its own keeps it.
    let _ = subscriber.try_init();
    reporting
}
