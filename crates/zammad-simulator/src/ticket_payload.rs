//! What a webhook tells of a ticket unless it is told otherwise.

use serde_json::{Map, Value, json};

use crate::helpdesk::Helpdesk;
use crate::organization::Members;
use crate::ticket::{Article, Ticket};
use crate::timestamp;
use crate::user::User;
use crate::user_body;

/// What is never told of a user.
pub(crate) const BARRED: &[&str] = &[
    "last_login",
    "login_failed",
    "password",
    "preferences",
    "group_ids",
    "groups",
    "authorization_ids",
    "authorizations",
];

/// When the group and the priorities were made.
const INSTALLED_AT: &str = "2026-01-01T08:00:10.544Z";

/// Exactly `ticket` and `article`; an article that is missing is `{}`.
pub(crate) fn payload(desk: &Helpdesk, ticket: &Ticket, article: Option<&Article>) -> Value {
    let article = article.map_or_else(|| json!({}), |it| article_body(desk, ticket, it));
    json!({"ticket": ticket_body(desk, ticket), "article": article})
}

/// Columns and names of relations by the alphabet; some relations are objects, with `{}` for none.
fn ticket_body(desk: &Helpdesk, ticket: &Ticket) -> Value {
    let first = ticket.articles.first().map(|it| timestamp::text(it.created_at));
    let mut body = json!({
        "article_count": ticket.articles.len(),
        "article_ids": ticket.articles.iter().map(|it| it.id).collect::<Vec<u64>>(),
        "create_article_sender": "Customer",
        "create_article_sender_id": 2,
        "create_article_type": "phone",
        "create_article_type_id": 5,
        "created_at": timestamp::text(ticket.created_at),
        "created_by": user_object(desk, ticket.created_by_id),
        "created_by_id": ticket.created_by_id,
        "customer": user_object(desk, ticket.customer_id),
        "customer_id": ticket.customer_id,
        "group": group(desk),
        "group_id": 1,
        "id": ticket.id,
        "last_contact_at": first,
        "last_contact_customer_at": first,
        "number": ticket.number,
        "organization": organization(desk, ticket.organization_id),
        "organization_id": ticket.organization_id,
        "owner": user_object(desk, ticket.owner_id),
        "owner_id": ticket.owner_id,
        "preferences": {},
        "priority": priority(ticket),
        "priority_id": ticket.priority_id,
        "state": ticket.state(),
        "state_id": ticket.state_id,
        "ticket_time_accounting": [],
        "ticket_time_accounting_ids": [],
        "title": ticket.title,
        "updated_at": timestamp::text(ticket.updated_at),
        "updated_by": user_object(desk, ticket.updated_by_id),
        "updated_by_id": ticket.updated_by_id,
    });
    let unused = [
        "close_at",
        "close_diff_in_min",
        "close_escalation_at",
        "close_in_min",
        "escalation_at",
        "first_response_at",
        "first_response_diff_in_min",
        "first_response_escalation_at",
        "first_response_in_min",
        "last_close_at",
        "last_contact_agent_at",
        "last_owner_update_at",
        "note",
        "pending_time",
        "time_unit",
        "type",
        "update_diff_in_min",
        "update_escalation_at",
        "update_in_min",
    ];
    for key in unused {
        body[key] = Value::Null;
    }
    sorted(body)
}

fn article_body(desk: &Helpdesk, ticket: &Ticket, article: &Article) -> Value {
    let author = desk.user(article.created_by_id);
    let is_customer = author.is_none_or(User::is_pure_customer);
    let at = timestamp::text(article.created_at);
    let mut body = json!({
        "attachments": [],
        "body": article.body,
        "content_type": article.content_type,
        "created_at": at,
        "created_by": user_object(desk, article.created_by_id),
        "created_by_id": article.created_by_id,
        "from": author.map(User::label),
        "id": article.id,
        "internal": article.internal,
        "preferences": {},
        "sender": if is_customer { "Customer" } else { "Agent" },
        "sender_id": if is_customer { 2 } else { 1 },
        "subject": article.subject,
        "ticket_id": ticket.id,
        "type": "phone",
        "type_id": 5,
        "updated_at": at,
        "updated_by": user_object(desk, article.created_by_id),
        "updated_by_id": article.created_by_id,
    });
    let unused = [
        "cc",
        "in_reply_to",
        "message_id",
        "message_id_md5",
        "origin_by_id",
        "references",
        "reply_to",
        "time_unit",
        "to",
    ];
    for key in unused {
        body[key] = Value::Null;
    }
    let mut body = sorted(body);
    // Counted up when the rest is there, so it comes last; a float since zammad/zammad#4127.
    body["accounted_time"] = json!(0.0);
    body
}

