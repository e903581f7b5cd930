//! Whoever wants to know of every request that is sent to Zammad.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, Request};
use tokio::time::Instant;

use crate::ZammadError;

macro_rules! names {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type {
            $($(#[$doc])* $variant,)+
        }

        impl $type {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name, as metrics have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

names! {
    /// What a request asks for.
    RequestOperation {
        /// To make a token.
        MintToken = "mint_token",
        /// The tokens of an account.
        ListTokens = "list_tokens",
        /// To delete a token.
        DeleteToken = "delete_token",
        /// The account that asks.
        ReadAccount = "read_account",
        /// A page of all users.
        ListUsers = "list_users",
        /// The users that changed.
        SearchUsers = "search_users",
        /// One user.
        ReadUser = "read_user",
        /// To write the plan in force to a user.
        WriteUser = "write_user",
        /// The instance itself: its release, time zone and attributes.
        ReadInstance = "read_instance",
    }
}

names! {
    /// How a request went.
    RequestOutcome {
        /// It did what it was asked.
        Ok = "ok",
        /// It will not (a redirect or 4xx). Also how it says that something is not there.
        Refused = "refused",
        /// There were too many requests (429).
        RateLimited = "rate_limited",
        /// Something broke at Zammad, or on the way (5xx).
        ServerError = "server_error",
        /// It took too long.
        TimedOut = "timed_out",
        /// No connection came about.
        Unreachable = "unreachable",
        /// The connection broke.
        Interrupted = "interrupted",
        /// The answer made no sense.
        Unreadable = "unreadable",
        /// Nobody waited for the answer.
        Abandoned = "abandoned",
    }
}

/// Is told of every request that is sent. What is held back while Zammad is left alone is none.
pub trait RequestObserver: Send + Sync {
    /// A request took so long, until its answer was read. Must not block.
    fn requested(&self, operation: RequestOperation, outcome: RequestOutcome, took: Duration);
}

impl RequestOperation {
    fn at(method: &Method, path: &str) -> Self {
        let path = path.rsplit_once("/api/v1/").map_or("", |(_, path)| path);
        let mut parts = path.split('/');
        match (method.as_str(), parts.next().unwrap_or_default(), parts.next()) {
            ("POST", "user_access_token", None) => Self::MintToken,
            ("GET", "user_access_token", None) => Self::ListTokens,
            ("DELETE", "user_access_token", Some(_)) => Self::DeleteToken,
            ("GET", "users", None) => Self::ListUsers,
            ("GET", "users", Some("me")) => Self::ReadAccount,
            (_, "users", Some("search")) => Self::SearchUsers,
            ("PUT", "users", Some(_)) => Self::WriteUser,
            (_, "users", Some(_)) => Self::ReadUser,
            _ => Self::ReadInstance,
        }
    }
}

impl RequestOutcome {
    fn of<T>(outcome: &Result<T, ZammadError>) -> Self {
        match outcome {
            Ok(_) => Self::Ok,
            Err(ZammadError::Refused(refusal)) if refusal.is_overload() => Self::RateLimited,
            Err(ZammadError::Refused(refusal)) if refusal.is_failure() => Self::ServerError,
            Err(ZammadError::Refused(_)) => Self::Refused,
            Err(ZammadError::TimedOut) => Self::TimedOut,
            Err(ZammadError::Unreachable(_)) => Self::Unreachable,
            Err(ZammadError::Interrupted(_)) => Self::Interrupted,
            Err(ZammadError::Unreadable { .. }) => Self::Unreadable,
            // Neither concerns a request that was sent.
            Err(ZammadError::BreakerOpen { .. } | ZammadError::ExpiryOutOfRange) => Self::Abandoned,
        }
    }
}

/// One request. When it is dropped, the observer is told how it went.
#[must_use]
pub(crate) struct Observed {
    observer: Option<Arc<dyn RequestObserver>>,
    operation: RequestOperation,
    began_at: Instant,
    outcome: RequestOutcome,
}

impl Observed {
    /// `request` is about to be sent.
    pub(crate) fn begin(observer: Option<Arc<dyn RequestObserver>>, request: &Request) -> Self {
        Self {
            observer,
            operation: RequestOperation::at(request.method(), request.url().path()),
            began_at: Instant::now(),
            outcome: RequestOutcome::Abandoned,
        }
    }

    /// Takes note of how the request went so far; what comes later replaces it.
    pub(crate) fn judge<T>(&mut self, outcome: &Result<T, ZammadError>) {
        self.outcome = RequestOutcome::of(outcome);
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.requested(self.operation, self.outcome, self.began_at.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_told_by_method_and_path() {
        use RequestOperation as Op;

        for (method, path, expected) in [
            (Method::POST, "/api/v1/user_access_token", Op::MintToken),
            (Method::GET, "/zammad/api/v1/user_access_token", Op::ListTokens),
            (Method::DELETE, "/api/v1/user_access_token/7", Op::DeleteToken),
            (Method::GET, "/api/v1/users", Op::ListUsers),
            (Method::GET, "/api/v1/users/me", Op::ReadAccount),
            (Method::GET, "/api/v1/users/search", Op::SearchUsers),
            (Method::POST, "/api/v1/users/search", Op::SearchUsers),
            (Method::GET, "/api/v1/users/17", Op::ReadUser),
            (Method::PUT, "/api/v1/users/17", Op::WriteUser),
            (Method::GET, "/api/v1/version", Op::ReadInstance),
            (Method::GET, "/api/v1/signshow", Op::ReadInstance),
        ] {
            assert_eq!(Op::at(&method, path), expected, "{method} {path}");
        }
    }
}
