//! Creating, updating and deleting users.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::details::Details;
use crate::endpoints::users;
use crate::helpdesk::Helpdesk;
use crate::parameters::Parameters;
use crate::randomness;
use crate::record_values;
use crate::refusal::Refusal;
use crate::role;
use crate::session::Session;
use crate::user::User;
use crate::user_body::{self, Form};

/// `POST /users`: a customer, unless an administrator says otherwise.
pub(crate) fn create(
    desk: &mut Helpdesk,
    session: &Session,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    session.require(&["ticket.agent", "admin.user"], desk.version)?;
    let mut user = blank(desk, session.user_id);
    record_values::apply(desk, session, parameters, &mut user)?;
    check(desk, &user)?;
    user.login = free_login(desk, &user);
    user.id = desk.next_user_id();
    desk.users.push(user.clone());
    user.organization_id.into_iter().for_each(|it| desk.touch_organization(it));
    Ok(Answer::created(user_body::one(desk, session, &user, Form::read(parameters))))
}

/// `PUT /users/:id`: what the body does not name stays.
pub(crate) fn update(
    desk: &mut Helpdesk,
    session: &Session,
    id: &str,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    let mut user = users::find(desk, id)?.clone();
    let before = user.organization_id;
    let may_change =
        session.can(&["admin.user"]) || (session.can(&["ticket.agent"]) && user.is_pure_customer());
    if !may_change {
        return Err(Refusal::not_your_record());
    }
    record_values::apply(desk, session, parameters, &mut user)?;
    check(desk, &user)?;
    user.login = free_login(desk, &user);
    user.updated_by_id = session.user_id;
    user.updated_at = desk.now();
    if let Some(stored) = desk.user_mut(user.id) {
        *stored = user.clone();
    }
    if before != user.organization_id {
        before.into_iter().chain(user.organization_id).for_each(|it| desk.touch_organization(it));
    }
    Ok(Answer::ok(user_body::one(desk, session, &user, Form::read(parameters))))
}

/// `DELETE /users/:id`: refused while anything refers to the user.
pub(crate) fn delete(desk: &mut Helpdesk, session: &Session, id: &str) -> Result<Answer, Refusal> {
    let user = users::find(desk, id)?;
    if !session.can(&["admin.user"]) {
        return Err(Refusal::not_your_record());
    }
    if is_referred_to(desk, user) {
        return Err(Refusal::unprocessable("Can't delete, object has references."));
    }
    let id = user.id;
    desk.users.retain(|it| it.id != id);
    Ok(Answer::ok(json!({})))
}

/// By tokens, by records the user wrote, or by tickets, of which the simulator knows only the counters.
fn is_referred_to(desk: &Helpdesk, user: &User) -> bool {
    let has_tokens = desk.tokens.iter().any(|it| it.user_id == user.id);
    let wrote = |it: &User| it.id != user.id && [it.created_by_id, it.updated_by_id].contains(&user.id);
    let preferences = user.details.get("preferences");
    let has_tickets = preferences.is_some_and(|it| it.get("tickets_open").is_some());
    has_tokens || has_tickets || desk.users.iter().any(wrote)
}

/// A new user before anything is written into it; the id is still to come.
pub(crate) fn blank(desk: &Helpdesk, author: u64) -> User {
    let now = desk.now();
    User {
        id: 0,
        login: String::new(),
        firstname: String::new(),
        lastname: String::new(),
        email: String::new(),
        active: true,
        organization_id: None,
        organization_ids: Vec::new(),
        role_ids: vec![role::CUSTOMER],
        group_ids: BTreeMap::new(),
        created_by_id: author,
        updated_by_id: author,
        created_at: now,
        updated_at: now,
        password: None,
        details: BLANK_DETAILS.clone(),
    }
}

/// Shared by all new users until something is written into it.
static BLANK_DETAILS: LazyLock<Details> = LazyLock::new(blank_details);

fn blank_details() -> Details {
    let empty = ["web", "phone", "fax", "mobile", "street", "zip", "city", "country", "note"];
    let null = [
        "image",
        "image_source",
        "department",
        "address",
        "last_login",
        "source",
        "out_of_office_start_at",
        "out_of_office_end_at",
        "out_of_office_replacement_id",
    ];
    let no = ["vip", "verified", "out_of_office"];
    let none = ["two_factor_preference_ids", "authorization_ids", "overview_sorting_ids"];
    let mut details = Map::new();
    details.extend(empty.map(|it| (it.to_owned(), "".into())));
    details.extend(null.map(|it| (it.to_owned(), Value::Null)));
    details.extend(no.map(|it| (it.to_owned(), false.into())));
    details.extend(none.map(|it| (it.to_owned(), json!([]))));
    details.insert("login_failed".to_owned(), 0.into());
    details.insert("preferences".to_owned(), json!({"locale": "en-us"}));
    details.into()
}

fn check(desk: &Helpdesk, user: &User) -> Result<(), Refusal> {
    let identifiers = ["firstname", "lastname", "email", "phone", "mobile"];
    if identifiers.iter().all(|it| user.text_column(it).is_empty()) {
        let text =
            "At least one identifier (firstname, lastname, phone, mobile or email) for user is required.";
        return Err(Refusal::unprocessable(text));
    }
    if user.email.is_empty() {
        return Ok(());
    }
    if !looks_like_email(&user.email) {
        return Err(Refusal::unprocessable(format!("Invalid email '{}'", user.email)));
    }
    if desk.users.iter().any(|it| it.id != user.id && it.email == user.email) {
        return Err(Refusal::unprocessable(desk.version.email_taken_text(&user.email)));
    }
    Ok(())
}

fn looks_like_email(text: &str) -> bool {
    let has_blank = text.chars().any(char::is_whitespace);
    text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty()) && !has_blank
}

/// The login, else the e-mail address, else a made-up one; a taken one gets a number.
fn free_login(desk: &Helpdesk, user: &User) -> String {
    let wanted = match (user.login.as_str(), user.email.as_str()) {
        ("", "") => format!("auto-{}", randomness::uuid()),
        ("", email) => email.to_owned(),
        (login, _) => login.to_owned(),
    };
    let is_free = |login: &String| !desk.users.iter().any(|it| it.id != user.id && it.login == *login);
    let numbered = (1_u32..).map(|it| format!("{wanted}{it}"));
    std::iter::once(wanted.clone()).chain(numbered).find(is_free).unwrap_or(wanted)
}
