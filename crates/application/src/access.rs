//! Who may know a plan, and who may do what to it.

use std::sync::Arc;

use family_plan_domain::{
    InviteId, Plan, PlanId, UserId,
    ports::{Clock, LoadedPlan, Plans, StoreError},
};
use time::OffsetDateTime;

use crate::{Caller, People};

/// Why somebody gets nowhere near a plan.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// There is no such plan, or it is not theirs to know.
    #[error("there is no such plan")]
    PlanNotFound,
    /// They know the plan, but may not do this.
    #[error("the caller lacks the right")]
    Forbidden,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What somebody wants to do to a plan.
#[derive(Clone, Copy, Debug)]
pub enum Right<'a> {
    /// See it: members, administrators, services.
    See,
    /// Invite, and read the history: the owner, administrators, services.
    Invite,
    /// Rename, hand over, close: the owner, administrators.
    Own,
    /// Set its limit: administrators.
    Limit,
    /// Take this member out: the same as for invites, and the member.
    Detach(&'a UserId),
}

impl Right<'_> {
    fn is_granted(self, caller: &Caller, plan: &Plan) -> bool {
        let is_owner = *plan.owner() == caller.user;
        match self {
            Self::See => true,
            Self::Invite => is_owner || caller.may_act_for_others(),
            Self::Own => is_owner || caller.is_admin,
            Self::Limit => caller.is_admin,
            Self::Detach(member) => is_owner || caller.may_act_for_others() || *member == caller.user,
        }
    }
}

/// The way to a plan that every use case takes: load it, and see whether the caller may.
#[derive(Clone)]
pub struct PlanAccess {
    /// Where plans are kept.
    pub plans: Arc<dyn Plans>,
    /// What is known of people.
    pub people: People,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl PlanAccess {
    /// Whether `caller` may do this to `plan`. The use cases see to it themselves; this is for telling a stranger
    /// nothing but that, whatever else is wrong with the request.
    ///
    /// # Errors
    ///
    /// See [`AccessError`].
    pub async fn check(&self, caller: &Caller, plan: PlanId, right: Right<'_>) -> Result<(), AccessError> {
        self.load(plan, caller, right, self.clock.now()).await.map(|_| ())
    }

    pub(crate) async fn load(
        &self,
        plan: PlanId,
        caller: &Caller,
        right: Right<'_>,
        now: OffsetDateTime,
    ) -> Result<LoadedPlan, AccessError> {
        let loaded = self.plans.load(plan, now).await?;
        self.admit(loaded, caller, right).await
    }

    pub(crate) async fn load_with_invite(
        &self,
        plan: PlanId,
        invite: InviteId,
        caller: &Caller,
        right: Right<'_>,
        now: OffsetDateTime,
    ) -> Result<LoadedPlan, AccessError> {
        let loaded = self.plans.load_with_invite(plan, invite, now).await?;
        self.admit(loaded, caller, right).await
    }

    pub(crate) async fn load_with_open_invites(
        &self,
        plan: PlanId,
        caller: &Caller,
        right: Right<'_>,
        now: OffsetDateTime,
    ) -> Result<LoadedPlan, AccessError> {
        let loaded = self.plans.load_with_open_invites(plan, now).await?;
        self.admit(loaded, caller, right).await
    }

    async fn admit(
        &self,
        loaded: Option<LoadedPlan>,
        caller: &Caller,
        right: Right<'_>,
    ) -> Result<LoadedPlan, AccessError> {
        let mut loaded = loaded.ok_or(AccessError::PlanNotFound)?;
        let member = loaded.plan.member(&caller.user);
        if member.is_none() && !caller.may_act_for_others() {
            return Err(AccessError::PlanNotFound);
        }
        if let Some(member) = member.filter(|_| caller.is_person()) {
            let profile = caller.profile();
            self.people.remember(Some(member.user.clone()), &profile).await?;
            loaded.plan.learn(&profile);
        }
        if !right.is_granted(caller, &loaded.plan) {
            return Err(AccessError::Forbidden);
        }
        Ok(loaded)
    }
}
