//! What an operator can watch. Each service counts for itself, in a registry of its own: several in one process do not mix.

mod course;
mod gauges;
mod helpdesk;
mod kept;
mod ports;
mod registrar;
mod requests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use poem::{Response, http::Method};
use prometheus::{IntCounter, IntCounterVec, Registry, TextEncoder};
use time::OffsetDateTime;

use self::{helpdesk::HelpdeskRequests, registrar::Registrar, requests::Requests};

pub(crate) use self::{
    course::Course,
    gauges::Gauges,
    ports::{CountedSender, CountedTokens, ObservedSyncs},
};

/// How events are told: an endpoint took one, answered something else, or nothing.
const DELIVERED: &str = "ok";
const REFUSED: &str = "refused";
const FAILED: &str = "failed";

/// What a service has done since it started.
pub(crate) struct Counters {
    registry: Registry,
    requests: Requests,
    helpdesk: HelpdeskRequests,
    event_deliveries: IntCounterVec,
    sync_users: IntCounter,
    last_sync: LastSync,
    tokens_swept: IntCounter,
    save_retries: IntCounter,
    n_saves: AtomicU64,
}

impl Counters {
    /// Nothing was done yet.
    pub(crate) fn new() -> Arc<Self> {
        let registrar = Registrar::default();
        add_process(&registrar);
        let event_deliveries = registrar.counters(
            "family_plan_event_deliveries_total",
            "Attempts to tell an endpoint of an event: ok (it answered 2xx), refused (it answered something else), failed \
             (it did not answer, or may not be connected to).",
            &["outcome"],
        );
        for outcome in [DELIVERED, REFUSED, FAILED] {
            event_deliveries.with_label_values(&[outcome]);
        }
        Arc::new(Self {
            requests: Requests::new(&registrar),
            helpdesk: HelpdeskRequests::new(&registrar),
            event_deliveries,
            sync_users: registrar.counter(
                "family_plan_sync_users_total",
                "Users that this process read from the helpdesk in pulls, as users_seen of a pull counts them.",
            ),
            last_sync: LastSync::default(),
            tokens_swept: registrar.counter(
                "family_plan_tokens_swept_total",
                "Tokens that sweeps of this process deleted in the helpdesk, since no invite needs them.",
            ),
            save_retries: registrar.counter(
                "family_plan_save_retries_total",
                "Saves of a plan that wrote nothing because somebody else was first: it was loaded and decided upon again.",
            ),
            n_saves: AtomicU64::default(),
            registry: registrar.finish(),
        })
    }

    /// Counts a request that was answered.
    pub(crate) fn answered(&self, method: &Method, course: &Course, response: &Response, took: Duration) {
        self.requests.answered(method, course, response, took);
    }

    /// Something was saved, so that what was counted in the database is out of date.
    pub(crate) fn note_save(&self) {
        self.n_saves.fetch_add(1, Ordering::Relaxed);
    }

    /// A save was in vain.
    pub(crate) fn note_lost_save(&self) {
        self.save_retries.inc();
    }

    /// How often something was saved.
    fn n_saves(&self) -> u64 {
        self.n_saves.load(Ordering::Relaxed)
    }
}

/// Made once: when a process started is reckoned from the machine's clock, which may be set meanwhile.
#[cfg(target_os = "linux")]
fn add_process(registrar: &Registrar) {
    registrar.collect(prometheus::process_collector::ProcessCollector::for_self());
}

/// Other systems have no `/proc`.
#[cfg(not(target_os = "linux"))]
fn add_process(_registrar: &Registrar) {}

/// When a pull last went well, as far as this process knows.
struct LastSync(AtomicI64);

impl LastSync {
    const UNKNOWN: i64 = i64::MIN;

    /// `None` for never.
    fn note(&self, at: Option<OffsetDateTime>) {
        self.0.fetch_max(at.map_or(0, OffsetDateTime::unix_timestamp), Ordering::Relaxed);
    }

    /// In seconds since the epoch; 0 for never, `None` when that is not known yet.
    fn seconds(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|it| *it != Self::UNKNOWN)
    }
}

impl Default for LastSync {
    fn default() -> Self {
        Self(AtomicI64::new(Self::UNKNOWN))
    }
}

/// What is shown: what was counted, and what is looked up then.
pub struct Metrics {
    counters: Arc<Counters>,
    gauges: Gauges,
}

impl Metrics {
    pub(crate) fn new(counters: Arc<Counters>, gauges: Gauges) -> Self {
        Self { counters, gauges }
    }

    /// What was counted.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Everything, in Prometheus' text format. What the database does not tell in time is left out.
    pub(crate) async fn text(&self) -> String {
        let mut families = self.gauges.gather(&self.counters).await;
        families.extend(self.counters.registry.gather());
        families.sort_by(|one, next| one.name().cmp(next.name()));
        let text = TextEncoder::new().encode_to_string(&families);
        text.expect("whatever is gathered has a name and a value")
    }
}
