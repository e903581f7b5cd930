//! Endpoints, for administrators.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use family_plan_domain::{
    DisableReason, Edit, Endpoint, EndpointId, EndpointUrl, EventFilter, EventId, FeedPlace, Outgoing,
    OutgoingState, Remark, RetiringSecret, SealedSecret,
    ports::{Clock, Endpoints, EventSender, Ids, Outbox, SaveError, StoreError, UnfitTarget},
};
use secrecy::SecretString;
use time::OffsetDateTime;

use crate::{
    Caller, EndpointSecretError, EndpointSecrets, Page, PageSize, SaveFailure, Saving, attempts::Attempts,
};

/// Why nothing is done with an endpoint.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Only administrators deal with endpoints.
    #[error("the caller is no administrator")]
    Forbidden,
    /// There is no such endpoint.
    #[error("there is no such endpoint")]
    NotFound,
    /// There is no such event.
    #[error("there is no such event")]
    NoSuchEvent,
    /// Nothing may be sent to its address.
    #[error(transparent)]
    Unfit(#[from] UnfitTarget),
    /// It cannot have a secret.
    #[error(transparent)]
    Secret(#[from] EndpointSecretError),
    /// Its secret was shown before, and cannot be shown again.
    #[error("the key that the secret was sealed with is configured no longer")]
    KeyRotated,
    /// The change could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

impl From<StoreError> for EndpointError {
    fn from(err: StoreError) -> Self {
        Self::Save(err.into())
    }
}

/// What an administrator says of an endpoint; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointChanges {
    /// Where events are sent to.
    pub url: Option<EndpointUrl>,
    /// What others shall read of it.
    pub description: Edit<Remark>,
    /// Which events it is told of.
    pub filter: Option<EventFilter>,
    /// Whether it is told at all.
    pub enabled: Option<bool>,
}

impl EndpointChanges {
    fn apply_to(&self, endpoint: &mut Endpoint, now: OffsetDateTime) {
        let before = endpoint.clone();
        if let Some(url) = &self.url {
            endpoint.url = url.clone();
        }
        if let Edit::Set(description) = &self.description {
            endpoint.description.clone_from(description);
        }
        if let Some(filter) = &self.filter {
            endpoint.filter = filter.clone();
        }
        match self.enabled {
            Some(true) => endpoint.enable(now),
            Some(false) => endpoint.disable(DisableReason::Requested, now),
            None => (),
        }
        if *endpoint != before {
            endpoint.updated_at = now;
        }
    }
}

/// What an endpoint is to be told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// That event, whether it wants such ones or not.
    Event(EventId),
    /// All that it wants and that happened since then.
    Since(OffsetDateTime),
}

/// The secret of an endpoint as it is kept, for an answer that shall hold it again.
#[must_use]
pub fn sealed(endpoint: &Endpoint) -> String {
    STANDARD.encode(&endpoint.secret.0)
}

/// Administers endpoints.
#[derive(Clone)]
pub struct AdministerEndpoints {
    /// Where endpoints are kept.
    pub endpoints: Arc<dyn Endpoints>,
    /// Where what they are to be told is kept.
    pub outbox: Arc<dyn Outbox>,
    /// Who tells them.
    pub sender: Arc<dyn EventSender>,
    /// Their secrets.
    pub secrets: Arc<EndpointSecrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

impl AdministerEndpoints {
    /// Whether `caller` may deal with endpoints.
    ///
    /// # Errors
    ///
    /// [`EndpointError::Forbidden`].
    pub fn check(caller: &Caller) -> Result<(), EndpointError> {
        if caller.is_admin { Ok(()) } else { Err(EndpointError::Forbidden) }
    }

    /// Adds an endpoint at `url`, which is told of what happens from now on; answers its secret, too, which nobody is told
    /// again.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn add(
        &self,
        caller: &Caller,
        url: EndpointUrl,
        changes: &EndpointChanges,
    ) -> Result<(Endpoint, SecretString), EndpointError> {
        self.add_once(caller, url, changes, Saving::plain()).await
    }

    /// The same [once](crate::Idempotency::once).
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn add_once(
        &self,
        caller: &Caller,
        url: EndpointUrl,
        changes: &EndpointChanges,
        saving: Saving<Endpoint>,
    ) -> Result<(Endpoint, SecretString), EndpointError> {
        Self::check(caller)?;
        self.sender.check(url.clone()).await?;
        let id = EndpointId::from(self.ids.next());
        let (secret, sealed) = self.secrets.make(id)?;
        let now = self.clock.now();
        let mut endpoint = Endpoint::new(id, url, sealed, now);
        changes.apply_to(&mut endpoint, now);
        let mut attempts = Attempts::default();
        loop {
            let added = match saving.kept(&endpoint, now) {
                None => {
                    self.endpoints.add(endpoint.clone()).await.map_err(SaveError::from).map_err(Into::into)
                }
                Some(answer) => self.endpoints.add_once(endpoint.clone(), answer).await,
            };
            match added {
                Ok(()) => return Ok((endpoint, secret)),
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }

    /// The secret of an endpoint as [`sealed`] has it: for whoever was told it before, and sends the same request again.
    ///
    /// # Errors
    ///
    /// [`EndpointError::KeyRotated`].
    pub fn recall_secret(&self, endpoint: EndpointId, sealed: &str) -> Result<SecretString, EndpointError> {
        let sealed = STANDARD.decode(sealed).map_err(|_| EndpointError::KeyRotated)?;
        let opened = self.secrets.open(endpoint, &SealedSecret(sealed));
        opened.map(|it| it.secret).map_err(|_| EndpointError::KeyRotated)
    }

    /// A page of endpoints, the oldest first.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn list(
        &self,
        caller: &Caller,
        after: Option<EndpointId>,
        size: PageSize,
    ) -> Result<Page<Endpoint, EndpointId>, EndpointError> {
        Self::check(caller)?;
        let mut endpoints = self.endpoints.list().await?;
        endpoints.retain(|it| after < Some(it.id));
        Ok(Page::new(endpoints, size, |it| it.id))
    }

    /// One endpoint.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn find(&self, caller: &Caller, endpoint: EndpointId) -> Result<Endpoint, EndpointError> {
        Self::check(caller)?;
        self.endpoints.find(endpoint).await?.ok_or(EndpointError::NotFound)
    }

