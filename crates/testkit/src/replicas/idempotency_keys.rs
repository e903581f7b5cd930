//! Keyed requests, shared by several servers.

use async_trait::async_trait;
use family_plan_domain::{
    Claimed, KeyDigest, KeyedRequest, Lease,
    ports::{IdempotencyKeys, StoreError},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Replicated;

#[async_trait]
impl<P: IdempotencyKeys + ?Sized> IdempotencyKeys for Replicated<P> {
    async fn claim(
        &self,
        request: KeyedRequest,
        lease: Lease,
        now: OffsetDateTime,
    ) -> Result<Claimed, StoreError> {
        self.next().claim(request, lease, now).await
    }

    async fn release(&self, key: KeyDigest, holder: Uuid) -> Result<(), StoreError> {
        self.next().release(key, holder).await
    }

    async fn forget(&self, now: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        self.next().forget(now, limit).await
    }
}
