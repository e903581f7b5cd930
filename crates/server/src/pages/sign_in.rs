//! Signing in and out, where this service does that itself.

use std::{error::Error, sync::Arc};

use askama::Template;
use oauth2::CsrfToken;
use poem::{
    Body, Request, Response, handler,
    http::{HeaderValue, StatusCode, header},
    web::Data,
};

use super::{
    form::Form,
    page,
    visit::{is_from, see_other},
    words::Words,
};
use crate::{
    edge::RequestId,
    identity::cookie_value,
    service::{Links, Service},
    sign_in::{Answer, Session, SignIn, SignInFailure, destination},
};

/// What browsers remember that they began by.
const BROWSER: &str = "family-plan-sign-in";
/// As many characters as a random one has.
const BROWSER_LENGTH: usize = 22;
/// Browsers keep no larger cookies.
const MAX_COOKIE_BYTES: usize = 4096;
/// How long to wait for a provider that is down.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    base: &'a str,
    title: &'a str,
    what: &'a str,
    login_url: &'a str,
    dashboard_url: &'a str,
    request_id: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOutPage<'a> {
    base: &'a str,
    csrf: &'a str,
    dashboard_url: &'a str,
}

/// Sends somebody to the provider.
#[handler]
pub(crate) async fn begin(request: &Request, Data(service): Data<&Arc<Service>>) -> Response {
    let passage = Passage { service, request };
    let Some(sign_in) = &service.sign_in else {
        return StatusCode::NOT_FOUND.into();
    };
    let Some(next) = destination(passage.parameter("next").as_deref(), &service.links) else {
        return passage.fail(&SignInFailure::ForeignDestination, None);
    };
    // Another tab that is at it stays good.
    let known = passage.browser().filter(|it| it.len() == BROWSER_LENGTH);
    let browser = known.unwrap_or_else(|| CsrfToken::new_random().into_secret());
    let as_another = passage.parameter("prompt").as_deref() == Some("login");
    match sign_in.begin(&browser, &next, as_another).await {
        Ok(url) => {
            let cookie = passage.cookie(&passage.browser_cookie(), &browser, Some(SignIn::patience()));
            with_cookie(see_other(url.as_str()), &cookie)
        }
        Err(failure) => passage.fail(&failure, Some(next.as_str())),
    }
}

/// Takes somebody back whom the provider knows.
#[handler]
pub(crate) async fn finish(request: &Request, Data(service): Data<&Arc<Service>>) -> Response {
    let passage = Passage { service, request };
    let (Some(sign_in), Some(name)) = (&service.sign_in, service.identity.cookie()) else {
        return StatusCode::NOT_FOUND.into();
    };
    let answer = Answer {
        state: passage.parameter("state"),
        code: passage.parameter("code"),
        error: passage.parameter("error"),
    };
    match sign_in.finish(passage.browser().as_deref(), answer, &service.identity).await {
        Ok(Session { token, life, next }) => {
            let cookie = passage.cookie(name, &token, life);
            if MAX_COOKIE_BYTES < cookie.len() {
                return passage.fail(&SignInFailure::TooLong(cookie.len()), Some(&next));
            }
            with_cookie(see_other(&next), &cookie)
        }
        Err((failure, next)) => passage.fail(&failure, next.as_deref()),
    }
}

/// Asks whether somebody wants to be signed out; or says that they are.
#[handler]
pub(crate) fn offer_end(request: &Request, Data(service): Data<&Arc<Service>>) -> Response {
    let passage = Passage { service, request };
    if let Some(session) = passage.session() {
        return passage.offer_end(&session);
    }
    let what = "You may still be signed in at the service that knows who you are.";
    passage.say("You are signed out", what, StatusCode::OK, None, None)
}

