//! The one way out: every span is put into the words of the conventions here, and nothing else of it leaves.

use std::{
    error::Error,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};

use crate::conventions::Conventions;

/// Sends what the conventions make of spans, and says in the log when the collector begins or ceases to fail.
#[derive(Debug)]
pub(crate) struct Conventional<E> {
    inner: E,
    conventions: Conventions,
    fails: AtomicBool,
}

impl<E> Conventional<E> {
    pub(crate) fn new(inner: E, conventions: Conventions) -> Self {
        Self { inner, conventions, fails: AtomicBool::new(false) }
    }

    /// Once, not for every batch: it goes on until somebody mends it.
    fn tell(&self, outcome: &OTelSdkResult) {
        match (outcome, self.fails.swap(outcome.is_err(), Ordering::Relaxed)) {
            (Err(err), false) => {
                tracing::warn!(error = err as &dyn Error, "the collector takes no traces; they are dropped");
            }
            (Ok(()), true) => tracing::info!("the collector takes traces again"),
            _ => (),
        }
    }
}

impl<E: SpanExporter> SpanExporter for Conventional<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let batch = batch.into_iter().map(|it| self.conventions.apply(it)).collect();
        let outcome = self.inner.export(batch).await;
        self.tell(&outcome);
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
