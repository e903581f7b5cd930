//! What became of telling an endpoint of an event, and when that is tried again.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{DisableReason, EndpointId, Event, EventId, EventKind, FeedPlace, PlanId, text::to_reason};

/// After each failure, as Standard Webhooks has it: ten attempts within about three days.
const PAUSES: [Duration; 9] = [
    Duration::seconds(5),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(5),
    Duration::hours(10),
    Duration::hours(14),
    Duration::hours(20),
    Duration::hours(24),
];
/// How much longer a pause becomes at most, so that not everybody comes back at once.
const MAX_JITTER: f64 = 0.2;

/// The status of an answer that asks never to come back.
const GONE: u16 = 410;

/// Events that an endpoint is told of one after the other: those of a plan, or those of no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub Uuid);

impl Lane {
    /// The one of the events of `plan`.
    #[must_use]
    pub fn of(plan: Option<PlanId>) -> Self {
        Self(plan.map_or(Uuid::nil(), Uuid::from))
    }
}

/// What became of telling an endpoint of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutgoingState {
    /// It is still to be told, for the first time or again.
    Pending,
    /// It has taken it.
    Delivered,
    /// It did not take it, however often that was tried. Those after it were.
    Failed,
}

impl OutgoingState {
    /// Every state there is.
    pub const ALL: &[Self] = &[Self::Pending, Self::Delivered, Self::Failed];

    /// Its name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == name)
    }
}

/// One attempt to tell an endpoint of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it ended.
    pub at: OffsetDateTime,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What went wrong; `None` when the endpoint has taken the event.
    pub failure: Option<String>,
}

impl Attempt {
    /// One that failed; of `failure` as much is kept as fits.
    #[must_use]
    pub fn failed(at: OffsetDateTime, status: Option<u16>, failure: &str) -> Self {
        Self { at, status, failure: Some(to_reason(failure)) }
    }
}

/// An event that an endpoint is, or was, to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Which event.
    pub event: EventId,
    /// Its place in the feed.
    pub place: FeedPlace,
    /// What kind of thing it tells.
    pub kind: EventKind,
    /// The plan it happened to.
    pub plan: Option<PlanId>,
    /// When it happened.
    pub happened_at: OffsetDateTime,
    /// What became of it.
    pub state: OutgoingState,
    /// How often it was sent.
    pub attempts: u32,
    /// How the last attempt went.
    pub last_attempt: Option<Attempt>,
}

/// Events of one lane, which one worker tells an endpoint of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedLane {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The lane.
    pub lane: Lane,
    /// Who has it.
    pub worker: Uuid,
    /// From then on anybody may take over.
    pub until: OffsetDateTime,
    /// Counts how often something was added to the lane.
    pub version: i64,
    /// How often in a row its first event failed.
    pub n_failures: u32,
    /// Since when it fails.
    pub failing_since: Option<OffsetDateTime>,
}

/// What becomes of an event after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It was taken.
    Delivered,
    /// It is tried again then, and those after it wait.
    Retry(OffsetDateTime),
    /// It is left, and those after it go on.
    GivenUp,
    /// It waits, as those after it do, until the endpoint is enabled again.
    Kept,
}

/// What is to be done after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Try again after that.
    Retry(Duration),
    /// Leave the event, since the endpoint takes others.
    GiveUp,
    /// Leave the endpoint alone.
    Disable(DisableReason),
}

impl AfterFailure {
    /// Of the `n_failures`th failure in a row of an event, whose first was at `since`, at an endpoint that last took some
    /// other at `last_success`. An event that nothing helps is left only where the endpoint takes others: else it is the
    /// endpoint that fails, and nothing is to be lost. `jitter` is a random number from 0 to 1.
    #[must_use]
    pub fn decide(
        status: Option<u16>,
        n_failures: u32,
        since: OffsetDateTime,
        last_success: Option<OffsetDateTime>,
        jitter: f64,
    ) -> Self {
        if status == Some(GONE) {
            return Self::Disable(DisableReason::Gone);
        }
        let idx = usize::try_from(n_failures.saturating_sub(1)).unwrap_or(usize::MAX);
        match PAUSES.get(idx) {
            Some(pause) => Self::Retry(*pause * (1.0 + MAX_JITTER * jitter)),
            None if last_success.is_some_and(|it| since < it) => Self::GiveUp,
            None => Self::Disable(DisableReason::Exhausted),
        }
    }
}

impl Event {
    /// The lane that it is in.
    #[must_use]
    pub fn lane(&self) -> Lane {
        Lane::of(self.plan)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-03 12:00 UTC);

    fn after(n_failures: u32, jitter: f64) -> AfterFailure {
        AfterFailure::decide(Some(500), n_failures, NOW, None, jitter)
    }

    #[test]
    fn an_event_is_tried_ten_times_within_days() {
        let hours = [2, 5, 10, 14, 20, 24].map(Duration::hours);
        let shorter = [Duration::seconds(5), Duration::minutes(5), Duration::minutes(30)];
        for (n_failures, pause) in (1..).zip(shorter.into_iter().chain(hours)) {
            assert_eq!(after(n_failures, 0.0), AfterFailure::Retry(pause));
            assert_eq!(after(n_failures, 1.0), AfterFailure::Retry(pause * 1.2));
        }
        for n_failures in [10, 11, u32::MAX] {
            assert_eq!(after(n_failures, 0.5), AfterFailure::Disable(DisableReason::Exhausted));
        }
    }

    #[test]
    fn an_event_is_left_only_where_the_endpoint_takes_others() {
        for (last_success, expected) in [
            (NOW + Duration::MILLISECOND, AfterFailure::GiveUp),
            (NOW, AfterFailure::Disable(DisableReason::Exhausted)),
        ] {
            assert_eq!(AfterFailure::decide(None, 10, NOW, Some(last_success), 0.0), expected);
        }
    }

    #[test]
    fn whoever_is_gone_is_left_alone_at_once() {
        let gone = AfterFailure::decide(Some(410), 1, NOW, Some(NOW + Duration::HOUR), 0.0);
        assert_eq!(gone, AfterFailure::Disable(DisableReason::Gone));
        for status in [301, 400, 404, 429, 503] {
            let other = AfterFailure::decide(Some(status), 1, NOW, None, 0.0);
            assert_eq!(other, AfterFailure::Retry(Duration::seconds(5)), "{status}");
        }
    }

    #[test]
    fn every_state_is_found_by_its_name() {
        for &state in OutgoingState::ALL {
            assert_eq!(OutgoingState::parse(state.as_str()), Some(state));
        }
        assert_eq!(OutgoingState::parse(""), None);
    }
}
