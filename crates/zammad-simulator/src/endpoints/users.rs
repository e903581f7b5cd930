//! Reading users: list, show, me.

use serde_json::json;

use crate::answer::Answer;
use crate::helpdesk::Helpdesk;
use crate::page::Page;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::user::User;
use crate::user_body::{self, Form};

/// `GET /users`: by id, the system user included; callers without rights get their own record.
pub(crate) fn list(desk: &Helpdesk, session: &Session, parameters: &Parameters) -> Result<Answer, Refusal> {
    let page = Page::read(parameters, 100, 1000)?;
    let sees_all = session.can(&["ticket.agent", "admin.user"]);
    let users: Vec<&User> = if sees_all {
        page.slice(&desk.users).iter().collect()
    } else {
        page.cut(desk.user(session.user_id).into_iter().collect())
    };
    let body = match Form::read(parameters) {
        Form::Full => {
            let ids: Vec<u64> = users.iter().map(|it| it.id).collect();
            json!({"record_ids": ids, "assets": user_body::assets(desk, session, &users)})
        }
        form => user_body::array(desk, session, &users, form),
    };
    Ok(Answer::ok(body))
}

/// `GET /users/:id`.
pub(crate) fn show(
    desk: &Helpdesk,
    session: &Session,
    id: &str,
    parameters: &Parameters,
) -> Result<Answer, Refusal> {
    let user = find(desk, id)?;
    let own = desk.user(session.user_id);
    let is_visible = user.id == session.user_id
        || session.can(&["admin.*", "ticket.agent"])
        || own.is_some_and(|it| it.shares_organization_with(user));
    if !is_visible {
        return Err(Refusal::not_your_record());
    }
    Ok(Answer::ok(user_body::one(desk, session, user, Form::read(parameters))))
}

/// `GET /users/me`: whoever acts.
pub(crate) fn me(desk: &Helpdesk, session: &Session, parameters: &Parameters) -> Result<Answer, Refusal> {
    let user = find(desk, &session.user_id.to_string())?;
    Ok(Answer::ok(user_body::one(desk, session, user, Form::read(parameters))))
}

/// The user with the id of a path.
pub(crate) fn find<'desk>(desk: &'desk Helpdesk, id: &str) -> Result<&'desk User, Refusal> {
    let user = id.parse().ok().and_then(|it| desk.user(it));
    user.ok_or_else(|| Refusal::not_found("User", id))
}
