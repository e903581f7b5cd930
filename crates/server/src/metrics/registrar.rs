//! Making metrics, each under its name.

use prometheus::{
    Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, core::Collector,
};

/// Names are written in the code, each once; [`Counters::new`](super::Counters::new) and every scrape show that they are
/// good.
const GOOD: &str = "the name is good, and nothing else has it";

/// Puts metrics into a registry.
#[derive(Default)]
pub(super) struct Registrar(Registry);

impl Registrar {
    pub(super) fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.add(IntCounter::new(name, help))
    }

    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.add(IntCounterVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.add(IntGauge::new(name, help))
    }

    pub(super) fn seconds(&self, name: &str, help: &str) -> Gauge {
        self.add(Gauge::new(name, help))
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.add(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        self.add(Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.into())))
    }

    pub(super) fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> HistogramVec {
        self.add(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.into()), labels))
    }

    /// Whatever `collector` has, under names of its own.
    pub(super) fn collect(&self, collector: impl Collector + 'static) {
        self.0.register(Box::new(collector)).expect(GOOD);
    }

    pub(super) fn finish(self) -> Registry {
        self.0
    }

    fn add<C: Collector + Clone + 'static>(&self, collector: prometheus::Result<C>) -> C {
        let collector = collector.expect(GOOD);
        self.0.register(Box::new(collector.clone())).expect(GOOD);
        collector
    }
}
