//! What was asked of the simulator.

use axum::http::{HeaderMap, Uri};

use crate::incoming::Incoming;
use crate::operation::Operation;

/// A request as it came in, credentials included.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// What it asked for.
    pub operation: Operation,
    /// The method, such as `POST`.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without the question mark, or empty.
    pub query: String,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl RecordedRequest {
    /// The first value of a header, whatever the case of `name`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What was asked so far.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    requests: Vec<RecordedRequest>,
}

impl Journal {
    pub(crate) fn record(&mut self, incoming: &Incoming, operation: Operation) {
        self.requests.push(RecordedRequest {
            operation,
            method: incoming.method.to_string(),
            path: incoming.uri.path().to_owned(),
            query: Uri::query(&incoming.uri).unwrap_or_default().to_owned(),
            headers: readable(&incoming.headers),
            body: String::from_utf8_lossy(&incoming.body).into_owned(),
        });
    }

    pub(crate) fn requests(&self) -> &[RecordedRequest] {
        &self.requests
    }

    pub(crate) fn count(&self, operation: Operation) -> usize {
        self.requests.iter().filter(|it| it.operation == operation).count()
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}

fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    let value = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, it)| (name.to_string(), value(it))).collect()
}
