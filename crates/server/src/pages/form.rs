//! What a form posts, and what a page's address asks for.

use poem::{Body, Request};
use url::form_urlencoded;

use crate::{problem::Problem, upload::unreadable};

/// The fields of a form, as they were posted.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body of at most `limit` bytes. What is no form has no fields.
    ///
    /// # Errors
    ///
    /// `payload_too_large`, `request_timeout`.
    pub(super) async fn read(body: Body, limit: usize) -> Result<Self, Problem> {
        let read = body.into_bytes_limit(limit).await;
        let bytes = read.map_err(|err| Problem::new(unreadable(&err)))?;
        Ok(Self::of(&bytes))
    }

    /// What stands behind the question mark of an address: a form is encoded like that.
    pub(super) fn of_query(request: &Request) -> Self {
        Self::of(request.uri().query().unwrap_or_default())
    }

    /// Takes text for a form.
    pub(super) fn of(text: impl AsRef<[u8]>) -> Self {
        Self(form_urlencoded::parse(text.as_ref()).into_owned().collect())
    }

    /// The first value of a field, as it was typed.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The value of a field that comes exactly once, as it was typed.
    pub(super) fn once(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(it, _)| it == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }

    /// The whole number in a field that comes exactly once.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.once(name)?.parse().ok()
    }
}
