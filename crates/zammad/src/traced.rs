//! What traces tell of a request: what it asks for, not whom it is about.

use reqwest::{Request, Response};
use tracing::{Span, field::Empty};

use crate::ZammadError;

/// What every path of Zammad's API begins with, behind the path that Zammad itself may be under.
const API: &str = "/api/v1/";

/// The span of one request: of each attempt, if there are several.
pub(crate) fn span_of(request: &Request) -> Span {
    tracing::info_span!(
        "zammad request",
        method = %request.method(),
        host = request.url().host_str(),
        template = template(request.url().path()),
        status = Empty,
        failure = Empty,
    )
}

/// Notes what came of it.
pub(crate) fn note(span: &Span, outcome: &Result<Response, ZammadError>) {
    match outcome {
        Ok(response) => note_status(span, response.status().as_u16()),
        Err(err) => note_failure(span, err),
    }
}

/// Notes how it failed, in a word.
pub(crate) fn note_failure(span: &Span, err: &ZammadError) {
    let failure = match err {
        ZammadError::Refused(refusal) => return note_status(span, refusal.status),
        ZammadError::Unreachable(_) => "unreachable",
        ZammadError::TimedOut => "timed_out",
        ZammadError::Interrupted(_) => "interrupted",
        ZammadError::Unreadable { .. } => "unreadable",
        // Nothing was sent.
        ZammadError::BreakerOpen { .. } | ZammadError::ExpiryOutOfRange => return,
    };
    span.record("failure", failure);
}

fn note_status(span: &Span, status: u16) {
    span.record("status", i64::from(status));
}

/// `/api/v1/users/{id}`: the path without what stands in it of whom it is about.
fn template(path: &str) -> String {
    let path = path.split_once(API).map_or("", |(_, path)| path);
    let is_word = |it: &str| it.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
    let segments = path.split('/').map(|it| if is_word(it) { it } else { "{id}" });
    format!("{API}{}", segments.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_does_not_tell_whom_it_is_about() {
        for (path, expected) in [
            ("/api/v1/users/me", "/api/v1/users/me"),
            ("/api/v1/users/17", "/api/v1/users/{id}"),
            ("/zammad/api/v1/user_access_token/3", "/api/v1/user_access_token/{id}"),
            ("/api/v1/users/ann@example.com/x", "/api/v1/users/{id}/x"),
            ("/elsewhere/17", "/api/v1/"),
        ] {
            assert_eq!(template(path), expected);
        }
    }
}
