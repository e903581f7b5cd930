//! The people in a plan.

use family_plan_domain::{Email, Member};
use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::api::nullable::Nullable;

/// What somebody is in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Invites, removes, renames, hands over, closes.
    Owner,
    /// Uses a seat, and may leave.
    Member,
}

impl From<family_plan_domain::Role> for Role {
    fn from(role: family_plan_domain::Role) -> Self {
        match role {
            family_plan_domain::Role::Owner => Self::Owner,
            family_plan_domain::Role::Member => Self::Member,
        }
    }
}

/// Somebody's place in a plan.
#[derive(Debug, Object)]
#[oai(rename = "Member")]
pub(crate) struct MemberView {
    /// Who.
    user_id: String,
    /// Their name, when it is known. A name that is an address is shown only to those who see addresses.
    name: Nullable<String>,
    /// Their address; only the owner, administrators and services see it.
    #[oai(skip_serializing_if_is_none)]
    email: Option<String>,
    /// What they are in the plan.
    role: Role,
    /// The invite by which they came; the one who opened the plan came by none.
    invite_id: Nullable<Uuid>,
    /// Since when.
    joined_at: OffsetDateTime,
    /// The helpdesk's user that stands for the same person.
    zammad_user_id: Nullable<i64>,
}

impl MemberView {
    pub(crate) fn new(member: &Member, role: family_plan_domain::Role, shows_email: bool) -> Self {
        let email = member.user.email.as_ref().filter(|_| shows_email);
        let name = member.user.name.as_ref();
        let name = name.and_then(|it| if shows_email { Some(it.as_str()) } else { it.for_strangers() });
        Self {
            user_id: member.user.id.to_string(),
            name: name.map(ToOwned::to_owned).into(),
            email: email.map(Email::to_string),
            role: role.into(),
            invite_id: member.joined_by.as_ref().map(|it| it.invite.into()).into(),
            joined_at: member.joined_at,
            zammad_user_id: member.user.zammad_user_id.map(|it| it.0).into(),
        }
    }
}
