//! The caller's tokens, and what the caller could grant.

use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::endpoints::tokens::ACCESS_TOKEN;
use crate::helpdesk::Helpdesk;
use crate::permission::{self, PERMISSIONS, Permission};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::timestamp;
use crate::token::Token;
use crate::version::ZammadVersion;

const INSTALLED_AT: &str = "2026-01-01T08:00:10.544Z";

/// `GET /user_access_token`: own tokens only, the last used first.
pub(crate) fn list(desk: &Helpdesk, session: &Session) -> Result<Answer, Refusal> {
    session.require(&[ACCESS_TOKEN], desk.version)?;
    let mut tokens: Vec<&Token> = desk.tokens.iter().filter(|it| it.user_id == session.user_id).collect();
    tokens.sort_by(|left, right| {
        (Reverse(left.updated_at), &left.name).cmp(&(Reverse(right.updated_at), &right.name))
    });
    let tokens: Vec<Value> = tokens.into_iter().map(|it| token_body(it, desk.version)).collect();
    Ok(Answer::ok(json!({"tokens": tokens, "permissions": grantable(session, desk.version)})))
}

/// Everything but the plain value.
fn token_body(token: &Token, version: ZammadVersion) -> Value {
    let expires_at = token.expires_at.map(|it| {
        let text = timestamp::text(it);
        if version.expiry_is_an_instant() { text } else { text.chars().take(10).collect() }
    });
    json!({
        "id": token.id,
        "user_id": token.user_id,
        version.token_name_field(): token.name,
        "action": "api",
        "preferences": {"permission": token.permissions},
        "last_used_at": token.last_used_at.map(timestamp::text),
        "expires_at": expires_at,
        "created_at": timestamp::text(token.created_at),
        "updated_at": timestamp::text(token.updated_at),
    })
}

/// The user's permissions, their children, and their parents; a parent that is not held is disabled.
fn grantable(session: &Session, version: ZammadVersion) -> Vec<Value> {
    let mut bodies = Vec::new();
    for (id, permission) in (1_u64..).zip(PERMISSIONS) {
        let is_held = session.user_can(permission.name);
        let is_parent = session.user_permissions().iter().any(|it| permission::is_child(it, permission.name));
        if is_held || is_parent {
            bodies.push(permission_body(id, permission, is_held, version));
        }
    }
    bodies
}

fn permission_body(id: u64, permission: &Permission, is_held: bool, version: ZammadVersion) -> Value {
    let mut preferences = Map::new();
    preferences.insert("prio".to_owned(), json!(1000 + id * 10));
    if !is_held {
        preferences.insert("disabled".to_owned(), true.into());
    }
    let mut body = json!({
        "id": id,
        "name": permission.name,
        "preferences": preferences,
        "active": true,
        "allow_signup": permission.name.starts_with("user_preferences."),
        "created_at": INSTALLED_AT,
        "updated_at": INSTALLED_AT,
    });
    if version.permissions_have_labels() {
        body["label"] = permission.label.into();
        body["description"] = format!("Access to: {}.", permission.label).into();
    } else {
        body["note"] = permission.label.into();
    }
    body
}
