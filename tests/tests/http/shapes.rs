//! The exact fields of bodies.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub(crate) const PLAN: &[&str] =
    &["id", "name", "owner_id", "user_limit", "limit", "used", "held", "available", "over_by", "created_at"];
pub(crate) const SEATS: &[&str] = &["limit", "used", "held", "available", "over_by", "seats"];
pub(crate) const MEMBER: &[&str] = &["user_id", "name", "role", "invite_id", "joined_at", "zammad_user_id"];
pub(crate) const MEMBER_WITH_EMAIL: &[&str] =
    &["user_id", "name", "email", "role", "invite_id", "joined_at", "zammad_user_id"];
pub(crate) const DETACHMENT: &[&str] =
    &["plan_id", "user_id", "detached_at", "invite_id", "invite_state", "plan_in_force"];
pub(crate) const INVITE: &[&str] = &[
    "id",
    "plan_id",
    "state",
    "holds_seat",
    "recipient_email",
    "issued_by",
    "created_at",
    "expires_at",
    "used_by",
    "used_at",
];
pub(crate) const NEW_INVITE: &[&str] = &[
    "id",
    "plan_id",
    "state",
    "holds_seat",
    "recipient_email",
    "issued_by",
    "created_at",
    "expires_at",
    "used_by",
    "used_at",
    "code",
    "url",
];
pub(crate) const PREVIEW: &[&str] = &["plan_name", "invited_by", "state", "expires_at", "verdict"];
pub(crate) const ACCEPTANCE: &[&str] = &["plan_id", "membership", "redirect_to"];
pub(crate) const ME: &[&str] =
    &["user_id", "email", "name", "individual_plan", "plan_in_force", "family_plan", "zammad_user_id"];
pub(crate) const USER: &[&str] =
    &["user_id", "email", "name", "individual_plan", "plan_in_force", "zammad_user_id", "zammad_user_state"];
pub(crate) const SYNC: &[&str] = &[
    "state",
    "kind",
    "users_seen",
    "users_changed",
    "users_vanished",
    "started_at",
    "finished_at",
    "last_error",
];
pub(crate) const SETTINGS: &[&str] = &[
    "user_limit",
    "invite_ttl_seconds",
    "pending_invites_hold_seats",
    "detached_invites",
    "revision",
    "updated_at",
    "updated_by",
];
pub(crate) const ZAMMAD_USER: &[&str] = &[
    "zammad_user_id",
    "email",
    "firstname",
    "lastname",
    "active",
    "vanished_at",
    "updated_at",
    "seen_at",
    "user_id",
    "plan",
];
pub(crate) const DELIVERY: &[&str] = &["id", "delivery_id", "received_at", "state", "attempts", "reason"];
pub(crate) const EVENT: &[&str] =
    &["id", "type", "timestamp", "plan_id", "actor", "reason", "request_id", "data"];
pub(crate) const LIST: &[&str] = &["items", "next_cursor"];
pub(crate) const EVENT_LIST: &[&str] = &["items", "next_cursor", "has_more"];

/// `value` is an object with these fields and no others.
#[track_caller]
pub(crate) fn assert_fields(value: &Value, fields: &[&str]) {
    let mut found: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = fields.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{value}");
}

/// An instant in UTC.
#[track_caller]
pub(crate) fn instant(value: &Value, field: &str) -> OffsetDateTime {
    let text = value[field].as_str().unwrap_or_else(|| panic!("no instant `{field}` in {value}"));
    assert!(text.ends_with('Z'), "{text} is not in UTC");
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}
