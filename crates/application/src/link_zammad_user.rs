//! Who of the helpdesk a user is: said by somebody, and read from the other side.

use std::sync::Arc;

use family_plan_domain::{
    LinkReason, MirroredUser, Person, User, UserId, ZammadUserId,
    ports::{Clock, LinkError, Plans, StoreError, Users, ZammadUsers},
};

use crate::{Caller, PlanReport, UserReport};

/// Why an association is not made, taken away or shown.
#[derive(Debug, thiserror::Error)]
pub enum LinkZammadUserError {
    /// Only administrators and services deal with associations.
    #[error("the caller may not deal with the helpdesk's users")]
    Forbidden,
    /// Somebody else is associated with that user of the helpdesk.
    #[error("the helpdesk's user is associated with somebody else")]
    Taken,
    /// Nothing is known of that user of the helpdesk.
    #[error("there is no such user of the helpdesk")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LinkError> for LinkZammadUserError {
    fn from(err: LinkError) -> Self {
        match err {
            LinkError::Taken => Self::Taken,
            LinkError::Store(err) => Self::Store(err),
        }
    }
}

/// What is known of a user of the helpdesk, who they are here, and the plan they are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZammadUserReport {
    /// Which one.
    pub id: ZammadUserId,
    /// What is known of them, if they were ever seen.
    pub known: Option<MirroredUser>,
    /// Who they are here.
    pub person: Option<Person>,
    /// The plan that person is in.
    pub plan: Option<PlanReport>,
}

/// Associates users with those of the helpdesk.
pub struct LinkZammadUser {
    /// Where users are kept.
    pub users: Arc<dyn Users>,
    /// Where the helpdesk's users are kept.
    pub zammad_users: Arc<dyn ZammadUsers>,
    /// Where plans are kept.
    pub plans: Arc<dyn Plans>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl LinkZammadUser {
    /// Whether `caller` may deal with associations.
    ///
    /// # Errors
    ///
    /// [`LinkZammadUserError::Forbidden`].
    pub fn check(caller: &Caller) -> Result<(), LinkZammadUserError> {
        if caller.may_act_for_others() { Ok(()) } else { Err(LinkZammadUserError::Forbidden) }
    }

    /// Associates `user` with `zammad_user`, whom the helpdesk need not have told of yet, in the stead of whoever it was
    /// before. A user who was never mentioned comes into being.
    ///
    /// # Errors
    ///
    /// See [`LinkZammadUserError`].
    pub async fn link(
        &self,
        caller: &Caller,
        user: UserId,
        zammad_user: ZammadUserId,
    ) -> Result<UserReport, LinkZammadUserError> {
        Self::check(caller)?;
        let origin = caller.origin(self.clock.now());
        self.users.link(user.clone(), zammad_user, LinkReason::Requested, &origin).await?;
        let person = self.users.find(user.clone()).await?;
        let person = person.unwrap_or_else(|| Person { user: User::new(user), family: None });
        Ok(UserReport { person, zammad_user: self.zammad_users.find(zammad_user).await? })
    }

    /// Takes the association of `user` away for good: it does not come back by itself. Without one, nothing changes.
    ///
    /// # Errors
    ///
    /// See [`LinkZammadUserError`].
    pub async fn unlink(&self, caller: &Caller, user: UserId) -> Result<(), LinkZammadUserError> {
        Self::check(caller)?;
        let origin = caller.origin(self.clock.now());
        self.users.unlink(user, &origin).await?;
        Ok(())
    }

    /// What is known of a user of the helpdesk.
    ///
    /// # Errors
    ///
    /// See [`LinkZammadUserError`].
    pub async fn report(
        &self,
        caller: &Caller,
        zammad_user: ZammadUserId,
    ) -> Result<ZammadUserReport, LinkZammadUserError> {
        Self::check(caller)?;
        let known = self.zammad_users.find(zammad_user).await?;
        let person = self.users.of_zammad_users(vec![zammad_user]).await?.pop();
        if known.is_none() && person.is_none() {
            return Err(LinkZammadUserError::NotFound);
        }
        let now = self.clock.now();
        let plan = match person.as_ref().and_then(|it| it.family.as_ref()) {
            Some(family) => self.plans.load(family.plan, now).await?,
            None => None,
        };
        let plan = plan.map(|it| PlanReport::new(&it.plan, &it.settings, now));
        Ok(ZammadUserReport { id: zammad_user, known, person, plan })
    }
}
