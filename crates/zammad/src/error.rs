//! What may go wrong between here and Zammad.

use std::{fmt, sync::Arc, time::Duration};

use family_plan_domain::ports::HelpDeskError;

use crate::Refusal;

/// Why Zammad did not do what it was asked. It never holds a token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ZammadError {
    /// No connection came about, so nothing was sent.
    #[error("no connection to Zammad")]
    Unreachable(#[source] Arc<reqwest::Error>),
    /// It took too long. Whether it did what it was asked is unknown.
    #[error("Zammad did not answer in time")]
    TimedOut,
    /// The connection broke before the answer was complete. Whether it did what it was asked is unknown.
    #[error("the connection to Zammad was lost")]
    Interrupted(#[source] Arc<reqwest::Error>),
    /// It answered that it will not, or cannot.
    #[error("Zammad answered {0}")]
    Refused(Refusal),
    /// It answered with a success that makes no sense.
    #[error("Zammad answered {status}, but {reason}")]
    Unreadable {
        /// The status, between 200 and 299.
        status: u16,
        /// What it calls the request in its log.
        request_id: Option<String>,
        /// What is wrong with the answer. The answer itself may be a secret and is not kept.
        reason: UnreadableReason,
    },
    /// Nothing was sent, because Zammad failed too often in a row and is left alone for a while.
    #[error("Zammad failed again and again and is left alone")]
    BreakerOpen {
        /// How long it is left alone from now on; a guess while one request finds out whether it works again.
        retry_after: Duration,
    },
    /// No calendar has a date for this expiry.
    #[error("the expiry is out of range")]
    ExpiryOutOfRange,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadableReason {
    /// It is longer than any sensible answer.
    TooLong,
    /// It is not JSON: an error page, for instance.
    NotJson,
    /// It is JSON, but something else than was asked for.
    UnexpectedShape,
}

impl fmt::Display for UnreadableReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLong => "the answer is too long",
            Self::NotJson => "the answer is not JSON",
            Self::UnexpectedShape => "the answer has an unexpected shape",
        })
    }
}

impl ZammadError {
    /// The failure of a request, or of reading its answer.
    pub(crate) fn from_transport(err: reqwest::Error) -> Self {
        let err = err.without_url();
        // First, because setting up a connection may time out, too.
        if err.is_connect() {
            Self::Unreachable(Arc::new(err))
        } else if err.is_timeout() {
            Self::TimedOut
        } else {
            Self::Interrupted(Arc::new(err))
        }
    }

    /// Whether trying again may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Interrupted(_) | Self::BreakerOpen { .. } => true,
            Self::Refused(refusal) => refusal.is_overload() || refusal.is_failure(),
            Self::Unreadable { .. } | Self::ExpiryOutOfRange => false,
        }
    }

    /// Whether Zammad, or the way to it, does not work.
    pub(crate) fn is_breakdown(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Interrupted(_) => true,
            Self::Refused(refusal) => refusal.is_failure(),
            Self::Unreadable { .. } | Self::BreakerOpen { .. } | Self::ExpiryOutOfRange => false,
        }
    }

    /// Whether nothing was sent because Zammad is left alone.
    pub(crate) fn is_held_back(&self) -> bool {
        matches!(self, Self::BreakerOpen { .. })
    }

    /// Whether Zammad may nevertheless have done what it was asked.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        match self {
            Self::TimedOut | Self::Interrupted(_) | Self::Unreadable { .. } => true,
            Self::Refused(refusal) => refusal.is_failure(),
            Self::Unreachable(_) | Self::BreakerOpen { .. } | Self::ExpiryOutOfRange => false,
        }
    }

    /// How long Zammad asked to be left alone, or is left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::BreakerOpen { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

impl From<ZammadError> for HelpDeskError {
    fn from(err: ZammadError) -> Self {
        if err.is_transient() {
            Self::Unavailable { retry_after: err.retry_after(), cause: err.into() }
        } else {
            Self::Rejected(err.into())
        }
    }
}
