//! Requests that have their effect once, however often they are sent.

use std::{error::Error, sync::Arc};

use family_plan_domain::{
    BodyDigest, Claimed, KeptAnswer, KeyDigest, KeyedRequest, Lease, Origin, Plan,
    ports::{Clock, IdempotencyKeys, Ids, Plans, SaveOnceError, StoreError},
};
use secrecy::{ExposeSecret, SecretString};
use time::{Duration, OffsetDateTime};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{Caller, invite_code::sha256, to_the_end::to_the_end};

/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::DAY;
const FORGET_AT_ONCE: usize = 1_000;
const MAX_CHARS: usize = 255;

/// What a client calls a request, to be able to send it again. Whatever it is made of, it is not shown.
#[derive(Debug)]
pub struct IdempotencyKey(SecretString);

impl IdempotencyKey {
    /// Reads a key: 1 to 255 visible ASCII characters. `None` when it is something else.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_key = (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic());
        is_key.then(|| Self(text.into()))
    }

    /// The request of that key from `caller` to `route`, which names whatever it is about. A key means nothing to
    /// another caller, nor elsewhere.
    #[must_use]
    pub fn of(&self, caller: &Caller, route: &str, body: &[u8]) -> KeyedRequest {
        // None of them holds a NUL, so that they cannot be mistaken for one another.
        let key = [caller.user.as_str(), route, self.0.expose_secret()].join("\0");
        KeyedRequest { key: KeyDigest::from(sha256(key.as_bytes())), body: BodyDigest::from(sha256(body)) }
    }
}

/// What a request came to.
#[derive(Debug)]
pub enum Once<T> {
    /// It was carried out.
    First(T),
    /// It had been carried out before, and answered this.
    Again(String),
}

/// Why a keyed request is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OnceError<E> {
    /// The key belongs to a request with another body.
    #[error("the key was used for another request")]
    Reused,
    /// The same request is being carried out.
    #[error("the same request is being carried out")]
    InProgress,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was refused, or failed, which frees the key.
    #[error(transparent)]
    Work(E),
}

/// Carries keyed requests out once.
#[derive(Clone)]
pub struct Idempotency {
    /// Where they are kept.
    pub keys: Arc<dyn IdempotencyKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Longer than any request takes, and as long as a key stays taken whose request was killed.
    pub lease: Duration,
    /// Work that goes on when nobody waits for it; the server awaits it when it stops.
    pub background: TaskTracker,
}

impl Idempotency {
    /// Carries `request` out by `work`, or answers what it answered before. Goes on to its end even if the caller goes
    /// away, so that whoever sends it again finds what came of it.
    ///
    /// `work` must save by the [`Saving`] that it is given; `encode` says in which words its answer is kept, which must
    /// hold no secret. Only answers are kept: whatever is refused or fails may be tried again at once.
    ///
    /// # Errors
    ///
    /// See [`OnceError`].
    pub async fn once<R, T, E, F>(
        &self,
        request: KeyedRequest,
        encode: impl Fn(&R) -> String + Send + Sync + 'static,
        work: impl FnOnce(Saving<R>) -> F + Send + 'static,
    ) -> Result<Once<T>, OnceError<E>>
    where
        R: 'static,
        T: Send + 'static,
        E: Send + 'static,
        F: Future<Output = Result<T, E>> + Send,
    {
        let this = self.clone();
        to_the_end(&self.background, async move {
            let (holder, now) = (this.ids.next(), this.clock.now());
            let lease = Lease { holder, until: now + this.lease };
            match this.keys.claim(request, lease, now).await? {
                Claimed::Fresh => (),
                Claimed::Answered(text) => return Ok(Once::Again(text)),
                Claimed::Running => return Err(OnceError::InProgress),
                Claimed::OtherBody => return Err(OnceError::Reused),
            }
            let saving = Saving(Some(Keeper { key: request.key, holder, encode: Box::new(encode) }));
            match work(saving).await {
                Ok(done) => Ok(Once::First(done)),
                Err(err) => {
                    this.release(request.key, holder).await;
                    Err(OnceError::Work(err))
                }
            }
        })
        .await
    }

    /// What failed may have been saved all the same; then it is answered, and stays so.
    async fn release(&self, key: KeyDigest, holder: Uuid) {
        if let Err(err) = self.keys.release(key, holder).await {
            tracing::warn!(
                error = &err as &dyn Error,
                "an idempotency key stays taken until its lease is over"
            );
        }
    }

    /// Drops keys whose time is over.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        while self.keys.forget(now, FORGET_AT_ONCE).await? == FORGET_AT_ONCE {}
        Ok(())
    }
}

/// How a use case saves what it decided: by itself, or together with its answer for whoever sends the same request again.
pub struct Saving<R>(Option<Keeper<R>>);

struct Keeper<R> {
    key: KeyDigest,
    holder: Uuid,
    encode: Box<dyn Fn(&R) -> String + Send + Sync>,
}

impl<R> Saving<R> {
    /// Nobody is told again.
    pub(crate) fn plain() -> Self {
        Self(None)
    }

    /// Saves `plan`, which came to be answered by `report`.
    pub(crate) async fn save(
        &self,
        plans: &dyn Plans,
        plan: &Plan,
        origin: &Origin,
        report: &R,
    ) -> Result<(), SaveOnceError> {
        match &self.0 {
            None => Ok(plans.save(plan, origin).await?),
            Some(keeper) => plans.save_once(plan, origin, &keeper.kept(report, origin.at)).await,
        }
    }

    /// The answer that is to be kept, if one is, in the same step as what came to be answered by `report`.
    pub(crate) fn kept(&self, report: &R, at: OffsetDateTime) -> Option<KeptAnswer> {
        self.0.as_ref().map(|it| it.kept(report, at))
    }
}

impl<R> Keeper<R> {
    fn kept(&self, report: &R, at: OffsetDateTime) -> KeptAnswer {
        KeptAnswer { key: self.key, holder: self.holder, text: (self.encode)(report), until: at + KEPT_FOR }
    }
}
