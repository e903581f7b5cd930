//! What is kept of requests that may be sent again.

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use crate::{Claimed, KeyDigest, KeyedRequest, Lease};

/// Keeps which keyed requests are being carried out, and what they answered. The answer itself is written by whatever
/// store the request changes, in the same step: [`Plans::save_once`](super::Plans::save_once), [`Endpoints`](super::Endpoints).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait IdempotencyKeys: Send + Sync {
    /// Claims to carry `request` out. Of those who claim it at the same time one gets it, and so does one of those who
    /// come when the lease is over, or the answer's time; then whatever was before is forgotten.
    async fn claim(
        &self,
        request: KeyedRequest,
        lease: Lease,
        now: OffsetDateTime,
    ) -> Result<Claimed, StoreError>;

    /// Frees the key of a request that came to nothing. Changes nothing when it was answered, or when somebody else has
    /// taken it over.
    async fn release(&self, key: KeyDigest, holder: Uuid) -> Result<(), StoreError>;

    /// Drops at most `limit` keys whose lease, or whose answer's time, is over at `now`; answers how many.
    async fn forget(&self, now: OffsetDateTime, limit: usize) -> Result<usize, StoreError>;
}
