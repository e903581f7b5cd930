//! What one must know to talk to a Zammad.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use secrecy::SecretString;
use url::Url;

use crate::{Pace, RequestObserver, UnusableToken, Version, Zone};

/// Adds headers to a request; called in the request's span.
pub type AddHeaders = dyn Fn(&mut HeaderMap) + Send + Sync;

/// Which Zammad is talked to, and as whom.
#[derive(Clone)]
pub struct ZammadConfig {
    /// Where it is, without `/api/v1`; a path is kept in front of that.
    pub base_url: Url,
    /// The token of the account that reads users.
    pub read_token: SecretString,
    /// The token of the account that mints. Without one, the account that reads mints, too.
    pub mint_token: Option<SecretString>,
    /// Its release.
    pub version: Version,
    /// Its system time zone; without one, Zammad is asked.
    pub time_zone: Option<Zone>,
    /// How long to wait for it.
    pub pace: Pace,
    /// What every request brings along besides, such as the trace it belongs to.
    pub add_headers: Arc<AddHeaders>,
    /// Who is told of every request, if anybody is.
    pub observer: Option<Arc<dyn RequestObserver>>,
}

impl ZammadConfig {
    /// The current release of Zammad, with one account for everything.
    #[must_use]
    pub fn new(base_url: Url, read_token: SecretString) -> Self {
        Self {
            base_url,
            read_token,
            mint_token: None,
            version: Version::default(),
            time_zone: None,
            pace: Pace::default(),
            add_headers: Arc::new(|_| ()),
            observer: None,
        }
    }
}

/// Why nothing can be done with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The base URL is not a plain `http` or `https` address.
    #[error("the base URL must be http or https, without credentials, query and fragment")]
    BaseUrl,
    /// The token of the account that reads cannot be sent.
    #[error("the read token is unusable")]
    ReadToken(#[source] UnusableToken),
    /// The token of the account that mints cannot be sent.
    #[error("the mint token is unusable")]
    MintToken(#[source] UnusableToken),
    /// There is no time, or no attempt, to do anything in, or no failure to wait for.
    #[error("the deadlines and the numbers of attempts and failures must not be zero")]
    Pace,
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}
