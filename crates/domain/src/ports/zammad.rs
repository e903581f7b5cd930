//! What is kept of the helpdesk's data.

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{SaveError, StoreError};
use crate::{
    ClaimedDelivery, CodeHash, Delivery, DeliveryId, DeliveryOutcome, DeliveryState, InviteId, MirroredUser,
    NewDelivery, PlanId, Sighting, Sweep, Sync as SyncRecord, TokenHash, UserId, ZammadUserId,
};

/// Keeps the newest that is known of the helpdesk's users.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ZammadUsers: Send + Sync {
    /// Takes over what is newer than what is known, whatever the order in which it comes; answers how many users were
    /// new or newer. Whoever is seen later than they vanished is there again. A user may come several times.
    async fn record(&self, sightings: Vec<Sighting>) -> Result<u64, StoreError>;

    /// What is known of a user.
    async fn find(&self, user: ZammadUserId) -> Result<Option<MirroredUser>, StoreError>;

    /// At most `limit` users by ascending id, those after `after`, who were last seen before `before` and have not
    /// vanished.
    async fn not_seen_since(
        &self,
        before: OffsetDateTime,
        after: Option<ZammadUserId>,
        limit: usize,
    ) -> Result<Vec<ZammadUserId>, StoreError>;

    /// Takes note that these are gone, except for those who were seen at `at` or later.
    async fn vanish(&self, users: Vec<ZammadUserId>, at: OffsetDateTime) -> Result<(), StoreError>;

    /// The associations that addresses call for among `users`: those of one of ours and one of theirs who have the same
    /// address, case ignored, where
    ///
    /// - the identity provider has verified it for ours, and for nobody else,
    /// - exactly one user of the helpdesk who has not vanished has it, and that is not Zammad's own,
    /// - neither has an association, and none was ever taken from ours by hand.
    async fn matches(&self, users: Vec<ZammadUserId>) -> Result<Vec<(UserId, ZammadUserId)>, StoreError>;

    /// The same for one of ours.
    async fn match_of(&self, user: UserId) -> Result<Option<ZammadUserId>, StoreError>;
}

/// Keeps what webhooks delivered until it is applied.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Keeps a delivery as pending; `false` when the same body came before, which changes nothing.
    async fn receive(&self, delivery: NewDelivery) -> Result<bool, StoreError>;

    /// Takes on at most `limit` pending deliveries, the oldest first, with about 16 MiB of bodies at most, and at least
    /// one. Nobody else gets them until `until`; from then on they may be claimed again. A worker makes one claim at a
    /// time.
    async fn claim(
        &self,
        worker: Uuid,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<ClaimedDelivery>, StoreError>;

    /// Writes down what became of deliveries, as far as they are pending and `worker` has them still.
    async fn settle(
        &self,
        worker: Uuid,
        outcomes: Vec<(DeliveryId, DeliveryOutcome)>,
        at: OffsetDateTime,
    ) -> Result<(), StoreError>;

    /// At most `limit` deliveries by descending id, those before `before`, only those in `state` if there is one.
    async fn list(
        &self,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Makes a delivery pending again, whatever became of it; `false` when there is none.
    async fn replay(&self, delivery: DeliveryId) -> Result<bool, StoreError>;

    /// Drops at most `limit` deliveries that were applied or ignored before `before`; answers how many.
    async fn forget(&self, before: OffsetDateTime, limit: usize) -> Result<usize, StoreError>;
}

/// Keeps the one record of pulls.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Syncs: Send + Sync {
    /// The record; a new one when there is none yet.
    async fn load(&self) -> Result<SyncRecord, StoreError>;

    /// Replaces the record, whose revision goes up by one.
    ///
    /// # Errors
    ///
    /// [`SaveError::Stale`] when somebody replaced it since it was loaded.
    async fn save(&self, sync: SyncRecord) -> Result<(), SaveError>;
}

/// Keeps the one record of sweeps.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Sweeps: Send + Sync {
    /// The record; a new one when there is none yet.
    async fn load(&self) -> Result<Sweep, StoreError>;

    /// Replaces the record, whose revision goes up by one.
    ///
    /// # Errors
    ///
    /// [`SaveError::Stale`] when somebody replaced it since it was loaded.
    async fn save(&self, sweep: Sweep) -> Result<(), SaveError>;
}

/// What the invites say that tokens are named after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenUpTokens {
    /// Those that need no token: used, revoked, expired, or of a closed plan; also those that were once, and are open
    /// again. By ascending id, each once.
    pub unneeded: Vec<InviteId>,
    /// Those that there are none of. By ascending id, each once.
    pub unknown: Vec<InviteId>,
}

/// Knows which invites need their token.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait InviteRegister: Send + Sync {
    /// Says of each invite whether it needs its token, and takes note for those that do not that the service itself
    /// gives it up: they may be open again later.
    async fn give_up_tokens(
        &self,
        invites: Vec<InviteId>,
        now: OffsetDateTime,
    ) -> Result<GivenUpTokens, StoreError>;

    /// At most `limit` invites by ascending id, those after `after`, with their plans, that are open at `now`, were
    /// created at `since` or later, and whose token was never given up: it must be in the helpdesk.
    async fn with_token(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<InviteId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<(PlanId, InviteId)>, StoreError>;

    /// What the code and the token of an invite hash to, whatever became of it and of its plan; `None` when there is no
    /// such invite.
    async fn secrets(&self, invite: InviteId) -> Result<Option<(CodeHash, TokenHash)>, StoreError>;
}

/// A user of the helpdesk who is to be told their plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanWrite {
    /// The user.
    pub zammad_user: ZammadUserId,
    /// How often that was tried before.
    pub attempts: u32,
    /// Until when nobody else tries. Whoever changes the plan meanwhile makes it due anew.
    pub until: OffsetDateTime,
}

/// Keeps which of the helpdesk's users are to be told their plan. A store that was set up for it takes note by itself, in
/// the same step, whenever the plan in force of an associated user changes, or the association does.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PlanWrites: Send + Sync {
    /// Makes these due at `at`.
    async fn enqueue(&self, zammad_users: Vec<ZammadUserId>, at: OffsetDateTime) -> Result<(), StoreError>;

    /// Takes on at most `limit` that are due at `now`, the longest due first. Nobody else gets them until `until`; from
    /// then on they are due again.
    async fn claim(
        &self,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<PlanWrite>, StoreError>;

    /// It is done; `false` when it was made due anew, or claimed by somebody else, since it was claimed.
    async fn finish(&self, write: PlanWrite) -> Result<bool, StoreError>;

    /// It failed: it is due again at `at`, unless it was made due anew since it was claimed.
    async fn postpone(&self, write: PlanWrite, at: OffsetDateTime) -> Result<(), StoreError>;
}
