//! From headers to a session.

use axum::http::header;

use crate::credentials::Credentials;
use crate::helpdesk::Helpdesk;
use crate::incoming::Incoming;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::settings::Settings;
use crate::user::User;

const LOGIN_FAILED: &str =
    "Login failed. Have you double-checked your credentials and completed the email verification step?";

/// The session of a request, or `None` when it shows no credentials.
pub(crate) fn authenticate(
    desk: &mut Helpdesk,
    settings: Settings,
    incoming: &Incoming,
) -> Result<Option<Session>, Refusal> {
    let Some(credentials) = incoming.header(header::AUTHORIZATION.as_str()).and_then(Credentials::read)
    else {
        return Ok(None);
    };
    let session = match credentials {
        Credentials::Password { login, password } => by_password(desk, settings, &login, &password)?,
        Credentials::Token(value) => by_token(desk, settings, &value, "Can't find User for Token")?,
        Credentials::Bearer(value) => by_token(desk, settings, &value, "The provided token is invalid.")?,
    };
    if settings.maintenance_mode && !session.user_can("admin.maintenance") {
        return Err(Refusal::forbidden("Maintenance mode enabled!"));
    }
    let named = |header| incoming.header(header).filter(|it: &&str| !it.trim().is_empty());
    let Some(target) = named("from").or_else(|| named("x-on-behalf-of")) else {
        return Ok(Some(session));
    };
    on_behalf_of(desk, &session, target).map(Some)
}

fn by_password(desk: &Helpdesk, settings: Settings, login: &str, password: &str) -> Result<Session, Refusal> {
    if !settings.api_password_access {
        return Err(Refusal::forbidden("API password access disabled!"));
    }
    let known = desk.user_by_login_or_email(&login.trim().to_lowercase()).filter(|it| it.active);
    let Some(user) = known.filter(|it| it.password.as_deref() == Some(password)) else {
        return Err(Refusal::unauthorized("Invalid BasicAuth credentials"));
    };
    if user.has_second_factor() {
        let text = "Two-factor authentication is not supported with HTTP BasicAuth.";
        return Err(Refusal::unauthorized(text));
    }
    Ok(Session::unlimited(user))
}

fn by_token(desk: &mut Helpdesk, settings: Settings, value: &str, unknown: &str) -> Result<Session, Refusal> {
    if !settings.api_token_access {
        return Err(Refusal::forbidden("API token access disabled!"));
    }
    let now = desk.now();
    let Some(token) = desk.tokens.iter_mut().find(|it| it.value == value) else {
        return Err(Refusal::unauthorized(unknown));
    };
    // Before the expiry test, as Zammad does: an expired token moves too.
    token.record_use(now);
    if token.has_expired(now) {
        return Err(Refusal::unauthorized("Not authorized (token expired)!"));
    }
    let (user_id, permissions) = (token.user_id, token.permissions.clone());
    let Some(user) = desk.user(user_id) else {
        return Err(Refusal::unauthorized(unknown));
    };
    if !user.active {
        return Err(Refusal::unauthorized(LOGIN_FAILED));
    }
    Ok(Session::limited(user, permissions))
}

/// The session of the user named in `From`. It looks at the real user's rights, not at the token's.
fn on_behalf_of(desk: &Helpdesk, real: &Session, target: &str) -> Result<Session, Refusal> {
    if !real.user_can("admin.user") {
        let text = "Current user has no permission to use 'From'/'X-On-Behalf-Of'!";
        return Err(Refusal::forbidden(text));
    }
    let Some(user) = user_by_reference(desk, &target.trim().to_lowercase()) else {
        return Err(Refusal::forbidden(format!("No such user '{target}'")));
    };
    Ok(Session::unlimited(user))
}

fn user_by_reference<'desk>(desk: &'desk Helpdesk, reference: &str) -> Option<&'desk User> {
    let by_id = reference.parse().ok().and_then(|it| desk.user(it));
    by_id.or_else(|| desk.user_by_login_or_email(reference))
}
