//! What each kind of problem means, for whoever follows its `type`.

use std::sync::Arc;

use askama::Template;
use poem::{
    Request, Response, handler,
    http::{StatusCode, header},
    web::{Data, Path},
};
use serde_json::json;

use super::page;
use crate::{
    problem::{Code, Problem},
    service::Service,
};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    base: &'a str,
    title: &'a str,
    code: &'a str,
    status: u16,
    meaning: &'a str,
    remedy: &'a str,
}

/// Explains a kind of problem: as a page, or as JSON to who accepts that rather.
#[handler]
pub(crate) fn problem_page(
    request: &Request,
    Path(name): Path<String>,
    Data(service): Data<&Arc<Service>>,
) -> poem::Result<Response> {
    let code = Code::parse(&name).ok_or_else(|| Problem::new(Code::NotFound))?;
    if prefers_json(request) {
        let body = json!({
            "code": code.as_str(),
            "title": code.title(),
            "status": code.status().as_u16(),
            "meaning": code.meaning(),
            "remedy": code.remedy(),
        });
        return Ok(Response::builder().content_type("application/json").body(body.to_string()));
    }
    let template = ProblemPage {
        base: service.links.public_url.path(),
        title: code.title(),
        code: code.as_str(),
        status: code.status().as_u16(),
        meaning: code.meaning(),
        remedy: code.remedy(),
    };
    Ok(page(StatusCode::OK, &service.links, &template))
}

fn prefers_json(request: &Request) -> bool {
    let accept = request.header(header::ACCEPT).unwrap_or_default();
    let place = |kind: &str| accept.find(kind);
    match (place("json"), place("text/html")) {
        (Some(json), Some(html)) => json < html,
        (json, _) => json.is_some(),
    }
}
