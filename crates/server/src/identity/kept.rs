//! What the identity provider publishes, fetched and kept.

use std::{
    error::Error,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use reqwest::Response;
use serde::de::DeserializeOwned;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

/// Tokens with invented key ids must not make us ask the provider each time.
const PAUSE_BETWEEN_FETCHES: Duration = Duration::from_secs(30);
/// Without anything nobody can sign in, so that it is worth asking again soon.
const PAUSE_WITHOUT_ANY: Duration = Duration::from_secs(1);
/// How long something counts until whoever asks for it makes us look again, without waiting for that.
const RENEWED_AFTER: Duration = Duration::from_mins(10);

/// No provider publishes that much.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There was no answer, or an error.
    #[error("the provider does not answer as it should")]
    Http(#[from] reqwest::Error),
    /// No provider publishes that much.
    #[error("the answer is too long")]
    TooLong,
    /// The answer is not what it should be.
    #[error("the answer cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// None of the keys is of use.
    #[error("there is no key that tokens could be signed with")]
    NoKeys,
    /// The keys are nobody knows where.
    #[error("the provider does not tell where its keys are")]
    NoProvider(#[source] Arc<FetchError>),
    /// It is another provider than the configured one.
    #[error("the provider calls itself by another issuer than the configured one")]
    OtherIssuer,
}

/// Something that a provider publishes.
#[async_trait]
pub(super) trait Published: Send + Sync + 'static {
    /// What it is to this service.
    type Value: Send + Sync;

    /// What the log calls it.
    const NAME: &'static str;

    /// Asks the provider.
    async fn fetch(&self, http: &reqwest::Client) -> Result<Self::Value, FetchError>;
}

/// What was fetched last. It is kept through an outage of the provider, and as long as there is something, nobody who
/// asks for it waits.
pub(super) struct Kept<P: Published>(Arc<Inner<P>>);

struct Inner<P: Published> {
    published: P,
    value: RwLock<Option<Arc<P::Value>>>,
    /// The last attempt to fetch; locked while there is one.
    attempted: Mutex<Option<Attempt<P::Value>>>,
}

/// One attempt to fetch something.
struct Attempt<T> {
    ended: Instant,
    outcome: Result<Arc<T>, Arc<FetchError>>,
}

impl<P: Published> Kept<P> {
    pub(super) fn new(published: P) -> Self {
        Self(Arc::new(Inner { published, value: RwLock::default(), attempted: Mutex::default() }))
    }

    /// What there is.
    pub(super) fn known(&self) -> Option<Arc<P::Value>> {
        self.0.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What there is; fetched when there is nothing. Whoever gets nothing tells why.
    pub(super) async fn get(&self, http: &reqwest::Client) -> Result<Arc<P::Value>, Arc<FetchError>> {
        match self.known() {
            Some(known) => {
                self.renew_in_time(http);
                Ok(known)
            }
            None => self.refresh(http).await,
        }
    }

    /// Fetches it, unless that was done a moment ago. Those who come meanwhile wait for the same attempt.
    pub(super) async fn refresh(&self, http: &reqwest::Client) -> Result<Arc<P::Value>, Arc<FetchError>> {
        let mut attempted = self.0.attempted.lock().await;
        let known = self.known();
        let pause = if known.is_none() { PAUSE_WITHOUT_ANY } else { PAUSE_BETWEEN_FETCHES };
        if let Some(last) = attempted.as_ref().filter(|it| it.ended.elapsed() < pause) {
            return last.outcome.clone();
        }
        let outcome = self.0.published.fetch(http).await.map(Arc::new).map_err(Arc::new);
        match &outcome {
            Ok(value) => {
                *self.0.value.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(value));
            }
            // Nothing fails for want of it, so that nobody else would tell. Once; it goes on until somebody mends it.
            Err(err) if known.is_some() && begins_an_outage(attempted.as_ref()) => {
                let error = &**err as &dyn Error;
                tracing::error!(error, "the identity provider's {} cannot be had", P::NAME);
            }
            Err(_) => (),
        }
        *attempted = Some(Attempt { ended: Instant::now(), outcome: outcome.clone() });
        outcome
    }

    /// Fetches it in the background when the last look was a while ago.
    fn renew_in_time(&self, http: &reqwest::Client) {
        let is_due = match self.0.attempted.try_lock() {
            Ok(attempted) => attempted.as_ref().is_none_or(|it| RENEWED_AFTER <= it.ended.elapsed()),
            Err(_) => false,
        };
        if is_due {
            let (kept, http) = (self.clone(), http.clone());
            tokio::spawn(async move {
                let _ = kept.refresh(&http).await;
            });
        }
    }

    #[cfg(test)]
    pub(super) async fn forget_the_last_attempt(&self) {
        *self.0.attempted.lock().await = None;
    }
}

/// Whether a failure is the first after something was had, or of all.
fn begins_an_outage<T>(last: Option<&Attempt<T>>) -> bool {
    last.is_none_or(|it| it.outcome.is_ok())
}

impl<P: Published> Clone for Kept<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The JSON at `url`.
pub(super) async fn fetch_json<T: DeserializeOwned>(
    http: &reqwest::Client,
    url: Url,
) -> Result<T, FetchError> {
    let sent = http.get(url).send().await.and_then(Response::error_for_status);
    let mut response = sent.map_err(without_query)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(without_query)? {
        if MAX_BYTES < body.len() + chunk.len() {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(serde_json::from_slice(&body)?)
}

/// A query can hold a key.
fn without_query(mut err: reqwest::Error) -> reqwest::Error {
    if let Some(url) = err.url_mut() {
        url.set_query(None);
    }
    err
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Answers as often as it is told to, one way or the other.
    struct Moody(Mutex<Vec<bool>>);

    #[async_trait]
    impl Published for Moody {
        type Value = ();

        const NAME: &'static str = "mood";

        async fn fetch(&self, _http: &reqwest::Client) -> Result<(), FetchError> {
            let answers = self.0.lock().unwrap().remove(0);
            if answers { Ok(()) } else { Err(FetchError::NoKeys) }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_begins_once_until_it_is_over() {
        let http = reqwest::Client::builder().build().unwrap();
        let course =
            [(true, false), (false, true), (false, false), (false, false), (true, false), (false, true)];
        let kept = Kept::new(Moody(Mutex::new(course.map(|(answers, _)| answers).to_vec())));
        for (answers, begins) in course {
            let would_begin = begins_an_outage(kept.0.attempted.lock().await.as_ref());
            let is_answered = kept.refresh(&http).await.is_ok();
            assert_eq!((is_answered, !is_answered && would_begin), (answers, begins));
            tokio::time::advance(PAUSE_BETWEEN_FETCHES).await;
        }
    }
}
