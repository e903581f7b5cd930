//! Custom attributes of records: ask for them, and let the database have them.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::helpdesk::Helpdesk;
use crate::object_attribute::ObjectAttribute;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::session::Session;

const PERMISSION: &str = "admin.object";

/// `GET /object_manager_attributes`: the custom ones; those that Zammad came with are left out.
pub(crate) fn list(desk: &Helpdesk, session: &Session) -> Result<Answer, Refusal> {
    session.require(&[PERMISSION], desk.version)?;
    let bodies: Value = (1..).zip(&desk.attributes).map(|(id, it)| it.body(id)).collect();
    Ok(Answer::ok(bodies))
}

/// `POST /object_manager_attributes`: 201, and nothing happens to any record yet.
pub(crate) fn create(
    desk: &mut Helpdesk,
    session: &Session,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    session.require(&[PERMISSION], desk.version)?;
    let attribute = ObjectAttribute::read(parameters)?;
    let is_same = |it: &ObjectAttribute| (it.object(), it.name()) == (attribute.object(), attribute.name());
    if desk.attributes.iter().any(is_same) {
        return Err(Refusal::already_exists());
    }
    let body = attribute.body(desk.attributes.len() as u64 + 1);
    desk.attributes.push(attribute);
    Ok(Answer::created(body))
}

/// `POST /object_manager_attributes_execute_migrations`: records have the attributes after the next restart.
pub(crate) fn execute_migrations(desk: &mut Helpdesk, session: &Session) -> Result<Answer, Refusal> {
    session.require(&[PERMISSION], desk.version)?;
    desk.attributes.iter_mut().for_each(ObjectAttribute::migrate);
    Ok(Answer::ok(json!({})))
}
