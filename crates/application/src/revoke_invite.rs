//! Taking an invite back.

use family_plan_domain::{InviteId, PlanId, RevokeReason, ports::LoadedPlan};

use crate::{
    AccessError, Caller, SaveFailure,
    access::{PlanAccess, Right},
    attempts::Attempts,
};

/// Why an invite is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum RevokeInviteError {
    /// The caller has no access, or lacks the right.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The plan has no such invite.
    #[error("the plan has no such invite")]
    NotFound,
    /// The change could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

/// Takes an open invite back.
pub struct RevokeInvite {
    /// The way to plans.
    pub access: PlanAccess,
}

impl RevokeInvite {
    /// Revokes `invite` if it is open; changes nothing about any other.
    ///
    /// # Errors
    ///
    /// See [`RevokeInviteError`].
    pub async fn run(
        &self,
        caller: &Caller,
        plan: PlanId,
        invite: InviteId,
    ) -> Result<(), RevokeInviteError> {
        let mut attempts = Attempts::default();
        loop {
            let now = self.access.clock.now();
            let LoadedPlan { mut plan, .. } =
                self.access.load_with_invite(plan, invite, caller, Right::Invite, now).await?;
            if plan.invite(invite).is_none() {
                return Err(RevokeInviteError::NotFound);
            }
            plan.revoke(invite, RevokeReason::Requested, now);
            match self.access.plans.save(&plan, &caller.origin(now)).await {
                Ok(()) => return Ok(()),
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }
}
