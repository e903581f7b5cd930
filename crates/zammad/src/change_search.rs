//! Asking for the users that changed.

use std::{fmt, num::NonZeroU32};

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use time::{OffsetDateTime, UtcOffset, macros::datetime};

use crate::{
    ZammadClient, ZammadError,
    users::{PAGE_MAX_BYTES, UserBody},
};

/// As many as Zammad gives at most.
const PAGE: u16 = 200;
/// As many as Zammad gives to whoever does not say how many: no release cuts pages below that.
const SHORTEST_PAGE: usize = 50;
/// Elasticsearch looks no further, and Zammad then says that there is nobody.
const ELASTICSEARCH_WINDOW: u32 = 10_000;
const TRIAL_PAGE: u16 = 20;

/// Not the last year that can be written: what counts in local time has no room for it.
const NEVER: OffsetDateTime = datetime!(9000-01-01 00:00:00 UTC);
const END: &str = "9000-12-31T23:59:59.999Z";

/// A way to ask Zammad for the users that changed, the one that changed first coming first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSearch {
    /// With a condition, which goes to Zammad's database. From 6.5 on.
    Condition,
    /// With a query to Elasticsearch, which an installation need not have, and which lags by some seconds.
    Elasticsearch,
}

impl fmt::Display for ChangeSearch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Condition => "its database",
            Self::Elasticsearch => "Elasticsearch",
        })
    }
}

/// The users on a page that can be relied on.
pub(crate) struct ChangePage {
    pub(crate) users: Vec<UserBody>,
    pub(crate) is_last: bool,
}

impl ChangeSearch {
    /// Whether it gets as far as this page.
    pub(crate) fn reaches(self, page: NonZeroU32) -> bool {
        match self {
            Self::Condition => true,
            Self::Elasticsearch => page.get() <= ELASTICSEARCH_WINDOW / u32::from(PAGE),
        }
    }

    fn request(self, client: &ZammadClient, since: OffsetDateTime, page: u32, size: u16) -> RequestBuilder {
        let since = text(since);
        match self {
            Self::Condition => client.as_reader(Method::POST, "users/search").json(&json!({
                "condition": {"user.updated_at": {"operator": "after (absolute)", "value": since}},
                "sort_by": "updated_at", "order_by": "asc", "page": page, "per_page": size,
            })),
            // Between brackets colons need no escape. The range has an end because Zammad removes every `*` from
            // queries, and what is then left of `TO *` is nothing that Elasticsearch understands.
            Self::Elasticsearch => client.as_reader(Method::GET, "users/search").query(&[
                ("query", format!("updated_at:[{since} TO {END}]")),
                ("sort_by", "updated_at".to_owned()),
                ("order_by", "asc".to_owned()),
                ("page", page.to_string()),
                ("per_page", size.to_string()),
            ]),
        }
    }
}

impl ZammadClient {
    /// The best way that works with this Zammad and the account that reads; `None` when there is none.
    ///
    /// Zammad does not say whether it looked at a condition or understood a query, so each way is put on trial.
    pub(crate) async fn find_change_search(&self) -> Result<Option<ChangeSearch>, ZammadError> {
        if self.version().searches_by_condition() && self.passes_trial(ChangeSearch::Condition).await? {
            return Ok(Some(ChangeSearch::Condition));
        }
        let elasticsearch = ChangeSearch::Elasticsearch;
        Ok(self.passes_trial(elasticsearch).await?.then_some(elasticsearch))
    }

    async fn passes_trial(&self, search: ChangeSearch) -> Result<bool, ZammadError> {
        // Whoever finds somebody since ever, and nobody after the end of time, does look at the instant.
        Ok(self.trial(search, OffsetDateTime::UNIX_EPOCH).await?.is_some_and(|it| !it.is_empty())
            && self.trial(search, NEVER).await?.is_some_and(|it| it.is_empty()))
    }

