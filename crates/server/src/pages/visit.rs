//! Somebody who opens a page in a browser: who they are, whether a form is from us, and why they get no further.

use askama::Template;
use family_plan_application::{Caller, InvitePreview};
use family_plan_domain::{Email, PersonName};
use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use url::Url;

use super::{
    form::Form,
    page,
    words::{Way, Words},
};
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
    words: Words<'a>,
    invite: Option<&'a InvitePreview>,
    account: Option<Account<'a>>,
    again_url: &'a str,
    switch_url: String,
    dashboard_url: &'a str,
    request_id: Option<&'a str>,
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
            Err(problem) if problem.code() == Code::Unauthenticated => {
                let mut response = see_other(&self.login_url());
                response.set_data(problem.code());
                Err(response)
            }
            Err(problem) => Err(self.refuse(None, &problem)),
        }
    }

    /// The page that says why not, and what to do.
    pub(super) fn refuse(&self, caller: Option<&Caller>, problem: &Problem) -> Response {
        self.refuse_saying(caller, problem, Words::of(problem.code()), None)
    }

    /// For a form of a page that is out of date, or was not shown at all; `again` says what to do instead.
    pub(super) fn refuse_form(&self, caller: &Caller, again: &str) -> Response {
        let problem = Problem::new(Code::Forbidden);
        self.refuse_saying(Some(caller), &problem, Words::of_stale_form(again), None)
    }

    /// The page that says so in these words, and which invite it is about.
    pub(super) fn refuse_saying(
        &self,
        caller: Option<&Caller>,
        problem: &Problem,
        words: Words<'_>,
        invite: Option<&InvitePreview>,
    ) -> Response {
        let request_id = self.request.data::<RequestId>().map_or("", |it| it.0.as_str());
        log_failure(problem, request_id);
        let status = problem.code().status();
        let mut account = caller.map(|it| self.account(it));
        if let Some(account) = account.as_mut().filter(|_| words.way == Way::AnotherAccount) {
            // The page's own way leads there.
            account.switch_url = None;
        }
        let template = RefusalPage {
            base: self.base(),
            words,
            invite,
            account,
            again_url: self.url.as_str(),
            switch_url: self.switch_url(),
            dashboard_url: self.service.links.dashboard_url.as_str(),
            // Nobody asks about a refusal that explains itself.
            request_id: status.is_server_error().then_some(request_id),
        };
        let mut response = page(status, &self.service.links, &template);
        problem.say_when_to_come_back(response.headers_mut());
        response.set_data(problem.code());
        response
    }

    /// A request that a browser did not authenticate by itself needs no proof: no page can make it send one.
    pub(super) fn is_from_our_page(&self, form: &Form) -> bool {
        let credential = Credential::of(self.request, self.service.identity.cookie());
        credential.is_some_and(|it| !it.is_ambient)
            || is_from(self.url.path(), self.service, self.request, &self.session(), form)
    }

    /// What the page's form has to post as `csrf`.
    pub(super) fn csrf(&self) -> String {
        self.service.csrf.token(&self.session(), self.url.path())
    }

    fn session(&self) -> String {
        let credential = Credential::of(self.request, self.service.identity.cookie());
        credential.map(|it| it.token).unwrap_or_default()
    }

    /// As whom they are signed in.
    pub(super) fn account<'a>(&self, caller: &'a Caller) -> Account<'a> {
        let email = caller.email.as_ref().map(Email::as_str);
        let name = caller.name.as_ref().map(PersonName::as_str).or(email).unwrap_or(caller.user.as_str());
        Account { name, email: email.filter(|it| *it != name), switch_url: Some(self.switch_url()) }
    }

    /// Where to sign in to come back here afterwards.
    pub(super) fn login_url(&self) -> String {
        self.service.links.login(&self.url).into()
    }

    /// Where to sign in as somebody else to come back here afterwards.
    fn switch_url(&self) -> String {
        self.service.links.login_as_another(&self.url).into()
    }

    /// The path that everything of ours is under.
    pub(super) fn base(&self) -> &str {
        self.service.links.public_url.path()
    }
}

/// Whether a request comes from the form of this name, shown by us to the browser with this session.
pub(super) fn is_from(name: &str, service: &Service, request: &Request, session: &str, form: &Form) -> bool {
    let token = form.get("csrf").unwrap_or_default();
    PageOrigin::of(request, &service.links.public_url) != PageOrigin::Foreign
        && service.csrf.accepts(token, session, name)
}

/// Sends a browser on to `location`.
pub(super) fn see_other(location: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, location).finish()
}

/// As whom somebody is signed in, for a page that they see themselves.
pub(super) struct Account<'a> {
    /// What they are called.
    pub(super) name: &'a str,
    /// Their address, unless that is what they are called.
    pub(super) email: Option<&'a str>,
    /// Where to become somebody else, unless the page says so elsewhere.
    pub(super) switch_url: Option<String>,
}
