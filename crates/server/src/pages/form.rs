//! What a form posts.

use poem::Body;
use url::form_urlencoded;

use crate::problem::{Code, Problem};

/// The fields of a form, as they were posted.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body of at most `limit` bytes. What is no form has no fields.
    ///
    /// # Errors
    ///
    /// `payload_too_large`.
    pub(super) async fn read(body: Body, limit: usize) -> Result<Self, Problem> {
        let Ok(bytes) = body.into_bytes_limit(limit).await else {
            return Err(Problem::new(Code::PayloadTooLarge));
        };
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }

    /// The first value of a field, as it was typed.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}
