//! Detaching a member.

use family_plan_domain::{DetachReason, DetachRefusal, Detachment, PlanId, UserId, ports::LoadedPlan};

use crate::{
    AccessError, Caller, SaveFailure,
    access::{PlanAccess, Right},
    attempts::Attempts,
};

/// Why somebody cannot be detached.
#[derive(Debug, thiserror::Error)]
pub enum DetachMemberError {
    /// The caller has no access, or lacks the right.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The plan refuses.
    #[error(transparent)]
    Refused(#[from] DetachRefusal),
    /// The change could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

/// Takes a member out of a plan, or lets them leave.
pub struct DetachMember {
    /// The way to plans.
    pub access: PlanAccess,
}

impl DetachMember {
    /// Detaches `member`.
    ///
    /// # Errors
    ///
    /// See [`DetachMemberError`].
    pub async fn run(
        &self,
        caller: &Caller,
        plan: PlanId,
        member: &UserId,
    ) -> Result<Detachment, DetachMemberError> {
        let reason = if *member == caller.user { DetachReason::Left } else { DetachReason::Removed };
        let mut attempts = Attempts::default();
        loop {
            let now = self.access.clock.now();
            let LoadedPlan { mut plan, settings } =
                self.access.load(plan, caller, Right::Detach(member), now).await?;
            let detachment = plan.detach(member, reason, now, &settings)?;
            match self.access.plans.save(&plan, &caller.origin(now)).await {
                Ok(()) => return Ok(detachment),
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }
}
