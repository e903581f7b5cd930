//! Reports failures to Sentry: what is logged as an error becomes an event.

use sentry::{ClientInitGuard, ClientOptions, integrations::tracing::ErrorLayer, types::Dsn};
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::LevelFilter, registry::LookupSpan};

/// Reports failures while it lives; what is not sent yet is sent when it is dropped.
pub struct Reporting(#[expect(dead_code, reason = "dropping it sends what is left")] ClientInitGuard);

impl Reporting {
    /// Begins to report to the project at `dsn`; `None` when that is no DSN. Personal data is not sent.
    #[must_use]
    pub fn begin(dsn: &str, environment: Option<&str>) -> Option<Self> {
        let dsn: Dsn = dsn.parse().ok()?;
        let mut options = ClientOptions::new();
        options.dsn = Some(dsn);
        options.release = Some(concat!("family-plan@", env!("CARGO_PKG_VERSION")).into());
        options.environment = environment.map(|it| it.to_owned().into());
        options.send_default_pii = false;
        Some(Self(sentry::init(options)))
    }
}

/// Whether `text` is the address of a project.
#[must_use]
pub fn is_dsn(text: &str) -> bool {
    text.parse::<Dsn>().is_ok()
}

/// Turns errors in the log into events; everything else stays in the log.
#[must_use]
pub fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    ErrorLayer::new().with_filter(LevelFilter::ERROR)
}
