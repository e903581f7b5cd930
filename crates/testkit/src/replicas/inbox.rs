//! The inbox and the record of pulls, shared by several servers.

use async_trait::async_trait;
use family_plan_domain::{
    ClaimedDelivery, Delivery, DeliveryId, DeliveryOutcome, DeliveryState, NewDelivery, Sync as SyncRecord,
    ports::{Inbox, SaveError, StoreError, Syncs},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Replicated;

#[async_trait]
impl<P: Inbox + ?Sized> Inbox for Replicated<P> {
    async fn receive(&self, delivery: NewDelivery) -> Result<bool, StoreError> {
        self.next().receive(delivery).await
    }

    async fn claim(
        &self,
        worker: Uuid,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        self.next().claim(worker, limit, now, until).await
    }

    async fn settle(
        &self,
        worker: Uuid,
        outcomes: Vec<(DeliveryId, DeliveryOutcome)>,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.next().settle(worker, outcomes, at).await
    }

    async fn list(
        &self,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.next().list(state, before, limit).await
    }

    async fn replay(&self, delivery: DeliveryId) -> Result<bool, StoreError> {
        self.next().replay(delivery).await
    }

    async fn forget(&self, before: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        self.next().forget(before, limit).await
    }
}

#[async_trait]
impl<P: Syncs + ?Sized> Syncs for Replicated<P> {
    async fn load(&self) -> Result<SyncRecord, StoreError> {
        self.next().load().await
    }

    async fn save(&self, sync: SyncRecord) -> Result<(), SaveError> {
        self.next().save(sync).await
    }
}
