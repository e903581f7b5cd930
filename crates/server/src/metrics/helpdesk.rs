//! Requests to the helpdesk.

use std::time::Duration;

use family_plan_zammad::{RequestObserver, RequestOperation, RequestOutcome};
use prometheus::{Histogram, IntCounterVec};

use super::{Counters, Registrar};

/// In seconds; listing many users takes its time.
const BUCKETS: [f64; 10] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

pub(super) struct HelpdeskRequests {
    total: IntCounterVec,
    duration: Histogram,
}

impl HelpdeskRequests {
    pub(super) fn new(registrar: &Registrar) -> Self {
        let total = registrar.counters(
            "family_plan_zammad_requests_total",
            "Requests that were sent to the helpdesk, each attempt by itself. What is held back while the breaker is open is \
             none. Outcome refused (4xx) is also how it says that something is not there; abandoned means that nobody waited \
             for the answer.",
            &["operation", "outcome"],
        );
        for operation in RequestOperation::ALL {
            for outcome in RequestOutcome::ALL {
                total.with_label_values(&[operation.as_str(), outcome.as_str()]);
            }
        }
        let duration = registrar.histogram(
            "family_plan_zammad_request_duration_seconds",
            "How long requests to the helpdesk took, until the answer was read, or until they failed.",
            &BUCKETS,
        );
        Self { total, duration }
    }
}

impl RequestObserver for Counters {
    fn requested(&self, operation: RequestOperation, outcome: RequestOutcome, took: Duration) {
        self.helpdesk.total.with_label_values(&[operation.as_str(), outcome.as_str()]).inc();
        self.helpdesk.duration.observe(took.as_secs_f64());
    }
}
