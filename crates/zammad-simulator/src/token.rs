//! An API token as the helpdesk keeps it.

use time::OffsetDateTime;

/// An API token as the helpdesk keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The number in the URL of a delete.
    pub id: u64,
    /// The id of the owner.
    pub user_id: u64,
    /// The display name; not unique.
    pub name: String,
    /// The plain value.
    pub value: String,
    /// The permissions the token is limited to.
    pub permissions: Vec<String>,
    /// When it dies; a start of a day, unless a test set it.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was used last, refused uses of an expired token included.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was minted.
    pub created_at: OffsetDateTime,
    /// When it was changed or used last.
    pub updated_at: OffsetDateTime,
}

impl Token {
    /// Whether the token is dead at `now`.
    pub(crate) fn has_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|it| it <= now)
    }

    pub(crate) fn record_use(&mut self, now: OffsetDateTime) {
        self.last_used_at = Some(now);
        self.updated_at = now;
    }
}