/// A user with the names of their relations, without what is barred.
fn user_object(desk: &Helpdesk, id: u64) -> Value {
    let Some(user) = desk.user(id) else {
        return json!({});
    };
    let mut body = user_body::plain(desk, user);
    user_body::expand(&mut body, desk, user);
    body.retain(|key, _| !BARRED.contains(&key.as_str()));
    sorted(body.into())
}

fn organization(desk: &Helpdesk, id: Option<u64>) -> Value {
    let Some(organization) = id.and_then(|it| desk.organization(it)) else {
        return json!({});
    };
    let members = Members::of(&desk.users);
    let logins: Vec<&str> = members.primary(organization.id).iter().map(|it| it.login.as_str()).collect();
    let mut body = organization.body(&members);
    body["members"] = json!(logins);
    body["created_by"] = json!(login(desk, organization.created_by_id));
    body["updated_by"] = json!(login(desk, organization.updated_by_id));
    sorted(body)
}

fn group(desk: &Helpdesk) -> Value {
    let users: Vec<&User> = desk.users.iter().filter(|it| it.group_ids.contains_key("1")).collect();
    json!({
        "active": true,
        "assignment_timeout": null,
        "created_at": INSTALLED_AT,
        "created_by": "-",
        "created_by_id": 1,
        "email_address_id": null,
        "follow_up_assignment": true,
        "follow_up_possible": "yes",
        "id": 1,
        "name": "Users",
        "name_last": "Users",
        "note": "Standard Group/Pool for Tickets.",
        "parent_id": null,
        "reopen_time_in_days": null,
        "shared_drafts": true,
        "signature": "default",
        "signature_id": 1,
        "updated_at": INSTALLED_AT,
        "updated_by": "-",
        "updated_by_id": 1,
        "user_ids": users.iter().map(|it| it.id).collect::<Vec<u64>>(),
        "users": users.iter().map(|it| it.login.as_str()).collect::<Vec<&str>>(),
    })
}

fn priority(ticket: &Ticket) -> Value {
    json!({
        "active": true,
        "created_at": INSTALLED_AT,
        "created_by": "-",
        "created_by_id": 1,
        "default_create": ticket.priority_id == 2,
        "id": ticket.priority_id,
        "name": ticket.priority(),
        "note": null,
        "ui_color": null,
        "ui_icon": null,
        "updated_at": INSTALLED_AT,
        "updated_by": "-",
        "updated_by_id": 1,
    })
}

fn login(desk: &Helpdesk, id: u64) -> Option<&str> {
    desk.user(id).map(|it| it.login.as_str())
}

/// The keys of the object itself by the alphabet.
fn sorted(body: Value) -> Value {
    let Value::Object(body) = body else {
        return body;
    };
    let mut fields: Vec<(String, Value)> = body.into_iter().collect();
    fields.sort_by(|left, right| left.0.cmp(&right.0));
    fields.into_iter().collect::<Map<String, Value>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::ticket::NewTicket;

    /// Every key with its path, in order, and what kind of value is there.
    fn shape(path: &str, value: &Value, found: &mut Vec<String>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(it) if it.is_f64() => "float",
            Value::Number(_) => "integer",
            Value::String(_) => "text",
            Value::Array(_) => "list",
            Value::Object(_) => "object",
        };
        found.push(format!("{path}: {kind}"));
        if let Value::Object(fields) = value {
            fields.iter().for_each(|(key, it)| shape(&format!("{path}.{key}"), it, found));
        }
    }

    fn shape_of(value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        shape("", value, &mut found);
        // Ours has a key that no release documents.
        found.retain(|it| !it.contains("newsletter_consent"));
        found
    }

    #[test]
    fn a_payload_has_the_keys_of_a_recorded_one_in_their_order() {
        let mut desk = Helpdesk::new(&Config::default()).unwrap();
        let ticket = desk.add_ticket(NewTicket::of(2));
        let fixture = include_str!("../data/webhook-default-payload.composed-full.wire.json");
        let recorded: Value = serde_json::from_str(fixture).unwrap();

        assert_eq!(shape_of(&payload(&desk, &ticket, ticket.articles.first())), shape_of(&recorded));
    }

    #[test]
    fn what_is_missing_is_an_empty_object() {
        let mut desk = Helpdesk::new(&Config::default()).unwrap();
        let ticket = desk.add_ticket(NewTicket::of(9));
        let payload = payload(&desk, &ticket, None);
        let (ticket, article) = (&payload["ticket"], &payload["article"]);

        assert_eq!((article, &ticket["organization"]), (&json!({}), &json!({})));
        assert_eq!(ticket["organization_id"], Value::Null);
        assert_eq!((&ticket["owner"]["id"], &ticket["owner"]["login"]), (&json!(1), &json!("-")));
        assert_eq!(ticket["customer"].get("organization"), None);
    }
}