    /// The instants of the users on the first page; `None` when nothing came of it that can be used.
    async fn trial(
        &self,
        search: ChangeSearch,
        since: OffsetDateTime,
    ) -> Result<Option<Vec<OffsetDateTime>>, ZammadError> {
        let users = match self.search_changed(search, since, 1, TRIAL_PAGE).await {
            Ok(users) => users,
            Err(err) if rules_out(&err) => return Ok(None),
            Err(err) => return Err(err),
        };
        let instants = instants(&users).filter(|it| it.is_sorted() && it.len() <= usize::from(TRIAL_PAGE));
        Ok(instants)
    }

    /// A page of the users that changed at `since` or later; `None` when it cannot be what was asked for.
    pub(crate) async fn changed_users(
        &self,
        search: ChangeSearch,
        since: OffsetDateTime,
        page: NonZeroU32,
    ) -> Result<Option<ChangePage>, ZammadError> {
        let since = since.truncate_to_millisecond();
        let users = self.search_changed(search, since, page.get(), PAGE).await?;
        let n_users = users.len();
        let is_since = |instants: Vec<OffsetDateTime>| instants.iter().all(|it| since <= *it);
        if usize::from(PAGE) < n_users || !instants(&users).is_some_and(is_since) {
            return Ok(None);
        }
        let users = in_order(users);
        let is_in_order = n_users <= 2 * users.len();
        Ok(is_in_order.then_some(ChangePage { users, is_last: n_users < SHORTEST_PAGE }))
    }

    async fn search_changed(
        &self,
        search: ChangeSearch,
        since: OffsetDateTime,
        page: u32,
        size: u16,
    ) -> Result<Vec<UserBody>, ZammadError> {
        let request = || search.request(self, since, page, size);
        self.ask(request, self.pace().listing, PAGE_MAX_BYTES).await
    }
}

/// Whether a failure says that a way is none, rather than that Zammad is in trouble.
pub(crate) fn rules_out(failure: &ZammadError) -> bool {
    match failure {
        ZammadError::Refused(refusal) => matches!(refusal.status, 400 | 403 | 404 | 405 | 422 | 500),
        ZammadError::Unreadable { .. } => true,
        _ => false,
    }
}

fn instants(users: &[UserBody]) -> Option<Vec<OffsetDateTime>> {
    users.iter().map(UserBody::updated_at).collect()
}

/// Without those who are ahead of others that changed before them: Zammad looks them up after it has sorted, so they
/// changed again meanwhile, and come again where they belong.
fn in_order(users: Vec<UserBody>) -> Vec<UserBody> {
    let mut next = None;
    let mut kept = Vec::with_capacity(users.len());
    for user in users.into_iter().rev() {
        if next.is_none_or(|it| user.updated_at() <= it) {
            next = Some(user.updated_at());
            kept.push(user);
        }
    }
    kept.reverse();
    kept
}

fn text(instant: OffsetDateTime) -> String {
    // Zammad did not exist before that, and years with a sign are nothing to search with.
    let instant = instant.max(OffsetDateTime::UNIX_EPOCH);
    let instant = instant.checked_to_offset(UtcOffset::UTC).unwrap_or(NEVER);
    let (year, month, day) = instant.to_calendar_date();
    let (hour, minute, second, millisecond) = instant.to_hms_milli();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc_with_milliseconds() {
        for (instant, expected) in [
            (datetime!(2026-01-02 03:04:05.678999 UTC), "2026-01-02T03:04:05.678Z"),
            (datetime!(2026-01-02 03:04:05 +02:00), "2026-01-02T01:04:05.000Z"),
            (datetime!(1969-12-31 23:59:59 UTC), "1970-01-01T00:00:00.000Z"),
            (datetime!(-0001-01-01 00:00:00 UTC), "1970-01-01T00:00:00.000Z"),
            (datetime!(9999-12-31 23:59:59 -23:59), "9000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(text(instant), expected);
        }
    }
}
