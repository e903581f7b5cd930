//! A user as the helpdesk keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::details::Details;
use crate::role;

/// A user as the helpdesk keeps it; serialized, it is the plain user object of the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// The number in every URL.
    pub id: u64,
    /// Unique, lower case; `-` for the system user.
    pub login: String,
    /// First name, or empty.
    pub firstname: String,
    /// Last name, or empty.
    pub lastname: String,
    /// Lower case; empty (never null) when there is none.
    pub email: String,
    /// Whether the user may log in.
    pub active: bool,
    /// The primary organization.
    pub organization_id: Option<u64>,
    /// The secondary organizations only.
    pub organization_ids: Vec<u64>,
    /// 1 Admin, 2 Agent, 3 Customer.
    pub role_ids: Vec<u64>,
    /// Rights by group id, such as `{"1": ["full"]}`.
    pub group_ids: BTreeMap<String, Vec<String>>,
    /// Who created the record.
    pub created_by_id: u64,
    /// Who changed the record last.
    pub updated_by_id: u64,
    /// When the record was created.
    #[serde(with = "crate::timestamp")]
    pub created_at: OffsetDateTime,
    /// When the record was changed last.
    #[serde(with = "crate::timestamp")]
    pub updated_at: OffsetDateTime,
    /// What HTTP Basic compares with; never part of an answer.
    #[serde(skip_serializing, default)]
    pub password: Option<String>,
    /// Every other key of the user object.
    #[serde(flatten)]
    pub details: Details,
}

impl User {
    /// What the user's roles allow.
    pub(crate) fn permissions(&self) -> Vec<&'static str> {
        role::permissions_of(&self.role_ids)
    }

    /// Whether the user is a customer and nothing more.
    pub(crate) fn is_pure_customer(&self) -> bool {
        self.role_ids.contains(&role::CUSTOMER) && !self.is_staff()
    }

    /// Whether the user is an agent or an administrator, by roles.
    pub(crate) fn is_staff(&self) -> bool {
        self.role_ids.iter().any(|it| [role::ADMIN, role::AGENT].contains(it))
    }

    /// Whether both belong to one organization, by way of their primary ones.
    pub(crate) fn shares_organization_with(&self, other: &User) -> bool {
        self.organization_id.is_some() && self.organization_id == other.organization_id
    }

    /// Whether the organization is the user's primary one, or one of the others.
    pub(crate) fn belongs_to(&self, organization: u64) -> bool {
        self.organization_id == Some(organization) || self.organization_ids.contains(&organization)
    }

    pub(crate) fn has_second_factor(&self) -> bool {
        let factors = self.details.get("two_factor_preference_ids").and_then(Value::as_array);
        factors.is_some_and(|it| !it.is_empty())
    }

    /// The text of `key` when it is one of the text columns a database search looks into.
    pub(crate) fn text_column(&self, key: &str) -> &str {
        match key {
            "login" => &self.login,
            "firstname" => &self.firstname,
            "lastname" => &self.lastname,
            "email" => &self.email,
            _ => self.details.get(key).and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// The user as `First Last <mail>`.
    pub(crate) fn label(&self) -> String {
        let name = format!("{} {}", self.firstname, self.lastname);
        match (name.trim(), self.email.as_str()) {
            (name, "") => name.to_owned(),
            ("", email) => email.to_owned(),
            (name, email) => format!("{name} <{email}>"),
        }
    }
}

/// The columns of text a database search looks into, and a writer may set.
pub(crate) const TEXT_COLUMNS: &[&str] = &[
    "login",
    "firstname",
    "lastname",
    "email",
    "web",
    "phone",
    "fax",
    "mobile",
    "department",
    "street",
    "zip",
    "city",
    "country",
    "address",
    "note",
];
