//! Sends traces to an OpenTelemetry collector, and passes on which trace a request belongs to (W3C Trace Context).
//! Requests do not wait for it, whatever state the collector is in.

mod conventions;
mod exporter;
mod propagation;

use std::{fmt, sync::Arc, thread, time::Duration};

use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use reqwest::{blocking::Client, redirect::Policy};
use tracing::{Level, Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{Layer, filter::dynamic_filter_fn, registry::LookupSpan};

pub use self::propagation::{TraceIds, answered, continue_trace, ids_of, pass_on};
use self::{conventions::Conventions, exporter::Conventional};

/// How long the collector may take for one batch, all attempts together.
const ANSWERING: Duration = Duration::from_secs(5);
/// How long ending may take for what is not sent yet.
const FLUSH: Duration = Duration::from_secs(3);
/// What traces are told by, among those of other services.
const SERVICE: &str = "family-plan";
/// What the crates of this workspace begin with.
const OURS: &str = "family_plan";
/// Where the spans of statements come from.
const STATEMENTS: &str = "sea_orm::database";

/// Where traces are sent, and what of.
pub struct TracesConfig {
    /// Where the collector takes OTLP over HTTP, without `/v1/traces`.
    pub endpoint: String,
    /// The part of the traces that begin here and are sent, from 0 to 1. Whether one that began elsewhere is sent, those
    /// say who began it.
    pub sample_rate: f64,
    /// How clients come to the service: `http` or `https`.
    pub scheme: String,
    /// Takes out of a text what must not leave the installation.
    pub scrub: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

impl fmt::Debug for TracesConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TracesConfig").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The HTTP client cannot be set up.
    #[error("the HTTP client for traces cannot be set up")]
    Http(#[from] reqwest::Error),
    /// What the address, or the environment (`OTEL_EXPORTER_OTLP_…`), says cannot be done.
    #[error("traces cannot be sent as they are configured")]
    Exporter(#[from] ExporterBuildError),
}

/// Sends traces while it lives; what is not sent yet is sent when it is dropped, which takes a few seconds at most.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to send what [`Self::layer`] makes of spans. A collector that is not there is no reason not to.
    ///
    /// # Errors
    ///
    /// See [`TracesError`].
    pub fn begin(config: TracesConfig) -> Result<Self, TracesError> {
        let TracesConfig { endpoint, sample_rate, scheme, scrub } = config;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(http_client()?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(ANSWERING)
            .build()?;
        let resource = Resource::builder()
            .with_service_name(SERVICE)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sample_rate)));
        let provider = SdkTracerProvider::builder()
            // A thread of its own, and a queue that drops what it has no room for.
            .with_batch_exporter(Conventional::new(exporter, Conventions { scheme, scrub }))
            .with_resource(resource)
            .with_sampler(sampler)
            .build();
        Ok(Self(provider))
    }

    /// What turns spans into those of traces: our own, and within them those of statements. Nothing of the log gets into
    /// a trace, and what is logged has no bearing on it.
    #[must_use]
    pub fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let is_wanted = dynamic_filter_fn(|metadata, context| {
            is_ours(metadata) || is_statement(metadata) && context.lookup_current().is_some()
        });
        let is_wanted = is_wanted.with_max_level_hint(LevelFilter::INFO).with_callsite_filter(|it| {
            if is_ours(it) {
                Interest::always()
            } else if is_statement(it) {
                Interest::sometimes()
            } else {
                Interest::never()
            }
        });
        OpenTelemetryLayer::new(self.0.tracer(SERVICE))
            .with_context_activation(false)
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(is_wanted)
            .boxed()
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(err) = self.0.shutdown_with_timeout(FLUSH) {
            tracing::warn!(error = &err as &dyn std::error::Error, "the last traces were not sent");
        }
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && metadata.target().starts_with(OURS)
}

fn is_statement(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && metadata.target().starts_with(STATEMENTS)
}

/// Made on a thread of its own, because a blocking client waits for what it begins.
fn http_client() -> reqwest::Result<Client> {
    let build = || {
        Client::builder()
            .timeout(ANSWERING)
            // Following a redirect would carry traces to where nobody sent them.
            .redirect(Policy::none())
            .build()
    };
    thread::scope(|it| it.spawn(build).join().expect("it does not panic"))
}
