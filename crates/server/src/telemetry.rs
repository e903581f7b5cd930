//! The log, the reports of failures, and traces.

mod discretion;
mod json_lines;

use std::{io::IsTerminal, sync::Arc};

use family_plan_error_reporting::{Reporting, Scrubber, tell_of_panics};
use family_plan_traces::Traces;
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::format::{Format, JsonFields},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use self::{discretion::TextLines, json_lines::JsonLines};
use crate::configuration::{LogConfiguration, LogFormat};

/// Statements have spans, for traces only: in the log they would be everywhere.
const NO_STATEMENTS: &str = "sea_orm::database=off";

/// Told whatever else is, unless the filter says otherwise of them: nobody else tells of panics.
const PANICS: &str = "panic=warn";

/// Begins to log, panics too, to report what is logged as an error, and to keep traces. The first call counts.
pub fn begin(log: &LogConfiguration, reporting: Option<&Reporting>, traces: Option<&Traces>) {
    let scrubber = Arc::new(Scrubber::new(log.secrets.clone(), false));
    let lines = match log.format {
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .event_format(TextLines { format: Format::default(), scrubber })
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLines(scrubber))
            .with_writer(std::io::stderr)
            .boxed(),
    };
    let filter = format!("{PANICS},{},{NO_STATEMENTS}", log.filter);
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let mut layers = reporting.map(Reporting::layers).unwrap_or_default();
    layers.extend(traces.map(Traces::layer));
    layers.push(lines.with_filter(filter).boxed());
    // A second subscriber is refused: a test that has one of its own keeps it.
    let _ = tracing_subscriber::registry().with(layers).try_init();
    tell_of_panics();
}
