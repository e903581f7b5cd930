//! What endpoints are to be told.

use async_trait::async_trait;
use family_plan_domain::{
    Attempt, ClaimedLane, EndpointId, EventId, FeedEvent, FeedPlace, Lane, Outgoing, OutgoingState,
    Settlement,
    ports::{Outbox, StoreError},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{MemoryStore, State};

#[derive(Clone)]
pub(super) struct StoredLane {
    due_at: OffsetDateTime,
    claimed_by: Option<Uuid>,
    version: i64,
    n_failures: u32,
    failing_since: Option<OffsetDateTime>,
}

impl State {
    pub(super) fn enqueue(
        &mut self,
        endpoint: EndpointId,
        FeedEvent { place, event }: &FeedEvent,
        due_at: OffsetDateTime,
    ) {
        let outgoing = self.outgoing.entry((endpoint, *place)).or_insert_with(|| Outgoing {
            event: event.id,
            place: *place,
            kind: event.kind,
            plan: event.plan,
            happened_at: event.at,
            state: OutgoingState::Pending,
            attempts: 0,
            last_attempt: None,
        });
        outgoing.state = OutgoingState::Pending;
        outgoing.last_attempt = None;
        let new = StoredLane { due_at, claimed_by: None, version: -1, n_failures: 0, failing_since: None };
        self.lanes.entry((endpoint, event.lane())).or_insert(new).version += 1;
    }

    fn first(&self, endpoint: EndpointId, lane: Lane) -> Option<FeedPlace> {
        let of_endpoint = self.outgoing.iter().filter(|((it, _), _)| *it == endpoint).map(|(_, it)| it);
        let mut pending = of_endpoint.filter(|it| it.state == OutgoingState::Pending);
        pending.find(|it| Lane::of(it.plan) == lane).map(|it| it.place)
    }

    fn held(&mut self, lane: &ClaimedLane) -> Option<&mut StoredLane> {
        let stored = self.lanes.get_mut(&(lane.endpoint, lane.lane))?;
        (stored.claimed_by == Some(lane.worker) && stored.due_at == lane.until).then_some(stored)
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn claim(
        &self,
        endpoint: EndpointId,
        worker: Uuid,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<ClaimedLane>, StoreError> {
        let mut state = self.state();
        let of_endpoint = state.lanes.iter_mut().filter(|((it, _), _)| *it == endpoint);
        let mut due: Vec<_> = of_endpoint.filter(|(_, it)| it.due_at <= now).collect();
        due.sort_by_key(|(_, it)| it.due_at);
        let claimed = due.into_iter().take(limit).map(|((_, lane), stored)| {
            stored.due_at = until;
            stored.claimed_by = Some(worker);
            ClaimedLane {
                endpoint,
                lane: *lane,
                worker,
                until,
                version: stored.version,
                n_failures: stored.n_failures,
                failing_since: stored.failing_since,
            }
        });
        Ok(claimed.collect())
    }

    async fn first(&self, lane: ClaimedLane) -> Result<Option<FeedEvent>, StoreError> {
        let state = self.state();
        let first = state.first(lane.endpoint, lane.lane);
        Ok(first.and_then(|first| state.placed().find(|it| it.place == first)))
    }

    async fn settle(
        &self,
        lane: ClaimedLane,
        place: FeedPlace,
        attempt: Attempt,
        settlement: Settlement,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(stored) = state.held(&lane) else {
            return Ok(false);
        };
        match settlement {
            Settlement::Retry(due_at) => {
                stored.due_at = due_at;
                stored.claimed_by = None;
                stored.n_failures += 1;
                stored.failing_since.get_or_insert(attempt.at);
            }
            Settlement::Delivered | Settlement::GivenUp | Settlement::Kept => {
                stored.n_failures = 0;
                stored.failing_since = None;
            }
        }
        if settlement == Settlement::Kept {
            stored.due_at = attempt.at;
            stored.claimed_by = None;
        }
        if let Some(outgoing) = state.outgoing.get_mut(&(lane.endpoint, place)) {
            outgoing.attempts += 1;
            outgoing.last_attempt = Some(attempt);
            outgoing.state = match settlement {
                Settlement::Delivered => OutgoingState::Delivered,
                Settlement::GivenUp => OutgoingState::Failed,
                Settlement::Retry(_) | Settlement::Kept => OutgoingState::Pending,
            };
        }
        Ok(true)
    }

    async fn release(&self, lane: ClaimedLane, at: OffsetDateTime) -> Result<(), StoreError> {
        let mut state = self.state();
        let is_over = state.first(lane.endpoint, lane.lane).is_none();
        let Some(stored) = state.held(&lane) else {
            return Ok(());
        };
        stored.due_at = at;
        stored.claimed_by = None;
        if is_over {
            state.lanes.remove(&(lane.endpoint, lane.lane));
        }
        Ok(())
    }

    async fn wake(&self, endpoint: EndpointId, at: OffsetDateTime) -> Result<(), StoreError> {
        let mut state = self.state();
        for (_, stored) in state.lanes.iter_mut().filter(|((it, _), _)| *it == endpoint) {
            if stored.claimed_by.is_none() {
                stored.due_at = at;
                stored.n_failures = 0;
                stored.failing_since = None;
            }
        }
        Ok(())
    }

    async fn list(
        &self,
        endpoint: EndpointId,
        state: Option<OutgoingState>,
        before: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<Outgoing>, StoreError> {
        let stored = self.state();
        let of_endpoint =
            stored.outgoing.iter().rev().filter(|((it, _), _)| *it == endpoint).map(|(_, it)| it);
        let listed = of_endpoint
            .filter(|it| before.is_none_or(|before| it.place < before))
            .filter(|it| state.is_none_or(|state| it.state == state));
        Ok(listed.take(limit).cloned().collect())
    }

    async fn replay(
        &self,
        endpoint: EndpointId,
        event: EventId,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let event = state.placed().find(|it| it.event.id == event);
        let Some(event) = event.filter(|_| state.endpoints.contains_key(&endpoint)) else {
            return Ok(false);
        };
        state.enqueue(endpoint, &event, at);
        Ok(true)
    }

    async fn replay_since(
        &self,
        endpoint: EndpointId,
        since: OffsetDateTime,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let Some(filter) = state.endpoints.get(&endpoint).map(|it| it.filter.clone()) else {
            return Ok(());
        };
        let events: Vec<FeedEvent> = state.placed().collect();
        for event in events.iter().filter(|it| since <= it.event.at && filter.wants(it.event.kind)) {
            state.enqueue(endpoint, event, at);
        }
        Ok(())
    }

    async fn forget(&self, before: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.state();
        let is_over = |it: &Outgoing| {
            it.state == OutgoingState::Delivered && it.last_attempt.as_ref().is_some_and(|it| it.at < before)
        };
        let over: Vec<_> =
            state.outgoing.iter().filter(|(_, it)| is_over(it)).map(|(key, _)| *key).take(limit).collect();
        for key in &over {
            state.outgoing.remove(key);
        }
        Ok(over.len())
    }
}
