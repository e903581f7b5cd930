//! Who acts in a request, and what they may do.

use crate::permission::covers;
use crate::refusal::Refusal;
use crate::user::User;
use crate::version::ZammadVersion;

/// Who acts in a request.
#[derive(Debug)]
pub(crate) struct Session {
    /// The acting user's id.
    pub(crate) user_id: u64,
    user_permissions: Vec<&'static str>,
    /// `None` without a token, and for a request on behalf of somebody else: the token's limits fall away then.
    token_permissions: Option<Vec<String>>,
}

impl Session {
    /// A session that holds all of the user's rights.
    pub(crate) fn unlimited(user: &User) -> Self {
        Self { user_id: user.id, user_permissions: user.permissions(), token_permissions: None }
    }

    /// A session limited to what both the user and the token may do.
    pub(crate) fn limited(user: &User, token_permissions: Vec<String>) -> Self {
        Self { token_permissions: Some(token_permissions), ..Self::unlimited(user) }
    }

    /// Whether the session may do any of `wanted`.
    pub(crate) fn can(&self, wanted: &[&str]) -> bool {
        wanted.iter().any(|it| self.user_can(it) && self.token_can(it))
    }

    /// Whether the user may, whatever the token says.
    pub(crate) fn user_can(&self, wanted: &str) -> bool {
        self.user_permissions.iter().any(|it| covers(it, wanted))
    }

    fn token_can(&self, wanted: &str) -> bool {
        let Some(permissions) = &self.token_permissions else {
            return true;
        };
        permissions.iter().any(|it| covers(it, wanted))
    }

    /// Whether the session sees the raw text of unclassified errors.
    pub(crate) fn is_full_admin(&self) -> bool {
        self.can(&["admin"])
    }

    /// Whether bodies are reduced. The level comes from the user's roles, not from the token.
    pub(crate) fn is_customer_level(&self) -> bool {
        !self.user_can("admin.*") && !self.user_can("ticket.agent")
    }

    /// The permissions of the user behind the session.
    pub(crate) fn user_permissions(&self) -> &[&'static str] {
        &self.user_permissions
    }

    /// Refuses unless the session may do any of `wanted`.
    pub(crate) fn require(&self, wanted: &[&str], version: ZammadVersion) -> Result<(), Refusal> {
        if self.can(wanted) {
            return Ok(());
        }
        let text = match self.token_permissions {
            Some(_) => version.token_lacks_permission_text(),
            None => version.user_lacks_permission_text(),
        };
        Err(Refusal::forbidden(text))
    }
}
