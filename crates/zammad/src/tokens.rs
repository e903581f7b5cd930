//! The tokens of the account that mints, on the wire.

use std::time::Duration;

use family_plan_domain::InviteId;
use jiff::civil::Date;
use reqwest::Method;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ZammadClient, ZammadError};

const CREATED_MAX_BYTES: usize = 64 * 1024;
const LIST_MAX_BYTES: usize = 32 * 1024 * 1024;
const TOKEN_MAX_BYTES: usize = 1024;
const PATH: &str = "user_access_token";
const NAME_PREFIX: &str = "FamilyPlanInvite ";

/// The name that the token of an invite is found by.
pub(crate) fn token_name(invite: InviteId) -> String {
    format!("{NAME_PREFIX}{invite}")
}

/// A token in the list, of which the secret part is never shown again.
#[derive(Deserialize)]
pub(crate) struct ListedToken {
    id: i64,
    name: Option<String>,
    label: Option<String>,
}

impl ListedToken {
    fn is_called(&self, name: &str) -> bool {
        [&self.name, &self.label].into_iter().any(|it| it.as_deref() == Some(name))
    }
}

/// A permission that the account may put into a token.
#[derive(Deserialize)]
struct GrantablePermission {
    name: String,
    #[serde(default)]
    preferences: Value,
    active: Option<bool>,
}

impl GrantablePermission {
    fn is_held(&self) -> bool {
        // Parents of what the account holds are listed as well, to hang their children on.
        let is_only_a_parent = self.preferences.get("disabled") == Some(&Value::Bool(true));
        !is_only_a_parent && self.active != Some(false)
    }
}

/// All tokens of the account, and what it may put into a new one.
#[derive(Deserialize)]
pub(crate) struct TokenList {
    tokens: Vec<ListedToken>,
    #[serde(default)]
    permissions: Vec<GrantablePermission>,
}

impl TokenList {
    /// Whether the account itself holds the permission.
    pub(crate) fn account_holds(&self, permission: &str) -> bool {
        self.permissions.iter().any(|it| it.name == permission && it.is_held())
    }
}

#[derive(Serialize)]
struct NewToken<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    permission: [&'a str; 0],
    expires_at: String,
}

/// A new token; it is shown this once.
#[derive(Deserialize)]
#[serde(try_from = "CreatedBody")]
struct CreatedToken(SecretString);

#[derive(Deserialize)]
struct CreatedBody {
    token: Option<String>,
    name: Option<String>,
}

impl TryFrom<CreatedBody> for CreatedToken {
    type Error = &'static str;

    fn try_from(body: CreatedBody) -> Result<Self, Self::Error> {
        // Up to 5.4 the token is in `name`. The name that it was given would be no secret.
        let name = body.name.filter(|it| !it.starts_with(NAME_PREFIX));
        body.token
            .or(name)
            .filter(|it| !it.trim().is_empty() && it.len() <= TOKEN_MAX_BYTES)
            .map(|it| Self(it.into()))
            .ok_or("there is no token")
    }
}

impl ZammadClient {
    /// Makes a token that opens nothing, and that ends when `until` begins.
    pub(crate) async fn create_token(
        &self,
        invite: InviteId,
        until: Date,
        within: Duration,
    ) -> Result<SecretString, ZammadError> {
        let name = token_name(invite);
        let request = self.as_minter(Method::POST, PATH).json(&NewToken {
            name: &name,
            label: self.version().has_labels().then_some(name.as_str()),
            permission: [],
            expires_at: until.to_string(),
        });
        let CreatedToken(token) = self.send(request, within).await?.json(CREATED_MAX_BYTES).await?;
        Ok(token)
    }

    /// Everything there is: the list has no pages.
    pub(crate) async fn list_tokens(&self, within: Duration) -> Result<TokenList, ZammadError> {
        let request = self.as_minter(Method::GET, PATH);
        self.send(request, within).await?.json(LIST_MAX_BYTES).await
    }

    /// Deletes the tokens of `invites`, as far as there are any.
    pub(crate) async fn delete_tokens(&self, invites: &[InviteId]) -> Result<(), ZammadError> {
        let names: Vec<String> = invites.iter().copied().map(token_name).collect();
        let list = self.list_tokens(self.pace().deadline).await?;
        for token in list.tokens {
            if names.iter().any(|it| token.is_called(it)) {
                self.delete_token(token.id).await?;
            }
        }
        Ok(())
    }

    async fn delete_token(&self, id: i64) -> Result<(), ZammadError> {
        let request = self.as_minter(Method::DELETE, &format!("{PATH}/{id}"));
        match self.send(request, self.pace().deadline).await {
            Ok(_) => Ok(()),
            // Somebody else was first. Zammad says so with 422, which a masked text makes an accident instead.
            Err(ZammadError::Refused(refusal)) if refusal.status == 422 && !refusal.is_masked() => Ok(()),
            Err(err) => Err(err),
        }
    }
}
