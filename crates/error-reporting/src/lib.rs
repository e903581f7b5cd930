//! Reports failures to Sentry: what is logged as an error becomes an event, and a panic does that nobody catches.
//! Requests do not wait for it, whatever state Sentry is in.

mod layer;
mod panics;
mod report;
mod scrub;
mod trail;
mod transport;

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sentry::{
    Client, ClientOptions, Hub,
    integrations::{
        backtrace::ProcessStacktraceIntegration, contexts::ContextIntegration, tracing::SpanLayer,
    },
    types::Dsn,
};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use self::{layer::Reports, scrub::Scrubber, trail::Pseudonyms, transport::Scrubbing};
pub use self::{
    panics::{Panic, catching},
    trail::note_caller,
};

/// How long ending may take for what is not sent yet.
const FLUSH: Duration = Duration::from_secs(3);
/// What the crates of this workspace begin with.
const OURS: &str = "family_plan";

/// Where failures are reported, and what of.
#[derive(Debug)]
pub struct ReportingConfig {
    /// The address of the project.
    pub dsn: SecretString,
    /// What installation this is.
    pub environment: Option<String>,
    /// The part of the failures that is reported, from 0 to 1.
    pub sample_rate: f32,
    /// The part of the requests whose course is reported, from 0 to 1.
    pub traces_sample_rate: f32,
    /// Whether personal data may be sent: ids of callers as they are, and addresses.
    pub send_default_pii: bool,
    /// What ids of callers are hashed with otherwise.
    pub pseudonym_key: SecretSlice<u8>,
    /// What must never be sent, whatever it occurs in.
    pub secrets: Vec<SecretString>,
}

/// Why failures cannot be reported.
#[derive(Debug, thiserror::Error)]
pub enum ReportingError {
    /// The address is none.
    #[error("the DSN of Sentry cannot be read")]
    Dsn,
    /// The HTTP client cannot be set up.
    #[error("the HTTP client for Sentry cannot be set up")]
    Http(#[from] reqwest::Error),
}

/// Reports failures while it lives; what is not sent yet is sent when it is dropped, which takes a few seconds at most.
pub struct Reporting {
    client: Arc<Client>,
    pseudonyms: Arc<Pseudonyms>,
    traces: bool,
}

impl Reporting {
    /// Begins to report panics, and with [`Self::layers`] errors in the log.
    ///
    /// # Errors
    ///
    /// See [`ReportingError`].
    pub fn begin(config: ReportingConfig) -> Result<Self, ReportingError> {
        let ReportingConfig { dsn, environment, sample_rate, traces_sample_rate, send_default_pii, .. } =
            config;
        let scrubber = Scrubber::new(config.secrets, send_default_pii);
        let mut options = ClientOptions::new()
            .sample_rate(sample_rate.clamp(0.0, 1.0))
            .traces_sample_rate(traces_sample_rate.clamp(0.0, 1.0))
            .send_default_pii(send_default_pii)
            .release(concat!("family-plan@", env!("CARGO_PKG_VERSION")))
            .in_app_include([OURS])
            .shutdown_timeout(FLUSH)
            .transport(Scrubbing::new(scrubber)?)
            // Without the one for panics: it waits for Sentry in the thread that panics.
            .default_integrations(false)
            .add_integration(ContextIntegration::new())
            .add_integration(ProcessStacktraceIntegration::new());
        options.dsn = Some(dsn.expose_secret().parse().map_err(|_| ReportingError::Dsn)?);
        options.environment = environment.map(Into::into);
        let client = Arc::new(Client::from(sentry::apply_defaults(options)));
        // Threads take over what the first one has, once; this one may have done so already.
        for hub in [Hub::main(), Hub::current()] {
            hub.bind_client(Some(Arc::clone(&client)));
        }
        panics::tell();
        let pseudonyms = Arc::new(Pseudonyms::new(config.pseudonym_key.expose_secret(), send_default_pii));
        Ok(Self { client, pseudonyms, traces: 0.0 < traces_sample_rate })
    }

    /// What turns errors in the log into events, what came before them into their trail, and, if that was asked for,
    /// spans into courses of requests.
    #[must_use]
    pub fn layers<S>(&self) -> Vec<Box<dyn Layer<S> + Send + Sync>>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let reports = Reports::new(Arc::clone(&self.client), Arc::clone(&self.pseudonyms));
        let mut layers = vec![reports.with_filter(LevelFilter::INFO).boxed()];
        if self.traces {
            let ours = filter_fn(|it| it.is_span() && it.target().starts_with(OURS));
            let ours = ours.with_max_level_hint(LevelFilter::DEBUG);
            layers.push(SpanLayer::new().with_filter(ours).boxed());
        }
        layers
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.client.close(None);
    }
}

/// Whether `text` is the address of a project.
#[must_use]
pub fn is_dsn(text: &str) -> bool {
    text.parse::<Dsn>().is_ok()
}
