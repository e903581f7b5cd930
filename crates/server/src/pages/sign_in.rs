//! Signing in and out, where this service does that itself.

use std::{error::Error, sync::Arc};

use askama::Template;
use oauth2::CsrfToken;
use poem::{
    Body, Request, Response, handler,
    http::{HeaderValue, StatusCode, header},
    web::Data,
};
use url::form_urlencoded;

use super::page;
use crate::{
    edge::RequestId,
    identity::{PageOrigin, cookie_value},
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
    let visit = Visit { service, request };
    let Some(sign_in) = &service.sign_in else {
        return StatusCode::NOT_FOUND.into();
    };
    let Some(next) = destination(visit.parameter("next").as_deref(), &service.links) else {
        return visit.fail(&SignInFailure::ForeignDestination, None);
    };
    // Another tab that is at it stays good.
    let known = visit.browser().filter(|it| it.len() == BROWSER_LENGTH);
    let browser = known.unwrap_or_else(|| CsrfToken::new_random().into_secret());
    let as_another = visit.parameter("prompt").as_deref() == Some("login");
    match sign_in.begin(&browser, &next, as_another).await {
        Ok(url) => {
            let cookie = visit.cookie(&visit.browser_cookie(), &browser, Some(SignIn::patience()));
            see_other(&url, Some(cookie))
        }
        Err(failure) => visit.fail(&failure, Some(next.as_str())),
    }
}

/// Takes somebody back whom the provider knows.
#[handler]
pub(crate) async fn finish(request: &Request, Data(service): Data<&Arc<Service>>) -> Response {
    let visit = Visit { service, request };
    let (Some(sign_in), Some(name)) = (&service.sign_in, service.identity.cookie()) else {
        return StatusCode::NOT_FOUND.into();
    };
    let answer = Answer {
        state: visit.parameter("state"),
        code: visit.parameter("code"),
        error: visit.parameter("error"),
    };
    match sign_in.finish(visit.browser().as_deref(), answer, &service.identity).await {
        Ok(Session { token, life, next }) => {
            let cookie = visit.cookie(name, &token, life);
            if MAX_COOKIE_BYTES < cookie.len() {
                return visit.fail(&SignInFailure::TooLong(cookie.len()), Some(&next));
            }
            see_other(&next, Some(cookie))
        }
        Err((failure, next)) => visit.fail(&failure, next.as_deref()),
    }
}

/// Asks whether somebody wants to be signed out; or says that they are.
#[handler]
pub(crate) fn offer_end(request: &Request, Data(service): Data<&Arc<Service>>) -> Response {
    let visit = Visit { service, request };
    match visit.session() {
        Some(session) => visit.offer_end(&session),
        None => visit.say("You are signed out", "See you.", StatusCode::OK, None, None),
    }
}

/// Signs somebody out, here and at the provider.
#[handler]
pub(crate) async fn end(request: &Request, Data(service): Data<&Arc<Service>>, body: Body) -> Response {
    let visit = Visit { service, request };
    let (Some(sign_in), Some(name)) = (&service.sign_in, service.identity.cookie()) else {
        return StatusCode::NOT_FOUND.into();
    };
    let own = service.links.own(END);
    let Some(session) = visit.session() else {
        return see_other(&own, None);
    };
    let form = body.into_bytes_limit(service.body_limit).await.unwrap_or_default();
    if !visit.is_from_our_page(&form, &session) {
        let again = "The page was out of date, or the button was not pressed on it. You are still signed in.";
        return visit.say("You are not signed out", again, StatusCode::FORBIDDEN, None, None);
    }
    let gone = visit.cookie(name, "", Some(0));
    see_other(sign_in.end(&own).await.as_ref().unwrap_or(&own), Some(gone))
}

/// The path for signing out, below the public URL; also what the form for it is called.
const END: &str = "logout";

/// Somebody in a browser who is on their way in or out.
struct Visit<'a> {
    service: &'a Service,
    request: &'a Request,
}

impl Visit<'_> {
    /// The first parameter of the query with this name.
    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.request.uri().query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(it, _)| it == name).map(|(_, value)| value.into_owned())
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

    fn is_from_our_page(&self, form: &[u8], session: &str) -> bool {
        let csrf = form_urlencoded::parse(form).find(|(name, _)| name == "csrf").unwrap_or_default().1;
        PageOrigin::of(self.request, &self.links().public_url) != PageOrigin::Foreign
            && self.service.csrf.accepts(&csrf, session, END)
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
        if status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::warn!(request_id, error = failure as &dyn Error, "nobody can be signed in");
        } else if status.is_server_error() {
            tracing::error!(request_id, error = failure as &dyn Error, "somebody cannot be signed in");
        } else {
            tracing::info!(request_id, reason = %failure, "somebody is not signed in");
        }
        let (title, what) = failure.told();
        let mut response = self.say(title, what, status, next, Some(request_id));
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
        let template = SignInPage { base, title, what, login_url: login.as_str(), request_id };
        page(status, self.links(), &template)
    }

    fn links(&self) -> &Links {
        &self.service.links
    }
}

fn see_other(location: &(impl AsRef<str> + ?Sized), cookie: Option<String>) -> Response {
    let response = Response::builder().status(StatusCode::SEE_OTHER);
    let response = response.header(header::LOCATION, location.as_ref());
    match cookie {
        Some(cookie) => response.header(header::SET_COOKIE, cookie).finish(),
        None => response.finish(),
    }
}
