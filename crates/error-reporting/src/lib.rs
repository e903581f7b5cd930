//! Reports failures to Sentry: what is logged as an error becomes an event, and a panic does that nobody catches.
//! Requests do not wait for it, whatever state Sentry is in.

mod layer;
mod panics;
mod report;
mod scrub;
mod storms;
mod trail;
mod transport;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sentry::{
    Client, ClientOptions, Hub,
    integrations::{
        backtrace::ProcessStacktraceIntegration, contexts::ContextIntegration, tracing::SpanLayer,
    },
    types::Dsn,
};
use tracing::{Level, Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::{
    Layer,
    filter::{dynamic_filter_fn, filter_fn},
    registry::LookupSpan,
};

use self::{layer::Reports, storms::Storms, trail::Pseudonyms, transport::Scrubbing};
pub use self::{
    panics::{Panic, catching, tell_of_panics},
    scrub::Scrubber,
    trail::note_caller,
};

/// How long ending may take for what is not sent yet.
const FLUSH: Duration = Duration::from_secs(3);
/// What the crates of this workspace begin with.
const OURS: &str = "family_plan";
/// The span that a request is answered in.
const REQUEST: &str = "request";

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
        let storms = Storms::default();
        let mut options = ClientOptions::new()
            .sample_rate(sample_rate.clamp(0.0, 1.0))
            .traces_sample_rate(traces_sample_rate.clamp(0.0, 1.0))
            .send_default_pii(send_default_pii)
            .release(concat!("family-plan@", env!("CARGO_PKG_VERSION")))
            .in_app_include([OURS])
            .shutdown_timeout(FLUSH)
            .transport(Scrubbing::new(scrubber)?)
            .before_send(move |event| storms.pass(event, Instant::now()))
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
        tell_of_panics();
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
        // Spans of others, such as those of statements, are no business of reports.
        let told =
            filter_fn(|it| *it.level() <= Level::INFO && (it.is_event() || it.target().starts_with(OURS)));
        let mut layers = vec![reports.with_filter(told.with_max_level_hint(LevelFilter::INFO)).boxed()];
        if self.traces {
            // A worker's span is no request's, and begins no course.
            let of_requests = dynamic_filter_fn(|it, context| {
                is_our_span(it) && (it.name() == REQUEST || context.lookup_current().is_some())
            });
            let of_requests = of_requests.with_max_level_hint(LevelFilter::DEBUG);
            let of_requests = of_requests.with_callsite_filter(|it| {
                if is_our_span(it) { Interest::sometimes() } else { Interest::never() }
            });
            layers.push(SpanLayer::new().with_filter(of_requests).boxed());
        }
        layers
    }
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.client.close(None);
    }
}

fn is_our_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with(OURS)
}

/// Whether `text` is the address of a project.
#[must_use]
pub fn is_dsn(text: &str) -> bool {
    text.parse::<Dsn>().is_ok()
}
