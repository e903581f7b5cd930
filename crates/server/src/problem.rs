//! What goes wrong, as clients see it (RFC 9457).

mod code;
mod listed;
mod refusals;
pub mod render;

use std::{borrow::Cow, error::Error, fmt, time::Duration};

use family_plan_domain::Seats;
use poem::error::ResponseError;
use poem::http::StatusCode;
use poem_openapi::Object;

pub(crate) use self::listed::listed;
pub use self::{
    code::Code,
    listed::{Listed, Refused},
};

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Object)]
#[oai(rename = "FieldError")]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901) into the body, or `/query/name`, `/path/name`, `/header/name`.
    pub pointer: String,
    /// What it must be.
    pub detail: String,
}

/// A refusal or failure on its way to the client.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    seats: Option<Seats>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem that its kind says all about.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            detail: Cow::Borrowed(code.meaning()),
            seats: None,
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// Says more precisely what is wrong.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// A request that breaks rules, with all that it breaks.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(Code::InvalidRequest) }
    }

    /// A plan without a free seat.
    #[must_use]
    pub fn plan_full(seats: Seats) -> Self {
        Self { seats: Some(seats), ..Self::new(Code::PlanFull) }
    }

    /// A failure that needs a person; clients do not learn the cause.
    #[must_use]
    pub fn failure(code: Code, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(code) }
    }

    /// A failure that may be over by then.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// Its kind.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code.as_str())
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|it| &**it as &(dyn Error + 'static))
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.code.status()
    }
}
