//! Zammad's users, behind the port.

use std::num::NonZeroU32;

use async_trait::async_trait;
use family_plan_domain::{
    ZammadUser, ZammadUserId,
    ports::{ChangedUsers, HelpDeskError, HelpDeskUsers, ListedUser},
};
use reqwest::Method;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::{
    PageSize, PlanAttribute, UserRecord, ZammadClient, ZammadError,
    change_search::rules_out,
    known_change_search::KnownChangeSearch,
    users::{USER_MAX_BYTES, UserBody},
};

/// Zammad's users, and the attribute of theirs that tells of their plan.
pub struct ZammadDirectory {
    client: ZammadClient,
    attribute: Option<PlanAttribute>,
    change_search: KnownChangeSearch,
}

/// Why nothing comes of it, though Zammad answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The account that reads lacks a permission, or its token does.
    #[error(
        "the account that reads users sees only itself: it, and its token, need `ticket.agent` or `admin.user`"
    )]
    SeesOnlyItself,
    /// There is nowhere to write a plan to.
    #[error("no attribute is configured for the plan in force")]
    NoAttribute,
    /// Zammad ignores attributes that it does not have.
    #[error("Zammad's users have no attribute `{0}`; after one was added, Zammad has to be restarted")]
    UnknownAttribute(PlanAttribute),
    /// Zammad made something else of the text.
    #[error(
        "Zammad did not keep what was written to `{0}`: it must be an attribute for text of 120 characters"
    )]
    UnsuitableAttribute(PlanAttribute),
}

impl From<DirectoryError> for HelpDeskError {
    fn from(err: DirectoryError) -> Self {
        Self::Rejected(err.into())
    }
}

impl ZammadDirectory {
    /// Reads and writes with the account that `client` reads with. Plans are written to `attribute`.
    #[must_use]
    pub fn new(client: ZammadClient, attribute: Option<PlanAttribute>) -> Self {
        Self { client, attribute, change_search: KnownChangeSearch::default() }
    }

    fn listed(&self, users: Vec<UserBody>) -> Vec<ListedUser> {
        users.into_iter().filter_map(|it| it.into_listed(self.attribute.as_ref())).collect()
    }
}

#[async_trait]
impl HelpDeskUsers for ZammadDirectory {
    async fn page(&self, number: NonZeroU32) -> Result<Vec<ListedUser>, HelpDeskError> {
        let users = self.client.list_users(number, PageSize::MAX).await?;
        // Zammad has a user of its own, so whoever sees everybody sees two at least.
        if number == NonZeroU32::MIN && users.len() < 2 {
            return Err(DirectoryError::SeesOnlyItself.into());
        }
        Ok(self.listed(users))
    }

    async fn changed_since(
        &self,
        since: OffsetDateTime,
        page: NonZeroU32,
    ) -> Result<Option<ChangedUsers>, HelpDeskError> {
        let Some(search) = self.change_search.of(&self.client).await?.filter(|it| it.reaches(page)) else {
            return Ok(None);
        };
        match self.client.changed_users(search, since, page).await {
            Ok(Some(page)) => {
                return Ok(Some(ChangedUsers { users: self.listed(page.users), is_last: page.is_last }));
            }
            Ok(None) => tracing::warn!(?search, "Zammad's answer is not what was searched for"),
            Err(err) if rules_out(&err) && !err.is_transient() => {
                tracing::warn!(
                    ?search,
                    error = &err as &dyn std::error::Error,
                    "Zammad no longer finds changes"
                );
            }
            Err(err) => return Err(err.into()),
        }
        self.change_search.forget().await;
        Ok(None)
    }

    async fn find(&self, user: ZammadUserId) -> Result<Option<ZammadUser>, HelpDeskError> {
        let Some(record) = self.client.user(user).await? else {
            return Ok(None);
        };
        // Only in the view that customers have of others there is no such instant.
        Ok(Some(UserRecord::known(record).ok_or(DirectoryError::SeesOnlyItself)?))
    }

    async fn write_plan_line(&self, user: ZammadUserId, line: String) -> Result<bool, HelpDeskError> {
        let attribute = self.attribute.as_ref().ok_or(DirectoryError::NoAttribute)?;
        let line = Value::from(line);
        let body = Map::from_iter([(attribute.as_str().to_owned(), line.clone())]);
        let path = format!("users/{}", user.0);
        let request = || self.client.as_reader(Method::PUT, &path).json(&body);
        let updated: Map<String, Value> =
            match self.client.ask(request, self.client.pace().deadline, USER_MAX_BYTES).await {
                Ok(updated) => updated,
                Err(ZammadError::Refused(refusal)) if refusal.status == 404 => return Ok(false),
                Err(err) => return Err(err.into()),
            };
        match updated.get(attribute.as_str()) {
            None => Err(DirectoryError::UnknownAttribute(attribute.clone()).into()),
            Some(kept) if *kept == line || (kept.is_null() && line == "") => Ok(true),
            Some(_) => Err(DirectoryError::UnsuitableAttribute(attribute.clone()).into()),
        }
    }
}
