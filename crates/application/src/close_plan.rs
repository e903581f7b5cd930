//! Closing a plan.

use family_plan_domain::{PlanId, ports::LoadedPlan};

use crate::{
    AccessError, Caller, SaveFailure,
    access::{PlanAccess, Right},
    attempts::Attempts,
};

/// Why a plan cannot be closed.
#[derive(Debug, thiserror::Error)]
pub enum ClosePlanError {
    /// The caller has no access, or lacks the right.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The change could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

/// Ends a plan for everybody in it.
pub struct ClosePlan {
    /// The way to plans.
    pub access: PlanAccess,
}

impl ClosePlan {
    /// Detaches every member and revokes every invite, in one step.
    ///
    /// # Errors
    ///
    /// See [`ClosePlanError`].
    pub async fn run(&self, caller: &Caller, plan: PlanId) -> Result<(), ClosePlanError> {
        let mut attempts = Attempts::default();
        loop {
            let now = self.access.clock.now();
            let loaded = self.access.load_with_open_invites(plan, caller, Right::Own, now).await?;
            let LoadedPlan { mut plan, .. } = loaded;
            plan.close();
            match self.access.plans.save(&plan, &caller.origin(now)).await {
                Ok(()) => return Ok(()),
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }
}
