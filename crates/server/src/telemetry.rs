//! The log, and the reports of failures.

mod json_lines;

use std::io::IsTerminal;

use family_plan_error_reporting::Reporting;
use tracing_subscriber::{
    EnvFilter, Layer, fmt::format::JsonFields, layer::SubscriberExt, util::SubscriberInitExt,
};

use self::json_lines::JsonLines;
use crate::configuration::{LogConfiguration, LogFormat};

/// Begins to log, and to report what is logged as an error. The first call counts.
pub fn begin(log: &LogConfiguration, reporting: Option<&Reporting>) {
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
    let mut layers = reporting.map(Reporting::layers).unwrap_or_default();
    layers.push(lines.with_filter(filter).boxed());
    // A second subscriber is refused: a test that has one of its own keeps it.
    let _ = tracing_subscriber::registry().with(layers).try_init();
}
