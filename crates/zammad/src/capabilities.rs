//! What the configured accounts may do, for a look at start-up.

use std::num::NonZeroU32;

use crate::{PageSize, ZammadClient, ZammadError};

/// Either one covers the right to act for another user.
const USER_ADMIN_PERMISSIONS: [&str; 2] = ["admin.user", "admin"];

/// What the configured accounts may do. An error of status 401 or 403 says that they may not; any other, that nothing
/// is known.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// The account that mints, if its token lets it list, hence make and delete, its own tokens.
    pub tokens: Result<TokenAccount, ZammadError>,
    /// Whom the account that reads can see.
    pub users: Result<UserScope, ZammadError>,
}

/// The account that mints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenAccount {
    /// Whether it administers users. It should not: every token of such an account opens everything, however few
    /// permissions it has, because with it one may act for any other user.
    pub administers_users: bool,
    /// Whether this is Zammad 5.4 or older, and configured as a newer one: then nothing can be minted.
    pub is_of_an_older_version: bool,
}

/// Whom an account can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserScope {
    /// Everybody.
    Everybody,
    /// Itself alone: it has neither `ticket.agent` nor `admin.user`, or its token has not.
    Itself,
}

impl ZammadClient {
    /// Finds out what the configured accounts may do; changes nothing.
    pub async fn capabilities(&self) -> Capabilities {
        let (tokens, users) = tokio::join!(self.token_account(), self.user_scope());
        Capabilities { tokens, users }
    }

    async fn token_account(&self) -> Result<TokenAccount, ZammadError> {
        let list = self.list_tokens(self.pace().deadline).await?;
        Ok(TokenAccount {
            administers_users: USER_ADMIN_PERMISSIONS.into_iter().any(|it| list.account_holds(it)),
            is_of_an_older_version: list.has_labels() && !self.version().has_labels(),
        })
    }

    async fn user_scope(&self) -> Result<UserScope, ZammadError> {
        let users = self.users(NonZeroU32::MIN, PageSize::TWO).await?;
        // Zammad has a user of its own, so whoever sees everybody sees two at least.
        Ok(match users[..] {
            [_, _, ..] => UserScope::Everybody,
            _ => UserScope::Itself,
        })
    }
}
