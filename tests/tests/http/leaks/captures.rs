//! Everything that got out of a run, by where it got to.

use family_plan_zammad_simulator::RecordedRequest;
use wiremock::Request;

use super::{operations::Operations, proxy::Exchange};
use crate::receiver::Received;

/// Something that got out.
pub(crate) struct Capture {
    /// Where to: `log`, `answer/<operation>/<status>/<head or body>`, `sentry/…`, `zammad/…`, `receiver/…`,
    /// `metrics`, `spans`, `database/<table>.<column>`, `files`.
    pub(crate) place: String,
    pub(crate) bytes: Vec<u8>,
}

impl Capture {
    pub(crate) fn new(place: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { place: place.into(), bytes: bytes.into() }
    }
}

/// What clients were answered.
pub(super) fn answers(exchanges: &[Exchange], operations: &Operations) -> Vec<Capture> {
    let mut captures = Vec::new();
    for Exchange { method, path, status, head, body } in exchanges {
        let operation = operations.of(method, path).unwrap_or("none");
        captures.push(Capture::new(format!("answer/{operation}/{status}/head"), head.as_slice()));
        captures.push(Capture::new(format!("answer/{operation}/{status}/body"), body.as_slice()));
    }
    captures
}

/// What a Sentry was told: the requests, whose first line in the body is about the envelope.
pub(super) fn envelopes(requests: &[Request]) -> Vec<Capture> {
    let mut captures = Vec::new();
    for request in requests {
        let head = format!("{} {:?}", request.url, request.headers);
        let end = request.body.iter().position(|it| *it == b'\n').unwrap_or(request.body.len());
        let (envelope, items) = request.body.split_at(end);
        captures.extend([
            Capture::new("sentry/head", head),
            Capture::new("sentry/envelope", envelope),
            Capture::new("sentry/items", items),
        ]);
    }
    captures
}

/// What the helpdesk was asked.
pub(super) fn helpdesk_requests(requests: &[RecordedRequest]) -> Vec<Capture> {
    let mut captures = Vec::new();
    for RecordedRequest { path, query, headers, body, .. } in requests {
        captures.push(Capture::new("zammad/path", path.as_str()));
        captures.push(Capture::new("zammad/query", query.as_str()));
        captures.push(Capture::new("zammad/body", body.as_str()));
        captures.extend(headers.iter().map(|(name, it)| Capture::new(format!("zammad/{name}"), it.as_str())));
    }
    captures
}

/// What endpoints were told.
pub(super) fn events(received: &[Received]) -> Vec<Capture> {
    let mut captures = Vec::new();
    for Received { request_line, headers, body } in received {
        captures.push(Capture::new("receiver/head", format!("{request_line} {headers:?}")));
        captures.push(Capture::new("receiver/body", body.as_str()));
    }
    captures
}
