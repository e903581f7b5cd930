//! What is known of people, and who of the helpdesk they are.

use std::sync::Arc;

use family_plan_domain::{
    LinkReason, Origin, User, UserEdit, UserId, ZammadUserId,
    ports::{Clock, LinkError, StoreError, Users, ZammadUsers},
};

/// Keeps what is newly known of people, and finds them at the helpdesk by their verified address.
#[derive(Clone)]
pub struct People {
    /// Where users are kept.
    pub users: Arc<dyn Users>,
    /// Where the helpdesk's users are kept.
    pub zammad_users: Arc<dyn ZammadUsers>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl People {
    /// Writes down what is newly known of a user; costs nothing when nothing is. A verified address that was not known
    /// before may associate them with a user of the helpdesk.
    pub(crate) async fn remember(&self, known: Option<User>, edit: &UserEdit) -> Result<User, StoreError> {
        if known.as_ref().is_none_or(|it| it.differs_from(edit)) {
            self.users.record(edit.clone()).await?;
        }
        let mut user = known.unwrap_or_else(|| User::new(edit.id.clone()));
        let verified_before = user.verified_email.clone();
        user.apply(edit);
        let is_newly_verified = user.verified_email.is_some() && user.verified_email != verified_before;
        if is_newly_verified && user.zammad_user_id.is_none() {
            user.zammad_user_id = self.find_at_helpdesk(&user.id).await?;
        }
        Ok(user)
    }

    /// Associates those of ours whose verified address one of these users of the helpdesk has.
    pub(crate) async fn find_among(&self, zammad_users: Vec<ZammadUserId>) -> Result<(), StoreError> {
        for (user, zammad_user) in self.zammad_users.matches(zammad_users).await? {
            self.link(user, zammad_user).await?;
        }
        Ok(())
    }

    async fn find_at_helpdesk(&self, user: &UserId) -> Result<Option<ZammadUserId>, StoreError> {
        let Some(zammad_user) = self.zammad_users.match_of(user.clone()).await? else {
            return Ok(None);
        };
        let is_linked = self.link(user.clone(), zammad_user).await?;
        Ok(is_linked.then_some(zammad_user))
    }

    async fn link(&self, user: UserId, zammad_user: ZammadUserId) -> Result<bool, StoreError> {
        let origin = Origin { actor: None, request_id: None, at: self.clock.now() };
        match self.users.link(user, zammad_user, LinkReason::VerifiedEmail, &origin).await {
            Ok(is_linked) => Ok(is_linked),
            // Somebody was associated with them meanwhile.
            Err(LinkError::Taken) => Ok(false),
            Err(LinkError::Store(err)) => Err(err),
        }
    }
}
