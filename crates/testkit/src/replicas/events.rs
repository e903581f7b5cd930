//! The feed and the outbox, shared by several servers.

use async_trait::async_trait;
use family_plan_domain::{
    Attempt, ClaimedLane, EndpointId, EventId, FeedEvent, FeedPlace, Outgoing, OutgoingState, Settlement,
    ports::{EventFeed, Outbox, StoreError},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Replicated;

#[async_trait]
impl<P: EventFeed + ?Sized> EventFeed for Replicated<P> {
    async fn extend(&self, limit: usize) -> Result<usize, StoreError> {
        self.next().extend(limit).await
    }

    async fn read(&self, after: FeedPlace, limit: usize) -> Result<Vec<FeedEvent>, StoreError> {
        self.next().read(after, limit).await
    }
}

#[async_trait]
impl<P: Outbox + ?Sized> Outbox for Replicated<P> {
    async fn claim(
        &self,
        endpoint: EndpointId,
        worker: Uuid,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<ClaimedLane>, StoreError> {
        self.next().claim(endpoint, worker, limit, now, until).await
    }

    async fn first(&self, lane: ClaimedLane) -> Result<Option<FeedEvent>, StoreError> {
        self.next().first(lane).await
    }

    async fn settle(
        &self,
        lane: ClaimedLane,
        place: FeedPlace,
        attempt: Attempt,
        settlement: Settlement,
    ) -> Result<bool, StoreError> {
        self.next().settle(lane, place, attempt, settlement).await
    }

    async fn release(&self, lane: ClaimedLane, at: OffsetDateTime) -> Result<(), StoreError> {
        self.next().release(lane, at).await
    }

    async fn wake(&self, endpoint: EndpointId, at: OffsetDateTime) -> Result<(), StoreError> {
        self.next().wake(endpoint, at).await
    }

    async fn list(
        &self,
        endpoint: EndpointId,
        state: Option<OutgoingState>,
        before: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<Outgoing>, StoreError> {
        self.next().list(endpoint, state, before, limit).await
    }

    async fn replay(
        &self,
        endpoint: EndpointId,
        event: EventId,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.next().replay(endpoint, event, at).await
    }

    async fn replay_since(
        &self,
        endpoint: EndpointId,
        since: OffsetDateTime,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.next().replay_since(endpoint, since, at).await
    }

    async fn forget(&self, before: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        self.next().forget(before, limit).await
    }
}
