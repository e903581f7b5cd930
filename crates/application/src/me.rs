//! What a user learns about themselves.

use family_plan_domain::{Person, ports::StoreError};

use crate::{Caller, People};

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
    /// What is known of people.
    pub people: People,
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
        let known = self.people.users.find(caller.user.clone()).await?;
        let (known, family) = known.map_or((None, None), |it| (Some(it.user), it.family));
        let user = self.people.remember(known, &caller.profile()).await?;
        Ok(Person { user, family })
    }
}
