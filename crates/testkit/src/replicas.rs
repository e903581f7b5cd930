//! Several servers that share one database.

mod events;
mod idempotency_keys;
mod inbox;
mod zammad;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use family_plan_domain::{
    Capacity, CodeHash, Event, EventCursor, Invite, InviteId, InviteStatus, KeptAnswer, Occupancy, Origin,
    Plan, PlanId, UserId,
    ports::{ListedPlan, LoadedInvite, LoadedPlan, Plans, SaveError, SaveOnceError, StoreError},
};
use time::OffsetDateTime;

/// Gives each call to the next of several stores of the same data, as a load balancer would.
pub struct Replicated<P: ?Sized> {
    replicas: Vec<Arc<P>>,
    n_calls: AtomicUsize,
}

impl<P: ?Sized> Replicated<P> {
    /// All of `replicas` as one.
    ///
    /// # Panics
    ///
    /// When there are none.
    #[must_use]
    pub fn new(replicas: Vec<Arc<P>>) -> Self {
        assert!(!replicas.is_empty(), "somebody has to answer");
        Self { replicas, n_calls: AtomicUsize::new(0) }
    }

    fn next(&self) -> &P {
        let n_calls = self.n_calls.fetch_add(1, Ordering::Relaxed);
        &self.replicas[n_calls % self.replicas.len()]
    }
}

#[async_trait]
impl<P: Plans + ?Sized> Plans for Replicated<P> {
    async fn load(&self, plan: PlanId, now: OffsetDateTime) -> Result<Option<LoadedPlan>, StoreError> {
        self.next().load(plan, now).await
    }

    async fn load_with_invite(
        &self,
        plan: PlanId,
        invite: InviteId,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedPlan>, StoreError> {
        self.next().load_with_invite(plan, invite, now).await
    }

    async fn load_with_open_invites(
        &self,
        plan: PlanId,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedPlan>, StoreError> {
        self.next().load_with_open_invites(plan, now).await
    }

    async fn load_by_code(
        &self,
        code: CodeHash,
        visitor: Option<UserId>,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedInvite>, StoreError> {
        self.next().load_by_code(code, visitor, now).await
    }

    async fn save(&self, plan: &Plan, origin: &Origin) -> Result<(), SaveError> {
        self.next().save(plan, origin).await
    }

    async fn save_once(
        &self,
        plan: &Plan,
        origin: &Origin,
        answer: &KeptAnswer,
    ) -> Result<(), SaveOnceError> {
        self.next().save_once(plan, origin, answer).await
    }

    async fn list(
        &self,
        owner: Option<UserId>,
        after: Option<PlanId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<ListedPlan>, StoreError> {
        self.next().list(owner, after, limit, now).await
    }

    async fn invites(
        &self,
        plan: PlanId,
        status: Option<InviteStatus>,
        after: Option<InviteId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<Invite>, StoreError> {
        self.next().invites(plan, status, after, limit, now).await
    }

    async fn history(
        &self,
        plan: PlanId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.next().history(plan, after, limit).await
    }

    async fn occupancy(&self, user_limit: Capacity) -> Result<Occupancy, StoreError> {
        self.next().occupancy(user_limit).await
    }
}
