//! Records that a test puts into the helpdesk, past its API.

use time::OffsetDateTime;

use crate::role;

/// A user to add.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub(crate) email: String,
    pub(crate) firstname: String,
    pub(crate) lastname: String,
    pub(crate) role_ids: Vec<u64>,
    pub(crate) organization_id: Option<u64>,
    pub(crate) password: Option<String>,
    pub(crate) active: bool,
    pub(crate) two_factor: bool,
}

impl NewUser {
    fn with_roles(email: impl Into<String>, role_ids: Vec<u64>) -> Self {
        Self {
            email: email.into(),
            firstname: String::new(),
            lastname: String::new(),
            role_ids,
            organization_id: None,
            password: None,
            active: true,
            two_factor: false,
        }
    }

    /// A customer whose login is `email`.
    #[must_use]
    pub fn customer(email: impl Into<String>) -> Self {
        Self::with_roles(email, vec![role::CUSTOMER])
    }

    /// An agent whose login is `email`.
    #[must_use]
    pub fn agent(email: impl Into<String>) -> Self {
        Self::with_roles(email, vec![role::AGENT])
    }

    /// An administrator whose login is `email`.
    #[must_use]
    pub fn admin(email: impl Into<String>) -> Self {
        Self::with_roles(email, vec![role::ADMIN])
    }

    /// Name the user.
    #[must_use]
    pub fn named(self, firstname: impl Into<String>, lastname: impl Into<String>) -> Self {
        Self { firstname: firstname.into(), lastname: lastname.into(), ..self }
    }

    /// Make the user a member of an organization, 1 or 2.
    #[must_use]
    pub fn organization(self, id: u64) -> Self {
        Self { organization_id: Some(id), ..self }
    }

    /// Let the user in with HTTP Basic.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        Self { password: Some(password.into()), ..self }
    }

    /// Keep the user out.
    #[must_use]
    pub fn inactive(self) -> Self {
        Self { active: false, ..self }
    }

    /// Give the user a second factor, which HTTP Basic cannot show.
    #[must_use]
    pub fn with_two_factor(self) -> Self {
        Self { two_factor: true, ..self }
    }
}

/// A token to add.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub(crate) owner: u64,
    pub(crate) name: String,
    pub(crate) permissions: Vec<String>,
    pub(crate) expires_at: Option<OffsetDateTime>,
    pub(crate) created_at: Option<OffsetDateTime>,
}

impl NewToken {
    /// A token of the user `owner` that never expires and has no permission.
    #[must_use]
    pub fn new(owner: u64, name: impl Into<String>) -> Self {
        Self { owner, name: name.into(), permissions: Vec::new(), expires_at: None, created_at: None }
    }

    /// Allow one more thing.
    #[must_use]
    pub fn permission(mut self, name: impl Into<String>) -> Self {
        self.permissions.push(name.into());
        self
    }

    /// Let it have been minted, and not been used since, at `instant`.
    #[must_use]
    pub fn created_at(self, instant: OffsetDateTime) -> Self {
        Self { created_at: Some(instant), ..self }
    }

    /// Let it die at `instant`, to the millisecond, unlike one that is minted over the API.
    #[must_use]
    pub fn expires_at(self, instant: OffsetDateTime) -> Self {
        Self { expires_at: Some(instant), ..self }
    }
}
