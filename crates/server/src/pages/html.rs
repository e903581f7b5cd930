//! Pages as answers.

use askama::Template;
use poem::{
    Response, handler,
    http::{StatusCode, header},
};

use crate::{
    problem::{Code, Problem},
    service::Links,
};

/// A page as an answer, with the policy that keeps it safe: no script, no foreign content, no frame around it. A form
/// may lead to the dashboard or to where people sign in, since browsers look at where a form's answer redirects to as well.
pub(crate) fn page(status: StatusCode, links: &Links, template: &impl Template) -> Response {
    answer(status, links, template, "'none'")
}

/// The same for a page that one of our own scripts adds something to.
pub(crate) fn page_with_script(status: StatusCode, links: &Links, template: &impl Template) -> Response {
    answer(status, links, template, "'self'")
}

fn answer(status: StatusCode, links: &Links, template: &impl Template, scripts: &str) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(err) => return poem::Error::from(Problem::failure(Code::Internal, err)).into_response(),
    };
    let policy = format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self'; form-action 'self' {}; \
         base-uri 'none'; frame-ancestors 'none'",
        links.form_targets()
    );
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .body(html)
}

/// The one stylesheet.
#[handler]
pub(crate) fn stylesheet() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../templates/page.css"))
}

/// The one script: it copies a link.
#[handler]
pub(crate) fn copy_script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("../../templates/copy.js"))
}

fn asset(content_type: &str, text: &'static str) -> Response {
    Response::builder()
        .content_type(content_type)
        .header(header::CACHE_CONTROL, "public, max-age=3600")
        .body(text)
}
