//! Telling endpoints of events.

use std::{
    collections::{HashMap, HashSet},
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use family_plan_domain::{
    AfterFailure, Attempt, ClaimedLane, DisableReason, Endpoint, EndpointId, FeedEvent, Settlement,
    ports::{Answer, Clock, Endpoints, EventFeed, EventSender, Ids, Outbox, SaveError, StoreError},
};
use secrecy::SecretString;
use time::{Duration, OffsetDateTime};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{EndpointSecretError, EndpointSecrets};

/// How many events get their places in one step.
const BATCH: usize = 1_000;
/// How many plans' events one process tells an endpoint of at once.
const LANES_AT_ONCE: usize = 8;
/// As long as a lane waits that a killed process had taken on.
const CLAIM: Duration = Duration::seconds(30);
/// Longer than an endpoint may take. A claim that ends before that is given back.
const SENDING: Duration = Duration::seconds(20);
const SUCCESS_PRECISION: Duration = Duration::MINUTE;
/// How long what was delivered is kept to be looked at.
const RETENTION: Duration = Duration::days(7);
const FORGET_AT_ONCE: usize = 1_000;
/// Others touch an endpoint rarely, and never again and again.
const MAX_ATTEMPTS: usize = 10;

/// What telling endpoints needs.
pub struct DeliveryPorts {
    /// The events in one order.
    pub feed: Arc<dyn EventFeed>,
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
    /// Where deliveries run.
    pub tasks: TaskTracker,
    /// Told whenever a delivery ended, and there is room for another.
    pub done: Arc<Notify>,
    /// Cancelled when no more is to be begun.
    pub stop: CancellationToken,
}

/// Tells endpoints of events, in any number of processes: the events of one plan one after the other, those of several
/// at once. No endpoint waits for another.
#[derive(Clone)]
pub struct DeliverEvents(Arc<Shared>);

struct Shared {
    ports: DeliveryPorts,
    slots: Mutex<HashMap<EndpointId, Arc<Semaphore>>>,
    /// Endpoints whose events cannot be signed, which was told.
    mute: Mutex<HashSet<EndpointId>>,
}

impl DeliverEvents {
    /// Nothing is told yet.
    #[must_use]
    pub fn new(ports: DeliveryPorts) -> Self {
        Self(Arc::new(Shared { ports, slots: Mutex::default(), mute: Mutex::default() }))
    }

    /// Gives new events their places in the feed, and begins to tell endpoints of what is due, as far as there is room.
    /// Answers whether anybody is to be told of anything that happens.
    ///
    /// # Errors
    ///
    /// When the store fails. What was begun goes on.
    pub async fn run(&self) -> Result<bool, StoreError> {
        let ports = &self.0.ports;
        while ports.feed.extend(BATCH).await? == BATCH {}
        let mut endpoints = ports.endpoints.list().await?;
        endpoints.retain(|it| it.disabled.is_none());
        for endpoint in &endpoints {
            self.begin(endpoint.id).await?;
        }
        Ok(!endpoints.is_empty())
    }

    async fn begin(&self, endpoint: EndpointId) -> Result<(), StoreError> {
        let slots = self.0.slots_of(endpoint);
        let n_free = slots.available_permits();
        if n_free == 0 {
            return Ok(());
        }
        let Shared { ports, .. } = &*self.0;
        let (worker, now) = (ports.ids.next(), ports.clock.now());
        for lane in ports.outbox.claim(endpoint, worker, n_free, now, now + CLAIM).await? {
            // Nobody else takes any.
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                break;
            };
            let shared = Arc::clone(&self.0);
            ports.tasks.spawn(async move { shared.work(lane, slot).await });
        }
        Ok(())
    }

    /// Drops what was delivered a week ago; it can be told again all the same.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget(&self) -> Result<(), StoreError> {
        let Shared { ports, .. } = &*self.0;
        let before = ports.clock.now() - RETENTION;
        while ports.outbox.forget(before, FORGET_AT_ONCE).await? == FORGET_AT_ONCE {}
        Ok(())
    }
}

/// Whether a lane goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// With its next event.
    GoOn,
    /// Not now, or not here.
    End,
}

