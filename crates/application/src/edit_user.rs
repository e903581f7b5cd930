//! What is known of users.

use std::sync::Arc;

use family_plan_domain::{
    Person, User, UserEdit,
    ports::{StoreError, Users},
};

use crate::Caller;

/// Writes down what is newly known of a user; costs nothing when nothing is.
pub(crate) async fn remember(
    users: &dyn Users,
    known: Option<User>,
    edit: &UserEdit,
) -> Result<User, StoreError> {
    if known.as_ref().is_none_or(|it| it.differs_from(edit)) {
        users.record(edit.clone()).await?;
    }
    let mut user = known.unwrap_or_else(|| User::new(edit.id.clone()));
    user.apply(edit);
    Ok(user)
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
    /// Where users are kept.
    pub users: Arc<dyn Users>,
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
    pub async fn run(&self, caller: &Caller, edit: &UserEdit) -> Result<Person, EditUserError> {
        Self::check(caller)?;
        let known = self.users.find(edit.id.clone()).await?;
        let (known, family) = known.map_or((None, None), |it| (Some(it.user), it.family));
        let user = remember(&*self.users, known, edit).await?;
        Ok(Person { user, family })
    }
}
