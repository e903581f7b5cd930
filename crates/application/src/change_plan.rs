//! Renaming a plan, limiting it, handing it over.

use family_plan_domain::{Capacity, Edit, NotAMember, Plan, PlanId, PlanName, UserId, ports::LoadedPlan};

use crate::{
    AccessError, Caller, PlanReport, SaveFailure,
    access::{PlanAccess, Right},
    attempts::Attempts,
};

/// What shall become of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanChanges {
    /// Another name.
    pub name: Option<PlanName>,
    /// Its own limit; clearing it makes the one in the settings count.
    pub user_limit: Edit<Capacity>,
}

/// Why a plan cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePlanError {
    /// The caller has no access, or lacks the right.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The change could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

/// Changes a plan's name and limit.
pub struct ChangePlan {
    /// The way to plans.
    pub access: PlanAccess,
}

impl ChangePlan {
    /// Changes everything that `changes` names, or nothing.
    ///
    /// # Errors
    ///
    /// See [`ChangePlanError`].
    pub async fn run(
        &self,
        caller: &Caller,
        plan: PlanId,
        changes: PlanChanges,
    ) -> Result<PlanReport, ChangePlanError> {
        let right = if changes.user_limit == Edit::Keep { Right::Own } else { Right::Limit };
        edit(&self.access, caller, plan, right, |plan| {
            if let Some(name) = &changes.name {
                plan.rename(name.clone());
            }
            if let Edit::Set(user_limit) = changes.user_limit {
                plan.limit_to(user_limit);
            }
            Ok(())
        })
        .await
    }
}

/// Why a plan cannot be handed over.
#[derive(Debug, thiserror::Error)]
pub enum TransferPlanError {
    /// The caller has no access, or lacks the right.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The new owner is not in the plan.
    #[error(transparent)]
    NotAMember(#[from] NotAMember),
    /// The change could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

/// Hands a plan over to another of its members.
pub struct TransferPlan {
    /// The way to plans.
    pub access: PlanAccess,
}

impl TransferPlan {
    /// Makes `new_owner` the owner.
    ///
    /// # Errors
    ///
    /// See [`TransferPlanError`].
    pub async fn run(
        &self,
        caller: &Caller,
        plan: PlanId,
        new_owner: &UserId,
    ) -> Result<PlanReport, TransferPlanError> {
        edit(&self.access, caller, plan, Right::Own, |plan| Ok(plan.transfer(new_owner)?)).await
    }
}

async fn edit<E>(
    access: &PlanAccess,
    caller: &Caller,
    plan: PlanId,
    right: Right<'_>,
    mut change: impl FnMut(&mut Plan) -> Result<(), E>,
) -> Result<PlanReport, E>
where
    E: From<AccessError> + From<SaveFailure>,
{
    let mut attempts = Attempts::default();
    loop {
        let now = access.clock.now();
        let LoadedPlan { mut plan, settings } = access.load(plan, caller, right, now).await?;
        change(&mut plan)?;
        match access.plans.save(&plan, &caller.origin(now)).await {
            Ok(()) => return Ok(PlanReport::new(&plan, &settings, now)),
            Err(err) => attempts.again_after(err).await?,
        }
    }
}