impl Shared {
    fn slots_of(&self, endpoint: EndpointId) -> Arc<Semaphore> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(endpoint).or_insert_with(|| Arc::new(Semaphore::new(LANES_AT_ONCE))))
    }

    fn mute(&self) -> MutexGuard<'_, HashSet<EndpointId>> {
        self.mute.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn work(&self, lane: ClaimedLane, slot: OwnedSemaphorePermit) {
        if let Err(err) = self.tell(lane).await {
            // The lane is due again when the claim ends.
            tracing::error!(error = &err as &dyn Error, endpoint = %lane.endpoint, "an endpoint cannot be told of events");
        }
        drop(slot);
        self.ports.done.notify_one();
    }

    async fn tell(&self, mut lane: ClaimedLane) -> Result<(), StoreError> {
        let Shared { ports, .. } = self;
        loop {
            let now = ports.clock.now();
            let is_over = lane.until - now < SENDING || ports.stop.is_cancelled();
            let endpoint = ports.endpoints.find(lane.endpoint).await?;
            let Some(endpoint) = endpoint.filter(|it| !is_over && it.disabled.is_none()) else {
                return ports.outbox.release(lane, now).await;
            };
            let Some(event) = ports.outbox.first(lane).await? else {
                return ports.outbox.release(lane, now).await;
            };
            let span = tracing::info_span!("deliver event", endpoint = %endpoint.id, event = %event.event.id);
            if self.tell_one(&lane, &endpoint, event).instrument(span).await? == Next::End {
                return Ok(());
            }
            lane.n_failures = 0;
            lane.failing_since = None;
        }
    }

    async fn tell_one(
        &self,
        lane: &ClaimedLane,
        endpoint: &Endpoint,
        FeedEvent { place, event }: FeedEvent,
    ) -> Result<Next, StoreError> {
        let Shared { ports, .. } = self;
        let id = event.id;
        let answer = match self.signing_secrets(endpoint).await? {
            Ok(secrets) => ports.sender.send(endpoint.url.clone(), event, secrets, ports.clock.now()).await,
            Err(err) => Answer::Nothing(err.into()),
        };
        let at = ports.clock.now();
        let (status, failure) = match answer {
            Answer::Taken { status } => {
                let attempt = Attempt { at, status: Some(status), failure: None };
                let is_settled = ports.outbox.settle(*lane, place, attempt, Settlement::Delivered).await?;
                if endpoint.last_success_at.is_none_or(|it| it + SUCCESS_PRECISION <= at) {
                    ports.endpoints.note_success(endpoint.id, at).await?;
                }
                return Ok(if is_settled { Next::GoOn } else { Next::End });
            }
            Answer::Refused { status } => (Some(status), format!("the endpoint answered {status}")),
            Answer::Nothing(err) => (None, chain(&*err)),
        };
        let (n_failures, since) = (lane.n_failures + 1, lane.failing_since.unwrap_or(at));
        let after = AfterFailure::decide(status, n_failures, since, endpoint.last_success_at, rand::random());
        let settlement = match after {
            AfterFailure::Retry(pause) => {
                tracing::info!(endpoint = %endpoint.id, event = %id, n_failures, failure, "an endpoint did not take an event");
                Settlement::Retry(at + pause)
            }
            AfterFailure::GiveUp => {
                tracing::warn!(endpoint = %endpoint.id, event = %id, failure, "an event is given up: its endpoint takes others");
                Settlement::GivenUp
            }
            AfterFailure::Disable(reason) => {
                self.disable(endpoint.id, reason, at).await?;
                Settlement::Kept
            }
        };
        let attempt = Attempt::failed(at, status, &failure);
        let is_settled = ports.outbox.settle(*lane, place, attempt, settlement).await?;
        Ok(if is_settled && settlement == Settlement::GivenUp { Next::GoOn } else { Next::End })
    }

    async fn disable(
        &self,
        endpoint: EndpointId,
        reason: DisableReason,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(mut disabled) = self.ports.endpoints.find(endpoint).await? else {
                return Ok(());
            };
            disabled.disable(reason, at);
            match self.ports.endpoints.save(disabled).await {
                Ok(()) => {
                    let reason = reason.as_str();
                    tracing::warn!(%endpoint, reason, "an endpoint is disabled; what happens is kept for it");
                    break;
                }
                Err(SaveError::Stale) => (),
                Err(SaveError::Store(err)) => return Err(err),
            }
        }
        Ok(())
    }

    /// The secrets that sign now. Those that were sealed with an earlier key are sealed with the current one.
    async fn signing_secrets(
        &self,
        endpoint: &Endpoint,
    ) -> Result<Result<Vec<SecretString>, EndpointSecretError>, StoreError> {
        let Shared { ports, .. } = self;
        let (mut secrets, mut is_stale) = (Vec::new(), false);
        for sealed in endpoint.signing_secrets(ports.clock.now()) {
            match ports.secrets.open(endpoint.id, sealed) {
                Ok(opened) => {
                    is_stale |= opened.is_stale;
                    secrets.push(opened.secret);
                }
                Err(err) => {
                    // Once; it goes on until somebody mends it.
                    if self.mute().insert(endpoint.id) {
                        tracing::error!(error = &err as &dyn Error, endpoint = %endpoint.id, "events cannot be signed");
                    }
                    return Ok(Err(err));
                }
            }
        }
        self.mute().remove(&endpoint.id);
        if is_stale && let Ok(sealed_anew) = self.sealed_anew(endpoint) {
            match ports.endpoints.save(sealed_anew).await {
                // Whoever was first has done so, or the next event does.
                Ok(()) | Err(SaveError::Stale) => (),
                Err(SaveError::Store(err)) => return Err(err),
            }
        }
        Ok(Ok(secrets))
    }

    fn sealed_anew(&self, endpoint: &Endpoint) -> Result<Endpoint, EndpointSecretError> {
        let mut endpoint = endpoint.clone();
        let seal = |sealed| self.ports.secrets.seal_anew(endpoint.id, sealed);
        let secret = seal(&endpoint.secret)?;
        let retiring = endpoint.retiring.as_ref().and_then(|it| seal(&it.secret).ok());
        endpoint.secret = secret;
        endpoint.retiring = endpoint.retiring.zip(retiring).map(|(mut it, secret)| {
            it.secret = secret;
            it
        });
        Ok(endpoint)
    }
}

/// An error with its causes, in one line.
fn chain(err: &(dyn Error + 'static)) -> String {
    let mut text = err.to_string();
    let mut cause = err.source();
    while let Some(err) = cause {
        text = format!("{text}: {err}");
        cause = err.source();
    }
    text
}
