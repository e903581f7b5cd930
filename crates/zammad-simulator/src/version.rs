//! Which release of Zammad is simulated, and what that changes on the wire.

/// A release line of Zammad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "a variant is the release it names")]
pub enum ZammadVersion {
    V5_4,
    V6_0,
    V6_1,
    V6_2,
    V6_3,
    V6_4,
    #[default]
    V6_5,
    V7_0,
}

impl ZammadVersion {
    /// What `GET /api/v1/version` says.
    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::V5_4 => "5.4.1",
            Self::V6_0 => "6.0.0",
            Self::V6_1 => "6.1.0",
            Self::V6_2 => "6.2.0",
            Self::V6_3 => "6.3.1",
            Self::V6_4 => "6.4.1",
            Self::V6_5 => "6.5.0",
            Self::V7_0 => "7.0.0",
        }
    }

    /// The field that holds a token's display name, in requests and in the list.
    pub(crate) fn token_name_field(self) -> &'static str {
        if self < Self::V6_0 { "label" } else { "name" }
    }

    /// The field that holds the plain token in the answer to a mint.
    pub(crate) fn token_value_field(self) -> &'static str {
        if self < Self::V6_0 { "name" } else { "token" }
    }

    pub(crate) fn missing_name_text(self) -> &'static str {
        if self < Self::V6_0 { "Need label!" } else { "The required parameter 'name' is missing." }
    }

    /// Whether `tokens.expires_at` is an instant; before, it was a date.
    pub(crate) fn expiry_is_an_instant(self) -> bool {
        Self::V6_5 <= self
    }

    pub(crate) fn token_lacks_permission_text(self) -> &'static str {
        if self < Self::V6_5 { "Not authorized (token)!" } else { "Token authorization failed." }
    }

    pub(crate) fn user_lacks_permission_text(self) -> &'static str {
        if self < Self::V6_5 { "Not authorized (user)!" } else { "User authorization failed." }
    }

    pub(crate) fn email_taken_text(self, email: &str) -> String {
        let whose = if self < Self::V6_0 { "other" } else { "another" };
        format!("Email address '{email}' is already used for {whose} user.")
    }

    /// Whether permissions carry `label` and `description`; before, only `note`.
    pub(crate) fn permissions_have_labels(self) -> bool {
        Self::V6_4 <= self
    }

    /// Whether webhooks know more than `POST`, and bearer tokens.
    pub(crate) fn webhooks_have_methods(self) -> bool {
        Self::V7_0 <= self
    }

    /// Whether webhooks may show a user name and a password.
    pub(crate) fn webhooks_have_basic(self) -> bool {
        Self::V6_0 <= self
    }

    /// The default and the largest page of `GET /users/search`.
    pub(crate) fn search_page(self) -> (usize, usize) {
        if self < Self::V6_5 { (100, 1000) } else { (50, 200) }
    }

    /// Whether a search understands `condition`.
    pub(crate) fn searches_by_condition(self) -> bool {
        Self::V6_5 <= self
    }

    /// Whether a `full` search answers with `record_ids` and `total_count`; before, with `user_ids`.
    pub(crate) fn search_counts_records(self) -> bool {
        Self::V6_0 <= self
    }
}
