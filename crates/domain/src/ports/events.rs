//! What others learn of what happened.

use std::error::Error;

use async_trait::async_trait;
use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{SaveError, SaveOnceError, StoreError};
use crate::{
    Attempt, ClaimedLane, Endpoint, EndpointId, EndpointUrl, Event, EventId, FeedEvent, FeedPlace,
    KeptAnswer, Outgoing, OutgoingState, Settlement,
};

/// The events of all plans, closed ones too, of the settings, and of users who are in no plan, in one order.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventFeed: Send + Sync {
    /// Gives at most `limit` events that were saved, and have no place yet, the next places; answers how many. Those of
    /// one plan get theirs in the order in which they happened. Any number of processes may do so at once.
    ///
    /// In the same step they get into the [`Outbox`] of every endpoint that wants them.
    async fn extend(&self, limit: usize) -> Result<usize, StoreError>;

    /// At most `limit` events by ascending place, those after `after`. An event that appears here is the last so far:
    /// none ever appears before another that could be read already.
    async fn read(&self, after: FeedPlace, limit: usize) -> Result<Vec<FeedEvent>, StoreError>;
}

/// Keeps the endpoints that are told of events.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Endpoints: Send + Sync {
    /// Keeps a new one, which is told of whatever gets its place in the [feed](EventFeed) from now on.
    async fn add(&self, endpoint: Endpoint) -> Result<(), StoreError>;

    /// The same, together with the answer to the keyed request that it came from: both are there then, or neither.
    ///
    /// # Errors
    ///
    /// [`SaveOnceError::Superseded`] when the request is no longer the caller's to carry out.
    async fn add_once(&self, endpoint: Endpoint, answer: KeptAnswer) -> Result<(), SaveOnceError>;

    /// All of them, by ascending id.
    async fn list(&self) -> Result<Vec<Endpoint>, StoreError>;

    /// One of them.
    async fn find(&self, endpoint: EndpointId) -> Result<Option<Endpoint>, StoreError>;

    /// Replaces one, whose revision goes up by one; when it last took an event stays.
    ///
    /// # Errors
    ///
    /// [`SaveError::Stale`] when somebody replaced or removed it since it was loaded.
    async fn save(&self, endpoint: Endpoint) -> Result<(), SaveError>;

    /// The same, together with the answer to the keyed request that it came from: both are written then, or neither.
    ///
    /// # Errors
    ///
    /// Those of [`Self::save`], and [`SaveOnceError::Superseded`] when the request is no longer the caller's to carry out.
    async fn save_once(&self, endpoint: Endpoint, answer: KeptAnswer) -> Result<(), SaveOnceError>;

    /// Takes note that one has just taken an event, to a minute.
    async fn note_success(&self, endpoint: EndpointId, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Removes one, and all that it was to be told; `false` when there is none.
    async fn remove(&self, endpoint: EndpointId) -> Result<bool, StoreError>;
}

/// Keeps what endpoints are to be told until they were, and a while longer.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes on at most `limit` lanes of an endpoint that are due at `now`, the longest due first. Nobody else gets them
    /// until `until`; from then on they are due again.
    async fn claim(
        &self,
        endpoint: EndpointId,
        worker: Uuid,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<ClaimedLane>, StoreError>;

    /// The first event of a lane that is pending.
    async fn first(&self, lane: ClaimedLane) -> Result<Option<FeedEvent>, StoreError>;

    /// Writes down how an attempt to tell of the event at `place` went. Unless it was delivered or given up, the lane is
    /// left: after [`Settlement::Retry`] until it is due again, after [`Settlement::Kept`] until it is
    /// [woken](Self::wake). `false`, and nothing is written, when somebody else has the lane by now.
    async fn settle(
        &self,
        lane: ClaimedLane,
        place: FeedPlace,
        attempt: Attempt,
        settlement: Settlement,
    ) -> Result<bool, StoreError>;

    /// Leaves a lane; it is due at `at`, if there is anything pending in it.
    async fn release(&self, lane: ClaimedLane, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Makes every lane of an endpoint that nobody has taken on due at `at`, as if nothing had failed.
    async fn wake(&self, endpoint: EndpointId, at: OffsetDateTime) -> Result<(), StoreError>;

    /// At most `limit` events of an endpoint by descending place, those before `before`, only those in `state` if there
    /// is one.
    async fn list(
        &self,
        endpoint: EndpointId,
        state: Option<OutgoingState>,
        before: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<Outgoing>, StoreError>;

    /// Makes an event pending for an endpoint, whatever became of it and whether or not it wants such events; `false`
    /// when there is no such event in the feed, or no such endpoint.
    async fn replay(
        &self,
        endpoint: EndpointId,
        event: EventId,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError>;

    /// Makes all events pending that happened at `since` or later, and that the endpoint wants.
    async fn replay_since(
        &self,
        endpoint: EndpointId,
        since: OffsetDateTime,
        at: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// Drops at most `limit` that were delivered before `before`; answers how many.
    async fn forget(&self, before: OffsetDateTime, limit: usize) -> Result<usize, StoreError>;
}

/// Why nothing can be sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnfitTarget(pub &'static str);

/// What an endpoint answered to an event.
#[derive(Debug)]
pub enum Answer {
    /// It has taken it.
    Taken {
        /// The status.
        status: u16,
    },
    /// It has not.
    Refused {
        /// The status.
        status: u16,
    },
    /// There was no answer.
    Nothing(Box<dyn Error + Send + Sync>),
}

/// Sends events to endpoints.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventSender: Send + Sync {
    /// Whether events can be sent to `url`, as far as that is known before one is.
    ///
    /// # Errors
    ///
    /// [`UnfitTarget`] says what the address must be.
    async fn check(&self, url: EndpointUrl) -> Result<(), UnfitTarget>;

    /// Sends `event`, signed at `now` with each of `secrets`.
    async fn send(
        &self,
        url: EndpointUrl,
        event: Event,
        secrets: Vec<SecretString>,
        now: OffsetDateTime,
    ) -> Answer;
}
