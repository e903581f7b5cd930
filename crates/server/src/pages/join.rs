//! The page that an invite's link opens.

use std::sync::Arc;

use askama::Template;
use family_plan_application::{Caller, InviteCode, InvitePreview, PreviewVerdict};
use family_plan_domain::{AcceptRefusal, Verdict};
use poem::{
    Body, Request, Response, handler,
    http::StatusCode,
    web::{Data, Path},
};

use super::{
    form::Form,
    instant::{human_readable, machine_readable},
    page, page_with_script,
    visit::{Account, Visit, see_other},
    words::Words,
};
use crate::{
    address::ClientAddress,
    metrics::Course,
    problem::{Code, Problem},
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
    account: Option<Account<'a>>,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "own_plan.html")]
struct OwnPlanPage<'a> {
    base: &'a str,
    plan_name: &'a str,
    expires_at: String,
    expires_at_text: String,
    account: Option<Account<'a>>,
    link: &'a str,
    dashboard_url: &'a str,
}

/// Shows who invites to what, or why that is over. Changes nothing: scanners of mail follow links, too.
#[handler]
pub(crate) async fn show(
    request: &Request,
    Path(code): Path<String>,
    Data(service): Data<&Arc<Service>>,
    Data(&address): Data<&ClientAddress>,
) -> Response {
    let visit = Visit { service, request, url: service.links.invite(&code) };
    let caller = match visit.caller().await {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    match service.preview(&InviteCode::from_link(&code), Some(&caller), address).await {
        Ok(preview) => answer(&visit, &caller, &preview),
        Err(problem) => visit.refuse(Some(&caller), &problem),
    }
}

/// Joins, and goes on to the dashboard.
#[handler]
pub(crate) async fn accept(
    request: &Request,
    Path(code): Path<String>,
    Data(service): Data<&Arc<Service>>,
    Data(&address): Data<&ClientAddress>,
    Data(course): Data<&Arc<Course>>,
    body: Body,
) -> Response {
    let visit = Visit { service, request, url: service.links.invite(&code) };
    let caller = match visit.caller().await {
        Ok(caller) => caller,
        Err(answer) => return answer,
    };
    let form = match Form::read(body, service.body_limit).await {
        Ok(form) => form,
        Err(problem) => return visit.refuse(Some(&caller), &problem),
    };
    if !visit.is_from_our_page(&form) {
        return visit.refuse_form(&caller, "Open the invite's link again, and press the button there.");
    }
    let code = InviteCode::from_link(&code);
    match service.accept(&code, &caller, address, course).await {
        Ok(_) => see_other(service.links.dashboard_url.as_str()),
        // Who asks too often is told so without a look at the invite.
        Err(problem) if problem.code() == Code::RateLimited => visit.refuse(Some(&caller), &problem),
        Err(problem) => {
            // The answer is the refusal's, whatever has become of the invite meanwhile.
            let preview = service.preview_invite.run(&code, Some(&caller)).await;
            refuse(&visit, &caller, &problem, preview.as_ref().ok())
        }
    }
}

fn answer(visit: &Visit<'_>, caller: &Caller, preview: &InvitePreview) -> Response {
    match preview.verdict {
        PreviewVerdict::Verdict(Verdict::Accept) => invitation(visit, caller, preview),
        PreviewVerdict::Verdict(Verdict::AlreadyAccepted) => {
            see_other(visit.service.links.dashboard_url.as_str())
        }
        PreviewVerdict::Verdict(Verdict::Refused(AcceptRefusal::OwnPlan)) => own_plan(visit, caller, preview),
        PreviewVerdict::Verdict(Verdict::Refused(refusal)) => {
            refuse(visit, caller, &Problem::from(refusal), Some(preview))
        }
        PreviewVerdict::Unauthenticated => see_other(&visit.login_url()),
        PreviewVerdict::Forbidden => refuse(visit, caller, &Problem::new(Code::Forbidden), Some(preview)),
    }
}

fn invitation(visit: &Visit<'_>, caller: &Caller, preview: &InvitePreview) -> Response {
    let template = JoinPage {
        base: visit.base(),
        plan_name: preview.plan_name.as_str(),
        invited_by: preview.invited_by.as_deref(),
        expires_at: machine_readable(preview.expires_at),
        expires_at_text: human_readable(preview.expires_at),
        account: Some(visit.account(caller)),
        csrf: &visit.csrf(),
    };
    page(StatusCode::OK, &visit.service.links, &template)
}

/// Says why not, and of which invite.
fn refuse(
    visit: &Visit<'_>,
    caller: &Caller,
    problem: &Problem,
    preview: Option<&InvitePreview>,
) -> Response {
    let words = match problem.code() {
        Code::Forbidden => Words::OF_SERVICE,
        code => Words::of(code),
    };
    visit.refuse_saying(Some(caller), problem, words, preview)
}

fn own_plan(visit: &Visit<'_>, caller: &Caller, preview: &InvitePreview) -> Response {
    let template = OwnPlanPage {
        base: visit.base(),
        plan_name: preview.plan_name.as_str(),
        expires_at: machine_readable(preview.expires_at),
        expires_at_text: human_readable(preview.expires_at),
        account: Some(visit.account(caller)),
        link: visit.url.as_str(),
        dashboard_url: visit.service.links.dashboard_url.as_str(),
    };
    page_with_script(StatusCode::OK, &visit.service.links, &template)
}
