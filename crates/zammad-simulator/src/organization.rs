//! An organization as the helpdesk keeps it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::user::User;

/// An organization as the helpdesk keeps it; who belongs to it stands in the users.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are columns of one table")]
pub struct Organization {
    /// The number in every URL.
    pub id: u64,
    /// Unique, whatever the case.
    pub name: String,
    /// Whether members see each other's tickets.
    pub shared: bool,
    /// Whose e-mail addresses belong to it.
    pub domain: String,
    /// Whether new users with such an address become members.
    pub domain_assignment: bool,
    /// Whether it is in use.
    pub active: bool,
    /// Whether it is to be treated well.
    pub vip: bool,
    /// What agents wrote about it.
    pub note: String,
    /// Who changed the record last.
    pub updated_by_id: u64,
    /// Who created the record.
    pub created_by_id: u64,
    /// When the record was created.
    #[serde(with = "crate::timestamp")]
    pub created_at: OffsetDateTime,
    /// When the record, or who belongs to it, was changed last.
    #[serde(with = "crate::timestamp")]
    pub updated_at: OffsetDateTime,
}

impl Organization {
    /// The organization object of the API.
    pub(crate) fn body(&self, members: &Members<'_>) -> Value {
        let ids = |users: Vec<&User>| users.iter().map(|it| it.id).collect::<Vec<u64>>();
        let mut body = json!(self);
        body["member_ids"] = json!(ids(members.primary(self.id)));
        body["secondary_member_ids"] = json!(ids(members.secondary(self.id)));
        body
    }
}

/// Who belongs to which organization, found out in one go.
pub(crate) struct Members<'desk> {
    primary: HashMap<u64, Vec<&'desk User>>,
    secondary: HashMap<u64, Vec<&'desk User>>,
}

impl<'desk> Members<'desk> {
    pub(crate) fn of(users: &'desk [User]) -> Self {
        let mut members = Self { primary: HashMap::new(), secondary: HashMap::new() };
        for user in users {
            if let Some(id) = user.organization_id {
                members.primary.entry(id).or_default().push(user);
            }
            for id in &user.organization_ids {
                members.secondary.entry(*id).or_default().push(user);
            }
        }
        members
    }

    /// Those whose primary organization it is.
    pub(crate) fn primary(&self, id: u64) -> Vec<&'desk User> {
        self.primary.get(&id).cloned().unwrap_or_default()
    }

    /// Those who belong to it besides their primary one.
    pub(crate) fn secondary(&self, id: u64) -> Vec<&'desk User> {
        self.secondary.get(&id).cloned().unwrap_or_default()
    }
}
