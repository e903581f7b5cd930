//! User objects as answers hold them: plain, expanded, full, and reduced for customers.

use serde_json::{Map, Value, json};

use crate::helpdesk::Helpdesk;
use crate::organization::Members;
use crate::parameters::Parameters;
use crate::role;
use crate::session::Session;
use crate::user::User;

/// A key that no release documents, as a custom attribute would be: clients must not mind.
const UNKNOWN_KEY: &str = "newsletter_consent";

/// What a customer does not see of the own record.
const HIDDEN_FROM_SELF: &[&str] =
    &["web", "phone", "mobile", "fax", "department", "street", "zip", "city", "country", "address", "note"];

/// All that a customer sees of somebody else.
const SHOWN_OF_OTHERS: &[&str] = &["id", "firstname", "lastname", "image", "image_source", "active"];

/// How a user object is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Expanded,
    Full,
}

impl Form {
    /// `expand` wins over `full`.
    pub(crate) fn read(parameters: &Parameters) -> Self {
        if parameters.flag("expand") {
            Self::Expanded
        } else if parameters.flag("full") {
            Self::Full
        } else {
            Self::Plain
        }
    }
}

/// One user, in the form that was asked for.
pub(crate) fn one(desk: &Helpdesk, session: &Session, user: &User, form: Form) -> Value {
    match form {
        Form::Full => json!({"id": user.id, "assets": assets(desk, session, &[user])}),
        Form::Plain | Form::Expanded => object(desk, session, user, form),
    }
}

/// Many users as an array, plain or expanded.
pub(crate) fn array(desk: &Helpdesk, session: &Session, users: &[&User], form: Form) -> Value {
    users.iter().map(|it| object(desk, session, it, form)).collect()
}

fn object(desk: &Helpdesk, session: &Session, user: &User, form: Form) -> Value {
    let mut body = plain(desk, user);
    let is_self = session.user_id == user.id;
    if session.is_customer_level() {
        body.retain(|key, _| {
            if is_self {
                !HIDDEN_FROM_SELF.contains(&key.as_str())
            } else {
                SHOWN_OF_OTHERS.contains(&key.as_str())
            }
        });
    }
    if form == Form::Expanded && (is_self || !session.is_customer_level()) {
        expand(&mut body, desk, user);
    }
    body.into()
}

/// The plain object of a user.
pub(crate) fn plain(desk: &Helpdesk, user: &User) -> Map<String, Value> {
    let mut body = match serde_json::to_value(user) {
        Ok(Value::Object(body)) => body,
        _ => Map::new(),
    };
    for attribute in desk.live_attributes() {
        body.entry(attribute.name()).or_insert_with(|| attribute.initial());
    }
    body.insert(UNKNOWN_KEY.to_owned(), Value::Null);
    body
}

/// Add the names of whatever the ids point to.
pub(crate) fn expand(body: &mut Map<String, Value>, desk: &Helpdesk, user: &User) {
    let organization = |id: u64| desk.organization(id).map(|it| it.name.clone());
    let login = |id: u64| desk.user(id).map(|it| it.login.clone());
    let roles: Vec<&str> = user.role_ids.iter().filter_map(|it| role::by_id(*it)).map(|it| it.name).collect();
    let organizations: Vec<String> =
        user.organization_ids.iter().filter_map(|it| organization(*it)).collect();
    // There is one group, and every installation starts with it.
    let groups: Map<String, Value> =
        user.group_ids.get("1").map(|it| ("Users".to_owned(), json!(it))).into_iter().collect();
    body.extend([
        ("roles".to_owned(), json!(roles)),
        ("organizations".to_owned(), json!(organizations)),
        ("groups".to_owned(), groups.into()),
        ("authorizations".to_owned(), json!([])),
        ("two_factor_preferences".to_owned(), json!([])),
        ("overview_sortings".to_owned(), json!([])),
        ("created_by".to_owned(), json!(login(user.created_by_id))),
        ("updated_by".to_owned(), json!(login(user.updated_by_id))),
    ]);
    if let Some(name) = user.organization_id.and_then(organization) {
        body.insert("organization".to_owned(), name.into());
    }
}

/// The users, whoever wrote them, and their organizations, by id.
pub(crate) fn assets(desk: &Helpdesk, session: &Session, users: &[&User]) -> Value {
    let mut user_assets = Map::new();
    let mut organization_assets = Map::new();
    let members = Members::of(&desk.users);
    for user in users {
        let writers = [user.created_by_id, user.updated_by_id].into_iter().filter_map(|it| desk.user(it));
        for shown in writers.chain([*user]) {
            user_assets.insert(shown.id.to_string(), object(desk, session, shown, Form::Plain));
        }
        if let Some(organization) = user.organization_id.and_then(|it| desk.organization(it)) {
            organization_assets.insert(organization.id.to_string(), organization.body(&members));
        }
    }
    json!({"User": user_assets, "Organization": organization_assets})
}
