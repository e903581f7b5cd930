//! Searching users.

use std::cmp::{Ordering, Reverse};

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::condition;
use crate::config::SearchBackend;
use crate::helpdesk::Helpdesk;
use crate::page::Page;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::search_query::Query;
use crate::session::Session;
use crate::user::User;
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
    sort(desk, &mut found, parameters)?;
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
    let mut found = match query.filter(|it| it.trim() != "*") {
        None => desk.users.iter().collect(),
        Some(query) => by_query(desk, &query),
    };
    // Before 6.5 it is a parameter like any that nobody reads, so all users are found. UNVERIFIED.
    if let Some(condition) = parameters.get("condition").filter(|_| desk.version.searches_by_condition()) {
        condition::retain(desk, condition, &mut found)?;
    }
    Ok(found)
}

fn by_query<'desk>(desk: &'desk Helpdesk, query: &str) -> Vec<&'desk User> {
    match desk.search_backend {
        SearchBackend::Database => {
            let part = query.replace('*', "").trim().to_lowercase();
            let is_like = |it: &&User| {
                desk.text_columns().any(|key| it.text_column(key).to_lowercase().contains(&part))
            };
            desk.users.iter().filter(is_like).collect()
        }
        SearchBackend::Elasticsearch => indexed(desk, &desk.users, query),
        SearchBackend::LaggingElasticsearch => indexed(desk, &desk.search_index, query),
        SearchBackend::BrokenElasticsearch => Vec::new(),
    }
}

/// The index only says who; the records come from the database, without those who were deleted since.
fn indexed<'desk>(desk: &'desk Helpdesk, index: &[User], query: &str) -> Vec<&'desk User> {
    // A query that Elasticsearch refuses is one more of its errors, so nothing is found.
    let Some(query) = Query::read(query, &desk.timezone) else {
        return Vec::new();
    };
    index.iter().filter(|it| query.matches(it)).filter_map(|it| desk.user(it.id)).collect()
}

/// By the columns of `sort_by`, each in the direction that `order_by` has at its place; a column without one is
/// ignored, unless it is the only one.
fn sort(desk: &Helpdesk, found: &mut [&User], parameters: &Parameters) -> Result<(), Refusal> {
    let list = |key| -> Vec<String> {
        let texts = parameters.texts(key).unwrap_or_default();
        texts
            .iter()
            .flat_map(|it| it.split(','))
            .map(|it| it.trim().to_owned())
            .filter(|it| !it.is_empty())
            .collect()
    };
    let mut directions = Vec::new();
    for order in list("order_by") {
        directions.push(match order.to_lowercase().as_str() {
            "asc" => Ordering::Less,
            "desc" => Ordering::Greater,
            _ => {
                let text = format!("Found invalid order by value {order}. Please use 'asc' or 'desc'.");
                return Err(Refusal::internal(text));
            }
        });
    }
    let columns = list("sort_by");
    let is_column = |it: &str| ["id", "created_at", "updated_at"].contains(&it) || desk.is_text_column(it);
    if let Some(unknown) = columns.iter().find(|it| !is_column(it)) {
        return Err(Refusal::internal(format!("Found invalid column '{unknown}' for sorting.")));
    }
    if columns.is_empty() {
        found.sort_by_key(|it| (Reverse(it.active), Reverse(it.updated_at)));
        return Ok(());
    }
    if directions.is_empty() {
        directions.push(Ordering::Greater);
    }
    found.sort_by(|left, right| {
        let orders = columns.iter().zip(&directions).map(|(column, direction)| {
            let order = compare(left, right, column);
            if *direction == Ordering::Less { order } else { order.reverse() }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    });
    Ok(())
}

fn compare(left: &User, right: &User, column: &str) -> Ordering {
    match column {
        "id" => left.id.cmp(&right.id),
        "created_at" => left.created_at.cmp(&right.created_at),
        "updated_at" => left.updated_at.cmp(&right.updated_at),
        key => left.text_column(key).cmp(right.text_column(key)),
    }
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
