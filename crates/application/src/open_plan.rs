//! Opening a plan.

use std::sync::Arc;

use family_plan_domain::{
    Plan, PlanId, PlanName, UserEdit, UserId,
    ports::{Clock, Ids, Plans, SettingsStore, StoreError},
};

use crate::{Caller, People, PlanReport, SaveFailure, attempts::Attempts, idempotency::Saving};

/// Why a plan cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenPlanError {
    /// A service opens plans for others only, and must say for whom.
    #[error("a service must name the owner")]
    OwnerRequired,
    /// Only administrators and services open plans for others; a service is nobody who could have one.
    #[error("the caller may not open a plan for this owner")]
    Forbidden,
    /// One family at a time.
    #[error("the user is in a plan already")]
    AlreadyInPlan,
    /// The plan could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

impl From<StoreError> for OpenPlanError {
    fn from(err: StoreError) -> Self {
        Self::Save(err.into())
    }
}

/// Opens a plan for somebody who is in none.
#[derive(Clone)]
pub struct OpenPlan {
    /// Where plans are kept.
    pub plans: Arc<dyn Plans>,
    /// What is known of people.
    pub people: People,
    /// The settings, for the seats in the answer.
    pub settings: Arc<dyn SettingsStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

impl OpenPlan {
    /// Whether `caller` may open a plan for `owner`, or for themselves when they name nobody: then for whom.
    ///
    /// # Errors
    ///
    /// [`OpenPlanError::OwnerRequired`] and [`OpenPlanError::Forbidden`].
    pub fn owner(caller: &Caller, owner: Option<UserId>) -> Result<UserId, OpenPlanError> {
        match owner {
            Some(owner) if owner == caller.user && !caller.is_person() => Err(OpenPlanError::Forbidden),
            Some(owner) if owner == caller.user || caller.may_act_for_others() => Ok(owner),
            Some(_) => Err(OpenPlanError::Forbidden),
            None if caller.is_person() => Ok(caller.user.clone()),
            None => Err(OpenPlanError::OwnerRequired),
        }
    }

    /// Opens a plan for `owner`.
    ///
    /// # Errors
    ///
    /// See [`OpenPlanError`].
    pub async fn run(
        &self,
        caller: &Caller,
        name: PlanName,
        owner: Option<UserId>,
    ) -> Result<PlanReport, OpenPlanError> {
        self.run_once(caller, name, owner, Saving::plain()).await
    }

    /// The same [once](crate::Idempotency::once).
    ///
    /// # Errors
    ///
    /// See [`OpenPlanError`].
    pub async fn run_once(
        &self,
        caller: &Caller,
        name: PlanName,
        owner: Option<UserId>,
        saving: Saving<PlanReport>,
    ) -> Result<PlanReport, OpenPlanError> {
        let owner = Self::owner(caller, owner)?;
        let about_owner = if owner == caller.user && caller.is_person() {
            caller.profile()
        } else {
            UserEdit::mention(owner.clone())
        };

        let mut attempts = Attempts::default();
        loop {
            let known = self.people.users.find(owner.clone()).await?;
            if known.as_ref().is_some_and(|it| it.family.is_some()) {
                return Err(OpenPlanError::AlreadyInPlan);
            }
            let user = self.people.remember(known.map(|it| it.user), &about_owner).await?;
            let settings = self.settings.load().await?;
            let now = self.clock.now();
            let plan = Plan::open(PlanId::from(self.ids.next()), name.clone(), user, now);
            let report = PlanReport::new(&plan, &settings, now);
            match saving.save(&*self.plans, &plan, &caller.origin(now), &report).await {
                Ok(()) => return Ok(report),
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }
}
