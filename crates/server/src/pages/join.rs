//! The page that an invite's link opens.

use std::sync::Arc;

use askama::Template;
use family_plan_application::{Caller, InviteCode, InvitePreview, PreviewVerdict};
use family_plan_domain::{AcceptRefusal, Email, PersonName, Verdict};
use poem::{
    Body, Request, Response, handler,
    http::{StatusCode, header},
    web::{Data, Path},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};
use url::form_urlencoded;

use super::page;
use crate::{
    api::identify,
    edge::RequestId,
    identity::{Credential, PageOrigin},
    problem::{Code, Problem, render::log_failure},
    service::Service,
};

#[derive(Template)]
#[template(path = "join.html")]
struct JoinPage<'a> {
    base: &'a str,
    plan_name: &'a str,
    invited_by: Option<&'a str>,
    expires_at: String,
    expires_at_text: String,
    signed_in_as: &'a str,
    switch_url: &'a str,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "own_plan.html")]
struct OwnPlanPage<'a> {
    base: &'a str,
    plan_name: &'a str,
    expires_at: String,
    expires_at_text: String,
    link: &'a str,
    dashboard_url: &'a str,
}

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

/// Shows who invites to what, or why that is over. Changes nothing: scanners of mail follow links, too.
#[handler]
pub(crate) async fn show(
    request: &Request,
    Path(code): Path<String>,
    Data(service): Data<&Arc<Service>>,
) -> Response {
    let visit = Visit { service, request, code: &code };
    let caller = match visit.caller().await {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let preview = service.preview_invite.run(&InviteCode::from_link(&code), Some(&caller)).await;
    match preview {
        Ok(preview) => visit.show(&caller, &preview),
        Err(err) => visit.refuse(Some(&caller), &err.into()),
    }
}

/// Joins, and goes on to the dashboard.
#[handler]
pub(crate) async fn accept(
    request: &Request,
    Path(code): Path<String>,
    Data(service): Data<&Arc<Service>>,
    body: Body,
) -> Response {
    let visit = Visit { service, request, code: &code };
    let caller = match visit.caller().await {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let Ok(form) = body.into_bytes_limit(service.body_limit).await else {
        return visit.refuse(Some(&caller), &Problem::new(Code::PayloadTooLarge));
    };
    if !visit.is_from_our_page(&form) {
        return visit.refuse_form(&caller);
    }
    match service.accept_invite.run(&caller, &InviteCode::from_link(&code)).await {
        Ok(_) => see_other(service.links.dashboard_url.as_str()),
        Err(err) => visit.refuse(Some(&caller), &err.into()),
    }
}

/// Somebody with a link, in a browser.
struct Visit<'a> {
    service: &'a Service,
    request: &'a Request,
    code: &'a str,
}

impl Visit<'_> {
    /// Who it is; else the answer that sends them to sign in, and back here afterwards.
    async fn caller(&self) -> Result<Caller, Response> {
        match identify(self.service, self.request).await {
            Ok(caller) => Ok(caller),
            Err(problem) if problem.code() == Code::Unauthenticated => Err(see_other(&self.login_url())),
            Err(problem) => Err(self.refuse(None, &problem)),
        }
    }

    fn show(&self, caller: &Caller, preview: &InvitePreview) -> Response {
        match preview.verdict {
            PreviewVerdict::Verdict(Verdict::Accept) => self.invitation(caller, preview),
            PreviewVerdict::Verdict(Verdict::AlreadyAccepted) => {
                see_other(self.service.links.dashboard_url.as_str())
            }
            PreviewVerdict::Verdict(Verdict::Refused(AcceptRefusal::OwnPlan)) => self.own_plan(preview),
            PreviewVerdict::Verdict(Verdict::Refused(refusal)) => {
                self.refuse(Some(caller), &Problem::from(refusal))
            }
            PreviewVerdict::Unauthenticated => see_other(&self.login_url()),
            PreviewVerdict::Forbidden => self.refuse(Some(caller), &Problem::new(Code::Forbidden)),
        }
    }

    fn invitation(&self, caller: &Caller, preview: &InvitePreview) -> Response {
        let template = JoinPage {
            base: self.base(),
            plan_name: preview.plan_name.as_str(),
            invited_by: preview.invited_by.as_deref(),
            expires_at: machine_readable(preview.expires_at),
            expires_at_text: human_readable(preview.expires_at),
            signed_in_as: name_of(caller),
            switch_url: &self.login_url(),
            csrf: &self.service.csrf.token(&self.session(), self.code),
        };
        page(StatusCode::OK, &self.service.links, &template)
    }

    fn own_plan(&self, preview: &InvitePreview) -> Response {
        let link = self.service.links.invite(self.code);
        let template = OwnPlanPage {
            base: self.base(),
            plan_name: preview.plan_name.as_str(),
            expires_at: machine_readable(preview.expires_at),
            expires_at_text: human_readable(preview.expires_at),
            link: link.as_str(),
            dashboard_url: self.service.links.dashboard_url.as_str(),
        };
        page(StatusCode::OK, &self.service.links, &template)
    }

    /// The page that was shown is out of date, or was not shown at all.
    fn refuse_form(&self, caller: &Caller) -> Response {
        let problem = Problem::new(Code::Forbidden)
            .with_detail("The page was out of date, or the button was not pressed on it.");
        let again = "Open the invite's link again, and press the button there.";
        self.refuse_saying(Some(caller), &problem, again)
    }

    fn refuse(&self, caller: Option<&Caller>, problem: &Problem) -> Response {
        self.refuse_saying(caller, problem, problem.code().remedy())
    }

    fn refuse_saying(&self, caller: Option<&Caller>, problem: &Problem, next: &str) -> Response {
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
    fn is_from_our_page(&self, form: &[u8]) -> bool {
        let credential = Credential::of(self.request, self.service.identity.cookie());
        if credential.is_some_and(|it| !it.is_ambient) {
            return true;
        }
        let csrf = form_urlencoded::parse(form).find(|(name, _)| name == "csrf").unwrap_or_default().1;
        PageOrigin::of(self.request, &self.service.links.public_url) != PageOrigin::Foreign
            && self.service.csrf.accepts(&csrf, &self.session(), self.code)
    }

    fn session(&self) -> String {
        let credential = Credential::of(self.request, self.service.identity.cookie());
        credential.map(|it| it.token).unwrap_or_default()
    }

    fn login_url(&self) -> String {
        let links = &self.service.links;
        links.login(&links.invite(self.code)).into()
    }

    fn base(&self) -> &str {
        self.service.links.public_url.path()
    }
}

fn see_other(location: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, location).finish()
}

fn name_of(caller: &Caller) -> &str {
    let name = caller.name.as_ref().map(PersonName::as_str);
    name.or(caller.email.as_ref().map(Email::as_str)).unwrap_or(caller.user.as_str())
}

fn machine_readable(instant: OffsetDateTime) -> String {
    instant.format(&Rfc3339).unwrap_or_default()
}

fn human_readable(instant: OffsetDateTime) -> String {
    let form = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    instant.format(&form).unwrap_or_default()
}
