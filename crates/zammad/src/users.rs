//! Zammad's users.

use std::{collections::HashMap, num::NonZeroU32};

use family_plan_domain::{ZammadUser, ZammadUserId, ports::ListedUser};
use reqwest::{Method, RequestBuilder};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{PlanAttribute, ZammadClient, ZammadError, person};

pub(crate) const USER_MAX_BYTES: usize = 1024 * 1024;
/// A thousand users take up one or two megabytes; those with many attributes, or long notes, some more.
pub(crate) const PAGE_MAX_BYTES: usize = 32 * 1024 * 1024;

/// A user as Zammad shows them. What Zammad hides from the account that reads is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// The id.
    pub id: ZammadUserId,
    /// The name to log in with, in lower case.
    pub login: Option<String>,
    /// The address, in lower case. Unique unless the installation allows otherwise.
    pub email: Option<String>,
    /// The given name, or empty.
    pub firstname: String,
    /// The family name, or empty.
    pub lastname: String,
    /// Whether the user may log in.
    pub active: bool,
    /// When the user last changed in any way: logging in is enough.
    pub updated_at: Option<OffsetDateTime>,
    /// The roles.
    pub role_ids: Vec<i64>,
}

/// The number of users on a page, between 1 and 1000: Zammad cuts larger pages without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// The largest page there is.
    pub const MAX: Self = Self(1000);
    pub(crate) const TWO: Self = Self(2);

    /// `None` when Zammad has no such pages.
    #[must_use]
    pub fn new(n_users: u16) -> Option<Self> {
        (1..=Self::MAX.0).contains(&n_users).then_some(Self(n_users))
    }
}

impl UserRecord {
    /// The user as they are known here; `None` when Zammad does not show when they last changed.
    pub(crate) fn known(self) -> Option<ZammadUser> {
        Some(ZammadUser {
            id: self.id,
            email: self.email.and_then(|it| person::email(&it)),
            firstname: person::name(&self.firstname),
            lastname: person::name(&self.lastname),
            active: self.active,
            updated_at: person::updated_at(self.updated_at?)?,
        })
    }
}

impl ZammadClient {
    /// The user whose account reads.
    ///
    /// # Errors
    ///
    /// [`ZammadError`] when Zammad cannot be asked or does not know the token.
    pub async fn me(&self) -> Result<UserRecord, ZammadError> {
        let request = self.as_reader(Method::GET, "users/me");
        let body: UserBody = self.send(request, self.pace().deadline).await?.json(USER_MAX_BYTES).await?;
        Ok(body.into_record())
    }

    /// The user with this id, or `None` when there is no such user.
    ///
    /// # Errors
    ///
    /// [`ZammadError`] when Zammad cannot be asked or does not show the user to the account that reads.
    pub async fn user(&self, id: ZammadUserId) -> Result<Option<UserRecord>, ZammadError> {
        match self.read(&format!("users/{}", id.0)).await {
            Ok(body) => Ok(Some(UserBody::into_record(body))),
            Err(ZammadError::Refused(refusal)) if refusal.status == 404 => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// A page of all users by ascending id, inactive ones and Zammad's own included; empty beyond the last page. An
    /// account that may not see others gets itself alone.
    ///
    /// # Errors
    ///
    /// [`ZammadError`] when Zammad cannot be asked or does not know the token.
    pub async fn users(&self, page: NonZeroU32, size: PageSize) -> Result<Vec<UserRecord>, ZammadError> {
        let request = list_request(self, page, size);
        let answer = self.send(request, self.pace().deadline).await?;
        let bodies: Vec<UserBody> = answer.json(PAGE_MAX_BYTES).await?;
        Ok(bodies.into_iter().map(UserBody::into_record).collect())
    }

    /// The same, tried again where that can help.
    pub(crate) async fn list_users(
        &self,
        page: NonZeroU32,
        size: PageSize,
    ) -> Result<Vec<UserBody>, ZammadError> {
        self.ask(|| list_request(self, page, size), self.pace().listing, PAGE_MAX_BYTES).await
    }

    async fn read(&self, path: &str) -> Result<UserBody, ZammadError> {
        let request = || self.as_reader(Method::GET, path);
        self.ask(request, self.pace().deadline, USER_MAX_BYTES).await
    }
}

pub(crate) fn list_request(client: &ZammadClient, page: NonZeroU32, size: PageSize) -> RequestBuilder {
    let query = [("page", page.get()), ("per_page", size.0.into())];
    client.as_reader(Method::GET, "users").query(&query)
}

/// A user on the wire.
#[derive(Deserialize)]
pub(crate) struct UserBody {
    id: i64,
    #[serde(default, deserialize_with = "null_as_default")]
    login: String,
    #[serde(default, deserialize_with = "null_as_default")]
    email: String,
    #[serde(default, deserialize_with = "null_as_default")]
    firstname: String,
    #[serde(default, deserialize_with = "null_as_default")]
    lastname: String,
    active: bool,
    #[serde(default, with = "time::serde::rfc3339::option")]
    updated_at: Option<OffsetDateTime>,
    #[serde(default, deserialize_with = "null_as_default")]
    role_ids: Vec<i64>,
    #[serde(flatten)]
    others: Attributes,
}

/// The attributes that hold text, apart from those that every user has.
#[derive(Default, Deserialize)]
#[serde(from = "HashMap<String, Value>")]
struct Attributes(HashMap<String, String>);

impl From<HashMap<String, Value>> for Attributes {
    fn from(all: HashMap<String, Value>) -> Self {
        let texts = all.into_iter().filter_map(|(key, value)| match value {
            Value::String(text) => Some((key, text)),
            _ => None,
        });
        Self(texts.collect())
    }
}

impl UserBody {
    /// When the user last changed, as exactly as Zammad says.
    pub(crate) fn updated_at(&self) -> Option<OffsetDateTime> {
        self.updated_at
    }

    /// The user as they are known here; `None` when Zammad does not show when they last changed.
    pub(crate) fn into_listed(mut self, attribute: Option<&PlanAttribute>) -> Option<ListedUser> {
        let plan_line = attribute.and_then(|it| self.others.0.remove(it.as_str()));
        Some(ListedUser { user: self.into_record().known()?, plan_line })
    }

    fn into_record(self) -> UserRecord {
        UserRecord {
            id: ZammadUserId(self.id),
            login: unless_empty(self.login),
            email: unless_empty(self.email),
            firstname: self.firstname,
            lastname: self.lastname,
            active: self.active,
            updated_at: self.updated_at,
            role_ids: self.role_ids,
        }
    }
}

fn unless_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
