//! Why somebody is not signed in.

use std::sync::Arc;

use poem::http::StatusCode;

use crate::identity::FetchError;

/// Why somebody is not signed in. The texts are for the log, and quote nothing that a browser or provider sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInFailure {
    /// The page to go on to is neither ours nor the dashboard.
    #[error("the address to go on to is not one of ours")]
    ForeignDestination,
    /// The browser did not begin this attempt, or does not remember.
    #[error("the browser did not begin this attempt")]
    UnknownAttempt,
    /// The person took too long.
    #[error("the attempt took too long")]
    Expired,
    /// The person changed their mind.
    #[error("the person declined")]
    Declined,
    /// The provider does not take the code: it was used already, or is too old.
    #[error("the provider does not take the code")]
    CodeRefused,
    /// The provider says that it cannot now.
    #[error("the provider says that it cannot answer now")]
    Unavailable,
    /// What the provider publishes of itself, or its keys, cannot be had.
    #[error("what the provider publishes cannot be had")]
    Unpublished(#[source] Arc<FetchError>),
    /// The provider did not answer when it was sent the code.
    #[error("the provider did not answer when it was sent the code")]
    Unanswered(#[source] reqwest::Error),
    /// The provider does not take this service for what it says it is.
    #[error(
        "the provider refuses the service: {0}; compare AUTH__OIDC_CLIENT_ID, its secret and the redirect URI"
    )]
    Refused(&'static str),
    /// The browser came back with an error. Anybody can come with any.
    #[error("the browser came back with an error: {0}")]
    BroughtBack(&'static str),
    /// The provider's answer has no ID token.
    #[error("the provider sent no ID token")]
    NoIdToken,
    /// The ID token is not for us, or not what was asked for.
    #[error(
        "the provider's ID token is not valid; compare AUTH__ISSUER, the signing algorithm and the clocks"
    )]
    InvalidIdToken,
    /// The ID token does not fit into a cookie.
    #[error(
        "the cookie for the ID token would have {0} bytes, of 4096; let the provider put fewer claims into it"
    )]
    TooLong(usize),
}

impl SignInFailure {
    /// What a provider's `error` means (RFC 6749, 4.1.2.1).
    pub(super) fn of_provider(error: &str) -> Self {
        const KNOWN: [&str; 6] = [
            "invalid_request",
            "unauthorized_client",
            "unsupported_response_type",
            "invalid_scope",
            "invalid_client",
            "unsupported_grant_type",
        ];
        match error {
            "access_denied" => Self::Declined,
            "invalid_grant" => Self::CodeRefused,
            "server_error" | "temporarily_unavailable" => Self::Unavailable,
            _ => Self::Refused(KNOWN.into_iter().find(|it| *it == error).unwrap_or("another error")),
        }
    }

    /// What an `error` means that a browser came back with.
    pub(super) fn brought_back(error: &str) -> Self {
        match Self::of_provider(error) {
            Self::Refused(error) => Self::BroughtBack(error),
            failure => failure,
        }
    }

    /// Whether somebody has to mend something. What may pass, or may be made up, is none of that.
    pub(crate) fn needs_a_person(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NoIdToken | Self::InvalidIdToken | Self::TooLong(_))
    }

    /// The status of the page that tells of it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::ForeignDestination | Self::UnknownAttempt | Self::Expired | Self::CodeRefused => {
                StatusCode::BAD_REQUEST
            }
            Self::Declined => StatusCode::FORBIDDEN,
            Self::Unavailable | Self::Unpublished(_) | Self::Unanswered(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(_)
            | Self::BroughtBack(_)
            | Self::NoIdToken
            | Self::InvalidIdToken
            | Self::TooLong(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// What the person is told, and what they can do.
    pub(crate) fn told(&self) -> (&'static str, &'static str) {
        match self {
            Self::ForeignDestination => (
                "This link leads elsewhere",
                "It would lead to a page that does not belong to this service. Open the link that you were sent once more.",
            ),
            Self::UnknownAttempt => (
                "You are not signed in",
                "This sign-in was not begun in this browser, or the browser does not keep cookies. Allow cookies for this \
                 site, and sign in again.",
            ),
            Self::Expired => {
                ("That took too long", "For your safety a sign-in has to be finished soon. Sign in again.")
            }
            Self::Declined => {
                ("You are not signed in", "You did not sign in, or did not agree. You can try again.")
            }
            Self::CodeRefused => {
                ("This sign-in is over", "It was used already, or took too long. Sign in again.")
            }
            Self::Unavailable | Self::Unpublished(_) | Self::Unanswered(_) => (
                "Signing in does not work at the moment",
                "The service that knows who you are does not answer. Try again in a while.",
            ),
            Self::Refused(_)
            | Self::BroughtBack(_)
            | Self::NoIdToken
            | Self::InvalidIdToken
            | Self::TooLong(_) => (
                "Signing in does not work",
                "Something is set up in a wrong way; the service's operator can see what in the log. When you tell them, \
                 name the request.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_anybody_can_come_back_with_needs_nobody() {
        for error in ["invalid_client", "server_error", "access_denied", "invalid_grant", "", "anything"] {
            assert!(!SignInFailure::brought_back(error).needs_a_person(), "{error}");
        }
        assert!(SignInFailure::of_provider("invalid_client").needs_a_person());
    }
}
