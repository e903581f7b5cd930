//! An answer on its way out: headers, and JSON with its keys in no order.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use rand::seq::SliceRandom;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::randomness;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// An answer in Zammad's own words.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    body: Value,
    /// What went wrong, for `X-Failure` and for the HTML error page.
    failure: Option<String>,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body, failure: None }
    }

    pub(crate) fn created(body: Value) -> Self {
        Self { status: StatusCode::CREATED, body, failure: None }
    }

    pub(crate) fn refusal(status: StatusCode, body: Value, text: String) -> Self {
        Self { status, body, failure: Some(text) }
    }

    /// The answer on the wire; refusals become a page for callers that prefer HTML.
    pub(crate) fn into_response(self, prefers_html: bool) -> Response {
        let (content_type, body) = match &self.failure {
            Some(text) if prefers_html => (HTML, error_page(self.status, text)),
            _ => (JSON, shuffled(&self.body)),
        };
        let mut response = plain(self.status, content_type, body);
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        if let Some(text) = self.failure {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&self.status) {
                insert_text(&mut response, "x-failure", &text);
            }
        } else {
            let caching = HeaderValue::from_static("max-age=0, private, must-revalidate");
            headers.insert(header::CACHE_CONTROL, caching);
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            let mut hasher = DefaultHasher::new();
            self.body.hash(&mut hasher);
            insert_text(&mut response, "etag", &format!("W/\"{:016x}\"", hasher.finish()));
        }
        insert_text(&mut response, "x-request-id", &randomness::uuid());
        insert_text(&mut response, "x-runtime", "0.015360");
        response
    }
}

/// A response with nothing but a content type.
pub(crate) fn plain(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn insert_text(response: &mut Response, name: &'static str, text: &str) {
    // Texts with the header's own `From` value in them may not fit into a header.
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

fn error_page(status: StatusCode, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{status}</title></head>\n<body>\n<h1>{status}</h1>\n<p>{text}</p>\n\
         </body>\n</html>\n"
    )
}

/// `value` as JSON, with the keys of every object in random order: no client may rely on one.
fn shuffled(value: &Value) -> String {
    // A value has no key that is no text, so it can always be written.
    serde_json::to_string(&Shuffled(value)).unwrap_or_default()
}

struct Shuffled<'value>(&'value Value);

impl Serialize for Shuffled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(Shuffled)),
            Value::Object(fields) => {
                let mut fields: Vec<(&String, Shuffled<'_>)> =
                    fields.iter().map(|(key, value)| (key, Shuffled(value))).collect();
                fields.shuffle(&mut rand::rng());
                serializer.collect_map(fields)
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shuffling_keeps_the_meaning() {
        let value = json!({"a": [1, {"b\"": null, "c": "ü"}], "d": {}, "e": [], "f": true});

        assert_eq!(serde_json::from_str::<Value>(&shuffled(&value)).unwrap(), value);
    }

    #[test]
    fn keys_do_not_keep_their_order() {
        let value: Value =
            ('a'..='z').map(|it| (it.to_string(), Value::Null)).collect::<serde_json::Map<_, _>>().into();

        assert_ne!(shuffled(&value), shuffled(&value));
    }
}
