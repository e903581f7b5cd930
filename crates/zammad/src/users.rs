//! Zammad's users.

use std::num::NonZeroU32;

use family_plan_domain::ZammadUserId;
use reqwest::Method;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use time::OffsetDateTime;

use crate::{ZammadClient, ZammadError};

const USER_MAX_BYTES: usize = 1024 * 1024;
const PAGE_MAX_BYTES: usize = 32 * 1024 * 1024;

/// A user as Zammad shows them. What Zammad hides from the account that reads is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZammadUser {
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

impl ZammadClient {
    /// The user whose account reads.
    ///
    /// # Errors
    ///
    /// [`ZammadError`] when Zammad cannot be asked or does not know the token.
    pub async fn me(&self) -> Result<ZammadUser, ZammadError> {
        self.read("users/me", &[], USER_MAX_BYTES).await.map(UserBody::into_user)
    }

    /// The user with this id, or `None` when there is no such user.
    ///
    /// # Errors
    ///
    /// [`ZammadError`] when Zammad cannot be asked or does not show the user to the account that reads.
    pub async fn user(&self, id: ZammadUserId) -> Result<Option<ZammadUser>, ZammadError> {
        match self.read(&format!("users/{}", id.0), &[], USER_MAX_BYTES).await {
            Ok(body) => Ok(Some(UserBody::into_user(body))),
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
    pub async fn users(&self, page: NonZeroU32, size: PageSize) -> Result<Vec<ZammadUser>, ZammadError> {
        let query = [("page", page.get()), ("per_page", size.0.into())];
        let bodies: Vec<UserBody> = self.read("users", &query, PAGE_MAX_BYTES).await?;
        Ok(bodies.into_iter().map(UserBody::into_user).collect())
    }

    async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, u32)],
        max_bytes: usize,
    ) -> Result<T, ZammadError> {
        let request = self.as_reader(Method::GET, path).query(query);
        self.send(request, self.pace().deadline).await?.json(max_bytes).await
    }
}

#[derive(Deserialize)]
struct UserBody {
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
}

impl UserBody {
    fn into_user(self) -> ZammadUser {
        ZammadUser {
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
