//! The inbox, and the records of pulls and sweeps.

use async_trait::async_trait;
use family_plan_domain::{
    ClaimedDelivery, Delivery, DeliveryId, DeliveryOutcome, DeliveryState, Lease, NewDelivery, Sweep,
    Sync as SyncRecord,
    ports::{Inbox, SaveError, StoreError, Sweeps, Syncs},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::MemoryStore;

const MAX_CLAIMED_BYTES: usize = 16 * 1024 * 1024;

#[derive(Clone)]
pub(super) struct StoredDelivery {
    delivery: Delivery,
    digest: [u8; 32],
    body: Vec<u8>,
    claim: Option<Lease>,
    settled_at: Option<OffsetDateTime>,
}

impl StoredDelivery {
    fn is_free(&self, now: OffsetDateTime) -> bool {
        let is_claimed = self.claim.is_some_and(|it| it.is_in_force(now));
        self.delivery.state == DeliveryState::Pending && !is_claimed
    }

    fn was_settled_before(&self, before: OffsetDateTime) -> bool {
        let is_done = matches!(self.delivery.state, DeliveryState::Applied | DeliveryState::Ignored);
        is_done && self.settled_at.is_some_and(|it| it < before)
    }
}

#[async_trait]
impl Inbox for MemoryStore {
    async fn receive(&self, delivery: NewDelivery) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.deliveries.values().any(|it| it.digest == delivery.digest) {
            return Ok(false);
        }
        let NewDelivery { id, digest, delivery_id, received_at, body } = delivery;
        let delivery = Delivery {
            id,
            delivery_id,
            received_at,
            state: DeliveryState::Pending,
            attempts: 0,
            reason: None,
        };
        let stored = StoredDelivery { delivery, digest, body, claim: None, settled_at: None };
        state.deliveries.insert(id, stored);
        Ok(true)
    }

    async fn claim(
        &self,
        worker: Uuid,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let mut claimed = Vec::new();
        let mut n_bytes = 0;
        for stored in self.state().deliveries.values_mut().filter(|it| it.is_free(now)).take(limit) {
            n_bytes += stored.body.len();
            if !claimed.is_empty() && MAX_CLAIMED_BYTES < n_bytes {
                break;
            }
            stored.claim = Some(Lease { holder: worker, until });
            stored.delivery.attempts += 1;
            claimed.push(ClaimedDelivery { id: stored.delivery.id, body: stored.body.clone() });
        }
        Ok(claimed)
    }

    async fn settle(
        &self,
        worker: Uuid,
        outcomes: Vec<(DeliveryId, DeliveryOutcome)>,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        for (delivery, outcome) in outcomes {
            // Whatever is settled is claimed by nobody.
            let claimed = state.deliveries.get_mut(&delivery);
            let Some(stored) = claimed.filter(|it| it.claim.is_some_and(|it| it.holder == worker)) else {
                continue;
            };
            stored.delivery.state = outcome.state();
            stored.delivery.reason = outcome.reason();
            stored.claim = None;
            stored.settled_at = Some(at);
        }
        Ok(())
    }

    async fn list(
        &self,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let stored = self.state();
        let deliveries = stored.deliveries.values().rev().map(|it| &it.delivery);
        let listed = deliveries
            .filter(|it| before.is_none_or(|before| it.id < before))
            .filter(|it| state.is_none_or(|state| it.state == state));
        Ok(listed.take(limit).cloned().collect())
    }

    async fn replay(&self, delivery: DeliveryId) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(stored) = state.deliveries.get_mut(&delivery) else {
            return Ok(false);
        };
        stored.delivery.state = DeliveryState::Pending;
        stored.delivery.reason = None;
        stored.claim = None;
        stored.settled_at = None;
        Ok(true)
    }

    async fn forget(&self, before: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.state();
        let settled = state.deliveries.iter().filter(|(_, it)| it.was_settled_before(before));
        let forgotten: Vec<DeliveryId> = settled.map(|(id, _)| *id).take(limit).collect();
        for id in &forgotten {
            state.deliveries.remove(id);
        }
        Ok(forgotten.len())
    }
}

#[async_trait]
impl Syncs for MemoryStore {
    async fn load(&self) -> Result<SyncRecord, StoreError> {
        Ok(self.state().sync.clone())
    }

    async fn save(&self, sync: SyncRecord) -> Result<(), SaveError> {
        let mut state = self.state();
        if state.sync.revision != sync.revision {
            return Err(SaveError::Stale);
        }
        state.sync = SyncRecord { revision: sync.revision + 1, ..sync };
        Ok(())
    }
}

#[async_trait]
impl Sweeps for MemoryStore {
    async fn load(&self) -> Result<Sweep, StoreError> {
        Ok(self.state().sweep.clone())
    }

    async fn save(&self, sweep: Sweep) -> Result<(), SaveError> {
        let mut state = self.state();
        if state.sweep.revision != sweep.revision {
            return Err(SaveError::Stale);
        }
        state.sweep = Sweep { revision: sweep.revision + 1, ..sweep };
        Ok(())
    }
}