/// Signs somebody out, here and at the provider.
#[handler]
pub(crate) async fn end(request: &Request, Data(service): Data<&Arc<Service>>, body: Body) -> Response {
    let passage = Passage { service, request };
    let (Some(sign_in), Some(name)) = (&service.sign_in, service.identity.cookie()) else {
        return StatusCode::NOT_FOUND.into();
    };
    let own = service.links.own(END);
    let Some(session) = passage.session() else {
        return see_other(own.as_str());
    };
    let form = match Form::read(body, service.body_limit).await {
        Ok(form) => form,
        Err(problem) => {
            let Words { title, what, .. } = Words::of(problem.code());
            return passage.say(title, what, problem.code().status(), None, None);
        }
    };
    if !is_from(END, service, request, &session, &form) {
        let again = "The page was out of date, or the button was not pressed on it. You are still signed in.";
        return passage.say("You are not signed out", again, StatusCode::FORBIDDEN, None, None);
    }
    let gone = passage.cookie(name, "", Some(0));
    let next = sign_in.end(&own).await.unwrap_or(own);
    with_cookie(see_other(next.as_str()), &gone)
}

/// The path for signing out, below the public URL; also what the form for it is called.
const END: &str = "logout";

/// Somebody in a browser who is on their way in or out.
struct Passage<'a> {
    service: &'a Service,
    request: &'a Request,
}

impl Passage<'_> {
    /// The first parameter of the query with this name.
    fn parameter(&self, name: &str) -> Option<String> {
        Form::of_query(self.request).get(name).map(ToOwned::to_owned)
    }

    fn browser_cookie(&self) -> String {
        self.links().cookie(BROWSER)
    }

    fn browser(&self) -> Option<String> {
        cookie_value(self.request, &self.browser_cookie())
    }

    fn session(&self) -> Option<String> {
        let session = cookie_value(self.request, self.service.identity.cookie()?);
        session.filter(|it| !it.is_empty())
    }

    /// A cookie that only this service gets, from pages of its own or when somebody follows a link to it, and no script.
    fn cookie(&self, name: &str, value: &str, life: Option<u64>) -> String {
        let public_url = &self.links().public_url;
        let secure = if public_url.scheme() == "https" { "; Secure" } else { "" };
        let max_age = life.map(|it| format!("; Max-Age={it}")).unwrap_or_default();
        format!("{name}={value}; Path={}; HttpOnly; SameSite=Lax{secure}{max_age}", public_url.path())
    }

    fn offer_end(&self, session: &str) -> Response {
        let template = SignOutPage {
            base: self.links().public_url.path(),
            csrf: &self.service.csrf.token(session, END),
            dashboard_url: self.links().dashboard_url.as_str(),
        };
        page(StatusCode::OK, self.links(), &template)
    }

    fn fail(&self, failure: &SignInFailure, next: Option<&str>) -> Response {
        let request_id = self.request.data::<RequestId>().map_or("", |it| it.0.as_str());
        let status = failure.status();
        if failure.needs_a_person() {
            tracing::error!(request_id, error = failure as &dyn Error, "somebody cannot be signed in");
        } else if status.is_server_error() {
            tracing::warn!(request_id, error = failure as &dyn Error, "somebody cannot be signed in");
        } else {
            tracing::info!(request_id, reason = %failure, "somebody is not signed in");
        }
        let (title, what) = failure.told();
        // Nobody asks about a refusal that explains itself.
        let request_id = status.is_server_error().then_some(request_id);
        let mut response = self.say(title, what, status, next, request_id);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }

    fn say(
        &self,
        title: &str,
        what: &str,
        status: StatusCode,
        next: Option<&str>,
        request_id: Option<&str>,
    ) -> Response {
        let mut login = self.links().own("login");
        if let Some(next) = next {
            login.query_pairs_mut().append_pair("next", next);
        }
        let base = self.links().public_url.path();
        let dashboard_url = self.links().dashboard_url.as_str();
        let template = SignInPage { base, title, what, login_url: login.as_str(), dashboard_url, request_id };
        page(status, self.links(), &template)
    }

    fn links(&self) -> &Links {
        &self.service.links
    }
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
