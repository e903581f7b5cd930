//! What a user learns about themselves.

use std::sync::Arc;

use family_plan_domain::{
    Person,
    ports::{StoreError, Users},
};

use crate::{Caller, edit_user::remember};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum MeError {
    /// A service is nobody.
    #[error("a service is no user")]
    NotAPerson,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells users who they are, and which plan is in force for them.
pub struct Me {
    /// Where users are kept.
    pub users: Arc<dyn Users>,
}

impl Me {
    /// The caller and the plan they are in. What their token tells is written down.
    ///
    /// # Errors
    ///
    /// See [`MeError`].
    pub async fn run(&self, caller: &Caller) -> Result<Person, MeError> {
        if !caller.is_person() {
            return Err(MeError::NotAPerson);
        }
        let known = self.users.find(caller.user.clone()).await?;
        let (known, family) = known.map_or((None, None), |it| (Some(it.user), it.family));
        let user = remember(&*self.users, known, &caller.profile()).await?;
        Ok(Person { user, family })
    }
}
