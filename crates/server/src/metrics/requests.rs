//! Requests that were answered, and what came of those that matter most.

use std::{collections::BTreeSet, time::Duration};

use poem::{
    Response,
    http::{Method, StatusCode},
};
use prometheus::{HistogramVec, IntCounterVec};

use super::{Course, Registrar};
use crate::{
    api::{Accepting, Detaching, Issuing, REPLAYED, Receiving, Resending},
    problem::{Code, Listed},
};

/// In seconds.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const OK: &str = "ok";
const DUPLICATE: &str = "duplicate";

pub(super) struct Requests {
    total: IntCounterVec,
    duration: HistogramVec,
    issued: IntCounterVec,
    accepted: IntCounterVec,
    detached: IntCounterVec,
    webhooks: IntCounterVec,
}

struct Counted<'a> {
    counters: &'a IntCounterVec,
    /// The outcome of what was done before; without one it is not counted.
    repeated: Option<&'static str>,
}

impl Requests {
    pub(super) fn new(registrar: &Registrar) -> Self {
        let requests = Self {
            total: registrar.counters(
                "family_plan_http_requests_total",
                "Requests that were answered. The route unmatched is that of everything that is not there, the method other \
                 that of every unusual one.",
                &["method", "route", "status"],
            ),
            duration: registrar.histograms(
                "family_plan_http_request_duration_seconds",
                "How long requests took, from their head to their answer's, the reading of their body included.",
                &BUCKETS,
                &["method", "route"],
            ),
            issued: registrar.counters(
                "family_plan_invites_issued_total",
                "Requests to issue an invite or to send one again, by what came of them: ok (an invite was issued), else the \
                 problem's code. One that is answered by its Idempotency-Key issues nothing, and is not counted.",
                &["outcome"],
            ),
            accepted: registrar.counters(
                "family_plan_invites_accepted_total",
                "Requests to accept an invite, through the API or on its page, by what came of them: ok (somebody joined), \
                 else the problem's code. Accepting again changes nothing, and is not counted.",
                &["outcome"],
            ),
            detached: registrar.counters(
                "family_plan_members_detached_total",
                "Requests to detach a member, or to leave, by what came of them: ok (somebody left), else the problem's code. \
                 Plans that are closed are not counted here.",
                &["outcome"],
            ),
            webhooks: registrar.counters(
                "family_plan_zammad_webhooks_total",
                "Deliveries of the helpdesk's webhooks: ok (kept, to be applied), duplicate (the same came before), else the \
                 problem's code.",
                &["outcome"],
            ),
        };
        requests.begin_at_zero();
        requests
    }

    /// What is known to happen is there from the start, so that its first time shows as an increase.
    fn begin_at_zero(&self) {
        for (counters, outcomes) in [
            (&self.issued, [Issuing::CODES, Resending::CODES].concat()),
            (&self.accepted, Accepting::CODES.to_vec()),
            (&self.detached, Detaching::CODES.to_vec()),
            (&self.webhooks, Receiving::CODES.to_vec()),
        ] {
            let outcomes: BTreeSet<_> = outcomes.into_iter().map(Code::as_str).collect();
            for outcome in outcomes.into_iter().chain([OK, Code::Internal.as_str()]) {
                counters.with_label_values(&[outcome]);
            }
        }
        self.webhooks.with_label_values(&[DUPLICATE]);
        let (method, route) = (Method::GET.as_str(), "/metrics");
        self.total.with_label_values(&[method, route, StatusCode::OK.as_str()]);
        self.duration.with_label_values(&[method, route]);
    }

    pub(super) fn answered(&self, method: &Method, course: &Course, response: &Response, took: Duration) {
        let (name, route) = (name_of(method), course.route());
        self.total.with_label_values(&[name, route, response.status().as_str()]).inc();
        self.duration.with_label_values(&[name, route]).observe(took.as_secs_f64());
        let Some(Counted { counters, repeated }) = self.of(method, course) else {
            return;
        };
        let is_repeated = course.is_repetition() || response.headers().contains_key(REPLAYED);
        let outcome = match response.data::<Code>() {
            Some(code) => Some(code.as_str()),
            None if is_repeated => repeated,
            None => Some(OK),
        };
        if let Some(outcome) = outcome {
            counters.with_label_values(&[outcome]).inc();
        }
    }

    /// How what was asked for is counted, if it is.
    fn of(&self, method: &Method, course: &Course) -> Option<Counted<'_>> {
        let once = |counters| Some(Counted { counters, repeated: None });
        match course.operation() {
            Some("issueInvite" | "resendInvite") => once(&self.issued),
            Some("acceptInvite") => once(&self.accepted),
            Some("detachMember") => once(&self.detached),
            Some("postZammadWebhook" | "putZammadWebhook" | "patchZammadWebhook") => {
                Some(Counted { counters: &self.webhooks, repeated: Some(DUPLICATE) })
            }
            None if course.route() == "/join/{code}" && method == Method::POST => once(&self.accepted),
            _ => None,
        }
    }
}

/// Anybody may make up methods.
fn name_of(method: &Method) -> &str {
    const USUAL: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if USUAL.contains(method) { method.as_str() } else { "other" }
}
