//! A request that was read to its end.

use axum::body::{self, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri, header};

const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// A request that was read to its end.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Incoming {
    /// Fails when the client went away or sends too much.
    pub(crate) async fn read(request: Request) -> Result<Self, axum::Error> {
        let (parts, body) = request.into_parts();
        let body = body::to_bytes(body, LARGEST_BODY).await?;
        Ok(Self { method: parts.method, uri: parts.uri, headers: parts.headers, body })
    }

    /// The value of a header, when it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn has_json_body(&self) -> bool {
        self.header(header::CONTENT_TYPE.as_str()).is_some_and(|it| it.contains("json"))
            && !self.body.is_empty()
    }

    /// Whether Rails renders HTML for this request: no `Accept`, a browser's list, or HTML before JSON.
    pub(crate) fn prefers_html(&self) -> bool {
        let Some(accept) = self.header(header::ACCEPT.as_str()).filter(|it| !it.trim().is_empty()) else {
            return true;
        };
        let mut wanted: Vec<(&str, f32)> = accept.split(',').map(media_range).collect();
        // Rails takes a list with `*/*` in it for a browser's, and ignores the whole of it.
        if 1 < wanted.len() && wanted.iter().any(|(range, _)| *range == "*/*") {
            return true;
        }
        wanted.sort_by(|left, right| right.1.total_cmp(&left.1));
        let known = ["text/html", "application/xhtml+xml", "application/json", "*/*"];
        wanted
            .iter()
            .find(|(range, _)| known.contains(range))
            .is_some_and(|(range, _)| range.contains("html"))
    }
}

fn media_range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default();
    let quality = parts.find_map(|it| it.strip_prefix("q=")).and_then(|it| it.parse().ok()).unwrap_or(1.0);
    (range, quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefers_html(accept: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        let incoming =
            Incoming { method: Method::GET, uri: Uri::from_static("/"), headers, body: Bytes::new() };
        incoming.prefers_html()
    }

    #[test]
    fn json_and_anything_are_answered_with_json() {
        assert!(!prefers_html("application/json"));
        assert!(!prefers_html("*/*"));
        assert!(!prefers_html("text/html;q=0.5, application/json"));
    }

    #[test]
    fn html_and_a_browsers_list_are_answered_with_html() {
        assert!(prefers_html("text/html"));
        assert!(prefers_html("text/html, application/json"));
        assert!(prefers_html("application/json, text/plain, */*"));
    }
}
