//! Somebody who opens a page in a browser: who they are, whether a form is from us, and why they get no further.

use askama::Template;
use family_plan_application::Caller;
use family_plan_domain::{Email, PersonName};
use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use url::Url;

use super::{form::Form, page};
use crate::{
    api::identify,
    edge::RequestId,
    identity::{Credential, PageOrigin},
    problem::{Code, Problem, render::log_failure},
    service::Service,
};

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    base: &'a str,
    title: &'a str,
    what: &'a str,
    next: &'a str,
    signed_in_as: Option<&'a str>,
    switch_url: &'a str,
    dashboard_url: &'a str,
    request_id: &'a str,
}

/// A request for the page at `url`, or what its form posts.
pub(super) struct Visit<'a> {
    pub(super) service: &'a Service,
    pub(super) request: &'a Request,
    /// The page's address, made of the public URL.
    pub(super) url: Url,
}

impl Visit<'_> {
    /// Who it is; else the answer that sends them to sign in, and back here afterwards.
    pub(super) async fn caller(&self) -> Result<Caller, Response> {
        match identify(self.service, self.request).await {
            Ok(caller) => Ok(caller),
            Err(problem) if problem.code() == Code::Unauthenticated => Err(see_other(&self.login_url())),
            Err(problem) => Err(self.refuse(None, &problem)),
        }
    }

    /// The page that says why not, and what to do.
    pub(super) fn refuse(&self, caller: Option<&Caller>, problem: &Problem) -> Response {
        self.refuse_saying(caller, problem, problem.code().remedy())
    }

    /// For a form of a page that is out of date, or was not shown at all; `again` says what to do instead.
    pub(super) fn refuse_form(&self, caller: &Caller, again: &str) -> Response {
        let problem = Problem::new(Code::Forbidden)
            .with_detail("The page was out of date, or the button was not pressed on it.");
        self.refuse_saying(Some(caller), &problem, again)
    }

    pub(super) fn refuse_saying(&self, caller: Option<&Caller>, problem: &Problem, next: &str) -> Response {
        let request_id = self.request.data::<RequestId>().map_or("", |it| it.0.as_str());
        log_failure(problem, request_id);
        let code = problem.code();
        let template = RefusalPage {
            base: self.base(),
            title: code.title(),
            what: problem.detail(),
            next,
            signed_in_as: caller.map(name_of),
            switch_url: &self.login_url(),
            dashboard_url: self.service.links.dashboard_url.as_str(),
            request_id,
        };
        page(code.status(), &self.service.links, &template)
    }

    /// A request that a browser did not authenticate by itself needs no proof: no page can make it send one.
    pub(super) fn is_from_our_page(&self, form: &Form) -> bool {
        let credential = Credential::of(self.request, self.service.identity.cookie());
        if credential.is_some_and(|it| !it.is_ambient) {
            return true;
        }
        let token = form.get("csrf").unwrap_or_default();
        PageOrigin::of(self.request, &self.service.links.public_url) != PageOrigin::Foreign
            && self.service.csrf.accepts(token, &self.session(), self.url.path())
    }

    /// What the page's form has to post as `csrf`.
    pub(super) fn csrf(&self) -> String {
        self.service.csrf.token(&self.session(), self.url.path())
    }

    fn session(&self) -> String {
        let credential = Credential::of(self.request, self.service.identity.cookie());
        credential.map(|it| it.token).unwrap_or_default()
    }

    /// Where to sign in, also as somebody else, to come back here afterwards.
    pub(super) fn login_url(&self) -> String {
        self.service.links.login(&self.url).into()
    }

    /// The path that everything of ours is under.
    pub(super) fn base(&self) -> &str {
        self.service.links.public_url.path()
    }
}

/// Sends a browser on to `location`.
pub(super) fn see_other(location: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, location).finish()
}

/// What somebody is called on a page that they see themselves.
pub(super) fn name_of(caller: &Caller) -> &str {
    let name = caller.name.as_ref().map(PersonName::as_str);
    name.or(caller.email.as_ref().map(Email::as_str)).unwrap_or(caller.user.as_str())
}
