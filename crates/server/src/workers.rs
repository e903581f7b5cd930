//! Work that nobody asks for: it claims what there is to do through the database, so that it may run in every replica.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use family_plan_application::{
    ApplyDeliveries, DeliverEvents, Idempotency, PullUsers, SweepError, SweepTokens, WritePlans,
};
use family_plan_domain::SyncSchedule;
use family_plan_error_reporting::catching;
use rand::RngExt;
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often to look for what another process has received.
const INBOX_PAUSE: Duration = Duration::from_secs(1);
/// How often to look for what another process has saved, and for what is to be told again.
const EVENTS_PAUSE: Duration = Duration::from_secs(1);
const RETENTION_PAUSE: Duration = Duration::from_hours(1);
const SYNC_PAUSE: Duration = Duration::from_secs(2);
const SWEEP_PAUSE: Duration = Duration::from_secs(2);
const PLAN_WRITES_PAUSE: Duration = Duration::from_secs(1);
/// After a failure of the database, which everybody else notices, too.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// Tells workers of this process that there is something to do, so that they need not wait until they look.
#[derive(Clone, Default)]
pub struct Wakers {
    pub(crate) inbox: Arc<Notify>,
    pub(crate) sync: Arc<Notify>,
    pub(crate) events: EventsWaker,
}

/// Wakes the worker that tells endpoints of events, as long as there are any: else nobody waits for it.
#[derive(Clone, Default)]
pub(crate) struct EventsWaker {
    pub(crate) notify: Arc<Notify>,
    has_endpoints: Arc<AtomicBool>,
}

impl EventsWaker {
    /// There may be something to tell.
    pub(crate) fn wake(&self) {
        if self.has_endpoints.load(Ordering::Relaxed) {
            self.notify.notify_one();
        }
    }
}

/// What there is to do.
pub(crate) struct Workers {
    pub(crate) apply_deliveries: ApplyDeliveries,
    pub(crate) idempotency: Idempotency,
    pub(crate) pull_users: PullUsers,
    pub(crate) schedule: SyncSchedule,
    pub(crate) sweep_tokens: SweepTokens,
    pub(crate) sweep_every: Option<time::Duration>,
    pub(crate) write_plans: Option<WritePlans>,
    pub(crate) deliver_events: DeliverEvents,
}

impl Workers {
    /// Begins; each worker ends after the step it is at once `stop` is cancelled.
    pub(crate) fn start(self, wakers: &Wakers, tasks: &TaskTracker, stop: &CancellationToken) {
        let Self {
            apply_deliveries,
            idempotency,
            pull_users,
            schedule,
            sweep_tokens,
            sweep_every,
            write_plans,
            deliver_events,
        } = self;
        let apply_deliveries = Arc::new(apply_deliveries);
        let applying = Arc::clone(&apply_deliveries);
        let inbox = Worker::new("inbox", INBOX_PAUSE, Arc::clone(&wakers.inbox), stop);
        tasks.spawn(inbox.run(move || {
            let applying = Arc::clone(&applying);
            async move { Ok(0 < applying.run().await?) }
        }));
        let retention = Worker::new("retention", RETENTION_PAUSE, Arc::default(), stop);
        let telling = deliver_events.clone();
        tasks.spawn(retention.run(move || {
            let (apply_deliveries, idempotency) = (Arc::clone(&apply_deliveries), idempotency.clone());
            let telling = telling.clone();
            async move {
                apply_deliveries.forget().await?;
                idempotency.forget().await?;
                telling.forget().await?;
                Ok(false)
            }
        }));
        let waker = wakers.events.clone();
        let events = Worker::new("events", EVENTS_PAUSE, Arc::clone(&waker.notify), stop);
        tasks.spawn(events.run(move || {
            let (telling, waker) = (deliver_events.clone(), waker.clone());
            async move {
                let has_endpoints = telling.run().await?;
                waker.has_endpoints.store(has_endpoints, Ordering::Relaxed);
                Ok(false)
            }
        }));

        let schedule = jittered(schedule);
        let sync = Worker::new("sync", SYNC_PAUSE, Arc::clone(&wakers.sync), stop);
        tasks.spawn(sync.run(move || {
            let pull_users = pull_users.clone();
            async move { Ok(pull_users.run_if_due(schedule).await?) }
        }));

        if let Some(every) = sweep_every {
            let sweep_tokens = Arc::new(sweep_tokens);
            let pause = SWEEP_PAUSE.min(every.unsigned_abs());
            let sweep = Worker::new("sweep", pause, Arc::default(), stop);
            tasks.spawn(sweep.run(move || sweep_once(Arc::clone(&sweep_tokens), every)));
        }
        if let Some(write_plans) = write_plans.map(Arc::new) {
            let writing = Worker::new("plan writes", PLAN_WRITES_PAUSE, Arc::default(), stop);
            tasks.spawn(writing.run(move || {
                let write_plans = Arc::clone(&write_plans);
                async move { Ok(0 < write_plans.run().await?) }
            }));
        }
    }
}

type Failure = Box<dyn Error + Send + Sync>;

async fn sweep_once(sweep_tokens: Arc<SweepTokens>, every: time::Duration) -> Result<bool, Failure> {
    match sweep_tokens.run_if_due(every).await {
        Ok(None) | Err(SweepError::Interrupted) => (),
        Ok(Some(swept)) => {
            tracing::info!(
                deleted = swept.deleted,
                revoked = swept.revoked,
                "the helpdesk's tokens are swept"
            );
        }
        Err(SweepError::HelpDesk(err)) => {
            tracing::warn!(error = &err as &dyn Error, "the helpdesk's tokens cannot be swept");
        }
        Err(SweepError::Store(err)) => return Err(err.into()),
    }
    Ok(false)
}

/// Up to a tenth longer, so that installations do not ask a helpdesk in step.
fn jittered(schedule: SyncSchedule) -> SyncSchedule {
    let factor = rand::rng().random_range(1.0..1.1);
    let longer = |it: time::Duration| it * factor;
    SyncSchedule { incremental: schedule.incremental.map(longer), full: schedule.full.map(longer) }
}

/// One piece of work, done again and again.
struct Worker {
    name: &'static str,
    pause: Duration,
    wake: Arc<Notify>,
    stop: CancellationToken,
}

impl Worker {
    fn new(name: &'static str, pause: Duration, wake: Arc<Notify>, stop: &CancellationToken) -> Self {
        Self { name, pause, wake, stop: stop.clone() }
    }

    /// Does `step` until it is told to stop; at once again when the step answers that there is more to do.
    async fn run<F>(self, step: impl Fn() -> F)
    where
        F: Future<Output = Result<bool, Failure>>,
    {
        let mut has_failed = false;
        while !self.stop.is_cancelled() {
            let done = catching(step()).await;
            let pause = match done.unwrap_or_else(|panic| Err(panic.into())) {
                Ok(has_more) => {
                    has_failed = false;
                    if has_more { Duration::ZERO } else { self.pause }
                }
                Err(err) => {
                    // Once; it goes on until somebody mends it.
                    if !has_failed {
                        tracing::error!(worker = self.name, error = &*err as &dyn Error, "a worker fails");
                    }
                    has_failed = true;
                    FAILURE_PAUSE
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => (),
                () = self.wake.notified(), if !has_failed => (),
                () = tokio::time::sleep(pause.mul_f64(rand::rng().random_range(0.8..1.2))) => (),
            }
        }
    }
}
