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

/// A page as an answer, with the headers that keep it safe: no script, no foreign content, no frame around it. A form
/// may lead to the dashboard, or to sign in again, since browsers look at where a form's answer redirects to as well.
pub(crate) fn page(status: StatusCode, links: &Links, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(err) => return poem::Error::from(Problem::failure(Code::Internal, err)).into_response(),
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {} {}; base-uri 'none'; \
         frame-ancestors 'none'",
        links.dashboard_url.origin().ascii_serialization(),
        links.login_url.origin().ascii_serialization()
    );
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(html)
}

/// The browser of the API: a page of the framework's, with a script in it.
pub(crate) fn browser(html: &str) -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(html.to_owned())
}

/// The one stylesheet.
#[handler]
pub(crate) fn stylesheet() -> Response {
    Response::builder()
        .content_type("text/css; charset=utf-8")
        .header(header::CACHE_CONTROL, "public, max-age=3600")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(include_str!("../../templates/page.css"))
}
