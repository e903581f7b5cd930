//! The tokens of the account that mints, on the wire.

use std::time::Duration;

use family_plan_domain::{InviteId, RegisteredToken};
use jiff::civil::Date;
use reqwest::Method;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::{
    ZammadClient, ZammadError,
    token_name::{PREFIX, named_invite, token_name},
};

const CREATED_MAX_BYTES: usize = 64 * 1024;
/// 50 000 tokens, each of whose names has 255 characters of four bytes.
const LIST_MAX_BYTES: usize = 50_000 * (4 * 255 + 380);
const TOKEN_MAX_BYTES: usize = 1024;
const PATH: &str = "user_access_token";

/// A token in the list, of which the secret part is never shown again. Only names of invites' tokens are kept.
#[derive(Deserialize)]
struct ListedToken {
    id: i64,
    #[serde(default, deserialize_with = "lenient_integer")]
    user_id: Option<i64>,
    name: Option<Name>,
    label: Option<Name>,
    #[serde(default, deserialize_with = "lenient_instant")]
    created_at: Option<OffsetDateTime>,
}

impl ListedToken {
    /// The invite that it is named after. Up to 5.4 the name is the `label`.
    fn invite(&self) -> Option<InviteId> {
        let names = [&self.name, &self.label];
        names.into_iter().flatten().find_map(|it| it.0)
    }

    fn has_only_a_label(&self) -> bool {
        self.name.is_none() && self.label.is_some()
    }
}

/// What a token is called: after an invite, or something else.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Name(Option<InviteId>);

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self(named_invite(&name))
    }
}

fn lenient_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_i64())
}

/// In whole milliseconds, as all instants are.
fn lenient_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let instant = value.as_str().and_then(|it| OffsetDateTime::parse(it, &Rfc3339).ok());
    Ok(instant
        .and_then(|it| it.checked_to_offset(UtcOffset::UTC))
        .map(OffsetDateTime::truncate_to_millisecond))
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

    /// Whether tokens have labels in the stead of names, as up to 5.4.
    pub(crate) fn has_labels(&self) -> bool {
        self.tokens.iter().any(ListedToken::has_only_a_label)
    }

    /// The account, if a token tells.
    pub(crate) fn account(&self) -> Option<i64> {
        self.tokens.iter().find_map(|it| it.user_id)
    }

    /// The tokens that are named after invites.
    pub(crate) fn of_invites(&self) -> impl Iterator<Item = RegisteredToken> {
        self.tokens.iter().filter_map(|it| {
            Some(RegisteredToken { id: it.id, invite: it.invite()?, created_at: it.created_at })
        })
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
        let name = body.name.filter(|it| !it.starts_with(PREFIX));
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
        let list = self.list_tokens(self.pace().deadline).await?;
        for token in list.of_invites().filter(|it| invites.contains(&it.invite)) {
            self.delete_token(token.id, self.pace().deadline).await?;
        }
        Ok(())
    }

    /// Deletes a token, if it is there.
    pub(crate) async fn delete_token(&self, id: i64, within: Duration) -> Result<(), ZammadError> {
        let request = self.as_minter(Method::DELETE, &format!("{PATH}/{id}"));
        match self.send(request, within).await {
            Ok(_) => Ok(()),
            // Somebody else was first. Zammad says so with 422, which a masked text makes an accident instead.
            Err(ZammadError::Refused(refusal)) if refusal.status == 422 && !refusal.is_masked() => Ok(()),
            Err(err) => Err(err),
        }
    }
}
