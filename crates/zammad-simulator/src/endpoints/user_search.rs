//! Searching users.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::config::SearchBackend;
use crate::helpdesk::Helpdesk;
use crate::page::Page;
use crate::parameters::{self, Parameters};
use crate::refusal::Refusal;
use crate::search_query::Query;
use crate::session::Session;
use crate::timestamp;
use crate::user::{TEXT_COLUMNS, User};
use crate::user_body::{self, Form};

const SYSTEM_USER: u64 = 1;

/// `GET` or `POST /users/search`: never the system user; active ones first, then the latest change.
pub(crate) fn search(desk: &Helpdesk, session: &Session, parameters: &Parameters) -> Result<Answer, Refusal> {
    session.require(&["ticket.agent", "admin.user"], desk.version)?;
    let (default, largest) = desk.version.search_page();
    let page = Page::read(parameters, default, largest)?;
    let mut found = matching(desk, parameters)?;
    found.retain(|it| it.id != SYSTEM_USER);
    if let Some(ids) = parameters.ids("ids") {
        found.retain(|it| ids.contains(&it.id));
    }
    if let Some(role_ids) = parameters.ids("role_ids") {
        found.retain(|it| it.role_ids.iter().any(|it| role_ids.contains(it)));
    }
    sort(&mut found, parameters)?;
    let total_count = found.len();
    if parameters.flag("only_total_count") {
        return Ok(Answer::ok(json!({"total_count": total_count})));
    }
    let users = page.cut(found);
    if parameters.flag("label") || parameters.filled_text("term").is_some() {
        return Ok(Answer::ok(users.into_iter().map(|it| labelled(it, parameters)).collect()));
    }
    let body = match Form::read(parameters) {
        Form::Full => full(desk, session, &users, total_count),
        form => user_body::array(desk, session, &users, form),
    };
    Ok(Answer::ok(body))
}

/// A condition without a query goes to the database, even with Elasticsearch on.
fn matching<'desk>(desk: &'desk Helpdesk, parameters: &Parameters) -> Result<Vec<&'desk User>, Refusal> {
    let query = parameters.filled_text("query").or_else(|| parameters.filled_text("term"));
    let condition = parameters.get("condition").filter(|_| desk.version.searches_by_condition());
    match (query.filter(|it| it.trim() != "*"), condition) {
        (None, None) => Ok(desk.users.iter().collect()),
        (None, Some(condition)) => by_condition(&desk.users, condition),
        (Some(query), _) => Ok(by_query(desk, &query)),
    }
}

fn by_query<'desk>(desk: &'desk Helpdesk, query: &str) -> Vec<&'desk User> {
    match desk.search_backend {
        SearchBackend::Database => {
            let part = query.replace('*', "").trim().to_lowercase();
            let is_like = |it: &&User| {
                TEXT_COLUMNS.iter().any(|key| it.text_column(key).to_lowercase().contains(&part))
            };
            desk.users.iter().filter(is_like).collect()
        }
        SearchBackend::Elasticsearch => indexed(&desk.users, query),
        SearchBackend::LaggingElasticsearch => indexed(&desk.search_index, query),
        SearchBackend::BrokenElasticsearch => Vec::new(),
    }
}

fn indexed<'desk>(users: &'desk [User], query: &str) -> Vec<&'desk User> {
    let query = Query::read(query);
    users.iter().filter(|it| query.matches(&user_body::plain(it))).collect()
}

/// `{"user.email": {"operator": "is", "value": […]}}`, and the like for `updated_at`.
fn by_condition<'desk>(users: &'desk [User], condition: &Value) -> Result<Vec<&'desk User>, Refusal> {
    let invalid = || Refusal::masked_unprocessable("Invalid condition");
    let mut found: Vec<&User> = users.iter().collect();
    for (attribute, test) in condition.as_object().ok_or_else(invalid)? {
        let attribute = attribute.strip_prefix("user.").ok_or_else(invalid)?;
        let operator = test.get("operator").and_then(Value::as_str).ok_or_else(invalid)?;
        let value = test.get("value").ok_or_else(invalid)?;
        match (attribute, operator) {
            ("updated_at", "after (absolute)") => {
                let since = value.as_str().and_then(timestamp::parse).ok_or_else(invalid)?;
                found.retain(|it| since <= it.updated_at);
            }
            (column, "is") if TEXT_COLUMNS.contains(&column) => {
                let wanted = match value {
                    Value::Array(items) => items.iter().filter_map(parameters::scalar_text).collect(),
                    value => vec![parameters::scalar_text(value).ok_or_else(invalid)?],
                };
                found.retain(|it| wanted.iter().any(|wanted| wanted == it.text_column(column)));
            }
            _ => return Err(invalid()),
        }
    }
    Ok(found)
}

fn sort(found: &mut [&User], parameters: &Parameters) -> Result<(), Refusal> {
    let order = parameters.filled_text("order_by").map(|it| it.to_lowercase());
    let descending = match order.as_deref() {
        None | Some("desc") => true,
        Some("asc") => false,
        Some(other) => {
            return Err(Refusal::internal(format!(
                "Found invalid value '{other}' for parameter 'order_by'."
            )));
        }
    };
    match parameters.filled_text("sort_by").as_deref() {
        None => {
            found.sort_by_key(|it| (Reverse(it.active), Reverse(it.updated_at)));
            return Ok(());
        }
        Some("id") => found.sort_by_key(|it| it.id),
        Some("created_at") => found.sort_by_key(|it| it.created_at),
        Some("updated_at") => found.sort_by_key(|it| it.updated_at),
        Some(key) if TEXT_COLUMNS.contains(&key) => found.sort_by_key(|it| it.text_column(key)),
        Some(other) => {
            return Err(Refusal::internal(format!("Found invalid column '{other}' for sorting.")));
        }
    }
    if descending {
        found.reverse();
    }
    Ok(())
}

fn labelled(user: &User, parameters: &Parameters) -> Value {
    let mut body = json!({"id": user.id, "label": user.label(), "value": user.email});
    if parameters.filled_text("term").is_some() {
        body["inactive"] = (!user.active).into();
    }
    body
}

fn full(desk: &Helpdesk, session: &Session, users: &[&User], total_count: usize) -> Value {
    let ids: Vec<u64> = users.iter().map(|it| it.id).collect();
    let assets = user_body::assets(desk, session, users);
    if desk.version.search_counts_records() {
        json!({"record_ids": ids, "assets": assets, "total_count": total_count})
    } else {
        json!({"user_ids": ids, "assets": assets})
    }
}
