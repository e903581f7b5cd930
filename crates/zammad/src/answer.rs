//! Successful answers, read within bounds.

use reqwest::Response;
use serde::de::DeserializeOwned;
use tracing::Span;

use crate::{UnreadableReason, ZammadError, breaker::Permit, observer::Observed, traced};

/// An answer with a status between 200 and 299, of which only the head was read.
pub(crate) struct Answer {
    response: Response,
    request_id: Option<String>,
    permit: Permit,
    /// The request takes until the body is read.
    observed: Observed,
    span: Span,
}

impl Answer {
    pub(crate) fn new(
        response: Response,
        request_id: Option<String>,
        permit: Permit,
        observed: Observed,
        span: Span,
    ) -> Self {
        Self { response, request_id, permit, observed, span }
    }

    /// The body, which must be JSON of at most `max_bytes`.
    pub(crate) async fn json<T: DeserializeOwned>(mut self, max_bytes: usize) -> Result<T, ZammadError> {
        let outcome = read_at_most(&mut self.response, max_bytes).await.map_err(ZammadError::from_transport);
        self.permit.judge(&outcome);
        let read = outcome.and_then(|body| self.parse(body));
        self.observed.judge(&read);
        if let Err(err) = &read {
            traced::note_failure(&self.span, err);
        }
        read
    }

    fn parse<T: DeserializeOwned>(&self, body: Option<Vec<u8>>) -> Result<T, ZammadError> {
        let body = body.ok_or_else(|| self.unreadable(UnreadableReason::TooLong))?;
        // The parser's own message may quote the body, which may be a token.
        serde_json::from_slice(&body).map_err(|err| {
            self.unreadable(if err.is_data() {
                UnreadableReason::UnexpectedShape
            } else {
                UnreadableReason::NotJson
            })
        })
    }

    fn unreadable(&self, reason: UnreadableReason) -> ZammadError {
        ZammadError::Unreadable {
            status: self.response.status().as_u16(),
            request_id: self.request_id.clone(),
            reason,
        }
    }
}

/// The body, or `None` when there is more of it.
pub(crate) async fn read_at_most(
    response: &mut Response,
    max_bytes: usize,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if max_bytes - body.len() < chunk.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
