//! What is known of users.

use family_plan_domain::{MirroredUser, Person, UserEdit, ports::StoreError};

use crate::{Caller, People};

/// What is known of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserReport {
    /// Who they are, and the plan they are in.
    pub person: Person,
    /// What is known of the helpdesk's user who stands for them, if it was ever seen.
    pub zammad_user: Option<MirroredUser>,
}

/// Why a user cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditUserError {
    /// Only administrators and services edit users.
    #[error("the caller may not edit users")]
    Forbidden,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes over what another service knows of a user.
pub struct EditUser {
    /// What is known of people.
    pub people: People,
}

impl EditUser {
    /// Whether `caller` may edit users.
    ///
    /// # Errors
    ///
    /// [`EditUserError::Forbidden`].
    pub fn check(caller: &Caller) -> Result<(), EditUserError> {
        if caller.may_act_for_others() { Ok(()) } else { Err(EditUserError::Forbidden) }
    }

    /// Takes over `edit`; a user who was never mentioned comes into being.
    ///
    /// # Errors
    ///
    /// See [`EditUserError`].
    pub async fn run(&self, caller: &Caller, edit: &UserEdit) -> Result<UserReport, EditUserError> {
        Self::check(caller)?;
        let known = self.people.users.find(edit.id.clone()).await?;
        let (known, family) = known.map_or((None, None), |it| (Some(it.user), it.family));
        let user = self.people.remember(known, edit).await?;
        let zammad_user = match user.zammad_user_id {
            Some(id) => self.people.zammad_users.find(id).await?,
            None => None,
        };
        Ok(UserReport { person: Person { user, family }, zammad_user })
    }
}
