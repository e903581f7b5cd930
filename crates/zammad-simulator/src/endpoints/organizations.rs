//! Organizations: list, show, create, update.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::helpdesk::Helpdesk;
use crate::organization::{Members, Organization};
use crate::page::Page;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::user::User;

const RIGHTS: &[&str] = &["ticket.agent", "admin.organization"];
const LONGEST_NAME: usize = 150;

/// `GET /organizations`: by id; callers without rights get their own.
pub(crate) fn list(desk: &Helpdesk, session: &Session, parameters: &Parameters) -> Result<Answer, Refusal> {
    let page = Page::read(parameters, 500, 1000)?;
    let sees_all = session.can(RIGHTS);
    let own = desk.user(session.user_id);
    let is_visible = |it: &&Organization| sees_all || own.is_some_and(|user| user.belongs_to(it.id));
    let visible = desk.organizations.iter().filter(is_visible).collect();
    let members = Members::of(&desk.users);
    let bodies: Value = page.cut::<&Organization>(visible).into_iter().map(|it| it.body(&members)).collect();
    Ok(Answer::ok(bodies))
}

/// `GET /organizations/:id`.
pub(crate) fn show(desk: &Helpdesk, session: &Session, id: &str) -> Result<Answer, Refusal> {
    let organization = find(desk, id)?;
    if session.can(RIGHTS) {
        return Ok(Answer::ok(organization.body(&Members::of(&desk.users))));
    }
    match desk.user(session.user_id) {
        Some(own) if own.belongs_to(organization.id) => {
            Ok(Answer::ok(organization.body(&Members::of(&desk.users))))
        }
        Some(own) if own.organization_id.is_none() => Ok(Answer::ok(json!({}))),
        _ => Err(Refusal::not_your_record()),
    }
}

/// `POST /organizations`.
pub(crate) fn create(
    desk: &mut Helpdesk,
    session: &Session,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    session.require(RIGHTS, desk.version)?;
    let now = desk.now();
    let mut organization = Organization {
        id: desk.organizations.last().map_or(1, |it| it.id + 1),
        name: String::new(),
        shared: true,
        domain: String::new(),
        domain_assignment: false,
        active: true,
        vip: false,
        note: String::new(),
        updated_by_id: session.user_id,
        created_by_id: session.user_id,
        created_at: now,
        updated_at: now,
    };
    apply(desk, parameters, &mut organization)?;
    let members = members(desk, parameters)?;
    let id = organization.id;
    desk.organizations.push(organization);
    Ok(Answer::created(replace_members(desk, id, members)))
}

/// `PUT /organizations/:id`: what the body does not name stays; a list of members replaces the one before.
pub(crate) fn update(
    desk: &mut Helpdesk,
    session: &Session,
    id: &str,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    session.require(RIGHTS, desk.version)?;
    let mut organization = find(desk, id)?.clone();
    apply(desk, parameters, &mut organization)?;
    let members = members(desk, parameters)?;
    organization.updated_by_id = session.user_id;
    organization.updated_at = desk.now();
    let id = organization.id;
    if let Some(stored) = desk.organizations.iter_mut().find(|it| it.id == id) {
        *stored = organization;
    }
    Ok(Answer::ok(replace_members(desk, id, members)))
}

fn find<'desk>(desk: &'desk Helpdesk, id: &str) -> Result<&'desk Organization, Refusal> {
    let organization = id.parse().ok().and_then(|it| desk.organization(it));
    organization.ok_or_else(|| Refusal::not_found("Organization", id))
}

fn apply(desk: &Helpdesk, parameters: &Parameters, organization: &mut Organization) -> Result<(), Refusal> {
    if parameters.get("name").is_some() {
        parameters.text("name").unwrap_or_default().trim().clone_into(&mut organization.name);
    }
    let texts = [("domain", &mut organization.domain), ("note", &mut organization.note)];
    for (key, stored) in texts {
        if parameters.get(key).is_some() {
            *stored = parameters.text(key).unwrap_or_default();
        }
    }
    let flags = [
        ("shared", &mut organization.shared),
        ("domain_assignment", &mut organization.domain_assignment),
        ("active", &mut organization.active),
        ("vip", &mut organization.vip),
    ];
    for (key, stored) in flags {
        if parameters.get(key).is_some() {
            *stored = parameters.flag(key);
        }
    }
    let name = organization.name.to_lowercase();
    if name.is_empty() {
        return Err(Refusal::unprocessable("Name can't be blank"));
    }
    if LONGEST_NAME < name.chars().count() {
        return Err(Refusal::unprocessable("Name is too long (maximum is 150 characters)"));
    }
    if desk.organizations.iter().any(|it| it.id != organization.id && it.name.to_lowercase() == name) {
        return Err(Refusal::unprocessable("Name has already been taken"));
    }
    Ok(())
}

/// The members that a request names, by login, address or id; `None` when it says nothing of them.
fn members(desk: &Helpdesk, parameters: &Parameters) -> Result<Option<Vec<u64>>, Refusal> {
    if let Some(names) = parameters.texts("members") {
        let id = |name: &String| {
            let user = desk.user_by_login_or_email(&name.trim().to_lowercase()).map(|it| it.id);
            let text = || format!("No lookup value found for 'members': \"{name}\"");
            user.ok_or_else(|| Refusal::unprocessable(text()))
        };
        return names.iter().map(id).collect::<Result<_, _>>().map(Some);
    }
    let ids = parameters.ids("member_ids");
    if let Some(unknown) = ids.iter().flatten().find(|it| desk.user(**it).is_none()) {
        return Err(Refusal::unprocessable(format!("No value found for 'members' with id {unknown}")));
    }
    Ok(ids)
}

/// Whoever comes in leaves another organization for it, and whoever is not named has none. The object afterwards.
fn replace_members(desk: &mut Helpdesk, id: u64, members: Option<Vec<u64>>) -> Value {
    if let Some(members) = members {
        let now = desk.now();
        let mut left = Vec::new();
        let has_moved = |it: &&mut User| members.contains(&it.id) != (it.organization_id == Some(id));
        for user in desk.users.iter_mut().filter(has_moved) {
            let is_member = members.contains(&user.id);
            left.extend(user.organization_id);
            user.organization_id = is_member.then_some(id);
            user.updated_at = now;
        }
        for organization in left {
            desk.touch_organization(organization);
        }
    }
    desk.organization(id).map(|it| it.body(&Members::of(&desk.users))).unwrap_or_default()
}
