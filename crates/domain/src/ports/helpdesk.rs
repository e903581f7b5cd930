//! What is asked of the helpdesk itself.

use std::{error::Error, fmt, num::NonZeroU32, time::Duration};

use async_trait::async_trait;
use secrecy::SecretString;
use time::OffsetDateTime;

use crate::{InviteId, RegisteredToken, Sighting, TokenRegister, ZammadUser, ZammadUserId};

/// A token that the helpdesk minted for an invite that does not exist yet.
pub struct MintedToken {
    /// The id that the invite must get: the token is registered under it.
    pub invite: InviteId,
    /// The token.
    pub token: SecretString,
}

impl fmt::Debug for MintedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MintedToken").field("invite", &self.invite).finish_non_exhaustive()
    }
}

/// Why the helpdesk did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum HelpDeskError {
    /// It is out of reach or overloaded: trying later may help.
    #[error("the helpdesk is unavailable")]
    Unavailable {
        /// How long it asked to be left alone.
        retry_after: Option<Duration>,
        /// What went wrong.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// It refused, or answered something that cannot be read: somebody has to look at it.
    #[error("the helpdesk rejected the request")]
    Rejected(#[source] Box<dyn Error + Send + Sync>),
}

/// Mints the secrets of invites, and keeps the register of those that were issued.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait InviteTokens: Send + Sync {
    /// Mints a token that is good until `expires_at` at least, under the id of an invite that nobody used before:
    /// every attempt takes a fresh one. Tries again where that can help, within the deadline it was configured with.
    async fn mint(&self, expires_at: OffsetDateTime) -> Result<MintedToken, HelpDeskError>;

    /// Deletes the token that was minted for `invite`. One that is not there is deleted already.
    async fn discard(&self, invite: InviteId) -> Result<(), HelpDeskError>;

    /// Whether minting can be expected to work.
    async fn check(&self) -> Result<(), HelpDeskError>;
}

/// Lists and deletes the tokens that were minted for invites.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait IssuedTokens: Send + Sync {
    /// Every token of the account that mints whose name is exactly that of an invite's token; others are not ours.
    async fn list(&self) -> Result<TokenRegister, HelpDeskError>;

    /// Deletes a token. One that is not there is deleted already.
    async fn delete(&self, token: RegisteredToken) -> Result<(), HelpDeskError>;
}

/// A user in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUser {
    /// The user.
    pub user: ZammadUser,
    /// What the attribute for the plan in force holds, if one is configured and the user has it.
    pub plan_line: Option<String>,
}

/// Users that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedUsers {
    /// The users, the one that changed first comes first.
    pub users: Vec<ListedUser>,
    /// Whether there are no more now.
    pub is_last: bool,
}

/// Reads the helpdesk's users, and tells it of their plan.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait HelpDeskUsers: Send + Sync {
    /// A page of all users by ascending id, the system user and deactivated ones included; empty beyond the last page.
    /// Pages are counted from 1.
    ///
    /// # Errors
    ///
    /// Also when the account that reads sees nobody but itself.
    async fn page(&self, number: NonZeroU32) -> Result<Vec<ListedUser>, HelpDeskError>;

    /// A page of the users that changed at `since` or later, by ascending instant of their last change; `None` when this
    /// helpdesk cannot tell. What changed in the last minutes may be missing yet.
    async fn changed_since(
        &self,
        since: OffsetDateTime,
        page: NonZeroU32,
    ) -> Result<Option<ChangedUsers>, HelpDeskError>;

    /// The user of that id, or `None` when there is no such user.
    async fn find(&self, user: ZammadUserId) -> Result<Option<ZammadUser>, HelpDeskError>;

    /// Writes the plan in force to the attribute that is configured for it; `false` when there is no such user.
    ///
    /// # Errors
    ///
    /// Also when the helpdesk has no such attribute, or when none is configured.
    async fn write_plan_line(&self, user: ZammadUserId, line: String) -> Result<bool, HelpDeskError>;
}

/// What a delivery tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// What users were like.
    Users(Vec<Sighting>),
    /// Nothing of users, for this reason.
    Nothing(String),
}

/// A delivery makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableDelivery(pub String);

/// Reads what the helpdesk's webhooks deliver.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait DeliveryReader: Send + Sync {
    /// What `body` tells.
    ///
    /// # Errors
    ///
    /// When it makes no sense; the reason quotes nothing of it.
    fn read(&self, body: &[u8]) -> Result<Told, UnreadableDelivery>;
}