    /// Changes an endpoint. One that is enabled again is told of what happened meanwhile.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn change(
        &self,
        caller: &Caller,
        endpoint: EndpointId,
        changes: &EndpointChanges,
    ) -> Result<Endpoint, EndpointError> {
        self.find(caller, endpoint).await?;
        if let Some(url) = &changes.url {
            self.sender.check(url.clone()).await?;
        }
        let now = self.clock.now();
        let (before, after) =
            self.update(endpoint, now, &Saving::plain(), |it| changes.apply_to(it, now)).await?;
        if before.disabled.is_some() && after.disabled.is_none() {
            self.outbox.wake(endpoint, now).await?;
        }
        Ok(after)
    }

    /// Gives an endpoint another secret. The former one signs too for a day.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn rotate_secret(
        &self,
        caller: &Caller,
        endpoint: EndpointId,
    ) -> Result<(Endpoint, SecretString), EndpointError> {
        self.rotate_secret_once(caller, endpoint, Saving::plain()).await
    }

    /// The same [once](crate::Idempotency::once).
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn rotate_secret_once(
        &self,
        caller: &Caller,
        endpoint: EndpointId,
        saving: Saving<Endpoint>,
    ) -> Result<(Endpoint, SecretString), EndpointError> {
        Self::check(caller)?;
        let (secret, sealed) = self.secrets.make(endpoint)?;
        let now = self.clock.now();
        let rotate = |it: &mut Endpoint| {
            it.rotate(sealed.clone(), now);
            // One that nobody can read cannot sign, and nothing is sent unless all that should have signed.
            let is_readable = |it: &RetiringSecret| self.secrets.open(endpoint, &it.secret).is_ok();
            it.retiring = it.retiring.take().filter(is_readable);
        };
        let (_, rotated) = self.update(endpoint, now, &saving, rotate).await?;
        Ok((rotated, secret))
    }

    /// Removes an endpoint, and all that it was to be told.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn remove(&self, caller: &Caller, endpoint: EndpointId) -> Result<(), EndpointError> {
        Self::check(caller)?;
        if self.endpoints.remove(endpoint).await? { Ok(()) } else { Err(EndpointError::NotFound) }
    }

    /// What an endpoint is, or was, to be told: the latest first, before `before`, only in `state` if there is one.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn deliveries(
        &self,
        caller: &Caller,
        endpoint: EndpointId,
        state: Option<OutgoingState>,
        before: Option<FeedPlace>,
        size: PageSize,
    ) -> Result<Page<Outgoing, FeedPlace>, EndpointError> {
        self.find(caller, endpoint).await?;
        let outgoing = self.outbox.list(endpoint, state, before, size.with_one_more()).await?;
        Ok(Page::new(outgoing, size, |it| it.place))
    }

    /// Has an endpoint told again.
    ///
    /// # Errors
    ///
    /// See [`EndpointError`].
    pub async fn replay(
        &self,
        caller: &Caller,
        endpoint: EndpointId,
        replay: Replay,
    ) -> Result<(), EndpointError> {
        self.find(caller, endpoint).await?;
        let now = self.clock.now();
        match replay {
            Replay::Since(since) => Ok(self.outbox.replay_since(endpoint, since, now).await?),
            Replay::Event(event) if self.outbox.replay(endpoint, event, now).await? => Ok(()),
            Replay::Event(_) => Err(EndpointError::NoSuchEvent),
        }
    }

    /// The endpoint before and after.
    async fn update(
        &self,
        endpoint: EndpointId,
        now: OffsetDateTime,
        saving: &Saving<Endpoint>,
        change: impl Fn(&mut Endpoint),
    ) -> Result<(Endpoint, Endpoint), EndpointError> {
        let mut attempts = Attempts::default();
        loop {
            let before = self.endpoints.find(endpoint).await?.ok_or(EndpointError::NotFound)?;
            let mut changed = before.clone();
            change(&mut changed);
            let saved = match saving.kept(&changed, now) {
                None => self.endpoints.save(changed.clone()).await.map_err(Into::into),
                Some(answer) => self.endpoints.save_once(changed.clone(), answer).await,
            };
            match saved {
                Ok(()) => return Ok((before, changed)),
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }
}
