//! Pulling the helpdesk's users, by one process at a time, which goes on where another was interrupted.

mod changes;
mod full;

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use family_plan_domain::{
    Lease, Person, Sighting, Sync, SyncKind, SyncRun, SyncSchedule, ZammadUserId, plan_line,
    ports::{
        Clock, HelpDeskError, HelpDeskUsers, Ids, ListedUser, PlanWrites, SaveError, StoreError, Syncs,
        ZammadUsers,
    },
};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    Caller, People,
    heartbeat::{Interrupted, lease_from, update, with_heartbeat},
};

/// How far back a pull of changes begins before what is known: clocks differ, and a search index lags behind.
const OVERLAP: Duration = Duration::minutes(5);
const MAX_ATTEMPTS: usize = 10;

/// Why a pull cannot be asked for, or looked at.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Only administrators deal with pulls.
    #[error("the caller is no administrator")]
    Forbidden,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Pulls the helpdesk's users.
#[derive(Clone)]
pub struct PullUsers {
    /// The helpdesk.
    pub help_desk: Arc<dyn HelpDeskUsers>,
    /// Where its users are kept.
    pub zammad_users: Arc<dyn ZammadUsers>,
    /// What is known of people.
    pub people: People,
    /// Who is to be told their plan, if the helpdesk is told plans.
    pub plan_writes: Option<Arc<dyn PlanWrites>>,
    /// The record of pulls.
    pub syncs: Arc<dyn Syncs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Ends a pull before its time; another process goes on with it.
    pub stop: CancellationToken,
}

impl PullUsers {
    /// Whether `caller` may deal with pulls.
    ///
    /// # Errors
    ///
    /// [`SyncError::Forbidden`].
    pub fn check(caller: &Caller) -> Result<(), SyncError> {
        if caller.is_admin { Ok(()) } else { Err(SyncError::Forbidden) }
    }

    /// The record of pulls.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn record(&self) -> Result<Sync, StoreError> {
        self.syncs.load().await
    }

    /// Asks for a pull, which some process then begins; answers the record.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn request(&self, kind: SyncKind) -> Result<Sync, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let mut sync = self.syncs.load().await?;
            let before = sync.requested;
            sync.request(kind);
            if sync.requested == before {
                return Ok(sync);
            }
            match self.syncs.save(sync.clone()).await {
                Ok(()) => return Ok(sync),
                Err(SaveError::Stale) => (),
                Err(SaveError::Store(err)) => return Err(err),
            }
        }
        Err(StoreError::new("the record of pulls is changed again and again"))
    }

    /// Pulls what was asked for, what is due, or what was interrupted; answers whether there was anything to do for this
    /// process. What goes wrong with the helpdesk is written into the record.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn run_if_due(&self, schedule: SyncSchedule) -> Result<bool, StoreError> {
        let holder = self.ids.next();
        let mut sync = self.syncs.load().await?;
        // Not before: a load may take its time, and a lease that began back then could be over already.
        let now = self.clock.now();
        let Some(run) = sync.begin(Lease { holder, until: lease_from(now) }, schedule, now).cloned() else {
            return Ok(false);
        };
        let known_until = sync.known_until;
        match self.syncs.save(sync).await {
            Ok(()) => (),
            Err(SaveError::Stale) => return Ok(false),
            Err(SaveError::Store(err)) => return Err(err),
        }
        tracing::info!(kind = run.kind.as_str(), page = run.next_page, "pulling the helpdesk's users");
        let span = tracing::info_span!("pull users", kind = run.kind.as_str());
        let pull = Pull { context: self, holder, progress: Mutex::new(Progress { run, known_until }) };
        pull.run().instrument(span).await?;
        Ok(true)
    }
}

/// How far a pull got.
#[derive(Clone)]
struct Progress {
    run: SyncRun,
    known_until: Option<OffsetDateTime>,
}

/// One pull.
struct Pull<'a> {
    context: &'a PullUsers,
    holder: Uuid,
    progress: Mutex<Progress>,
}

/// Why a pull ends before its time.
#[derive(Debug, thiserror::Error)]
enum PullError {
    #[error(transparent)]
    HelpDesk(#[from] HelpDeskError),
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    #[error("the process is stopping")]
    Stopped,
}

impl From<StoreError> for PullError {
    fn from(err: StoreError) -> Self {
        Self::Interrupted(err.into())
    }
}

impl Pull<'_> {
    async fn run(&self) -> Result<(), StoreError> {
        let outcome = tokio::select! {
            () = self.context.stop.cancelled() => Err(PullError::Stopped),
            outcome = with_heartbeat(self.pull(), || self.checkpoint()) => {
                outcome.map_err(PullError::from).flatten()
            }
        };
        let failure = match outcome {
            Ok(()) => None,
            Err(PullError::HelpDesk(err)) => Some(err),
            Err(PullError::Interrupted(Interrupted::TakenOver)) => {
                tracing::warn!("another process took a pull over");
                return Ok(());
            }
            Err(PullError::Interrupted(Interrupted::Store(err))) => return Err(err),
            // Nobody need wait for the lease to end.
            Err(PullError::Stopped) => return ended(self.save_progress(self.context.clock.now()).await),
        };
        let outcome = match &failure {
            None => {
                let run = self.progress().run;
                let (seen, changed, vanished) = (run.users_seen, run.users_changed, run.users_vanished);
                tracing::info!(seen, changed, vanished, "the helpdesk's users are pulled");
                Ok(())
            }
            Some(err) => {
                tracing::warn!(error = err as &dyn Error, "the helpdesk's users cannot be pulled");
                Err(with_causes(err))
            }
        };
        let now = self.context.clock.now();
        let finish = |sync: &mut Sync| sync.finish(self.holder, outcome.clone(), now);
        ended(self.update(finish).await)
    }

    async fn pull(&self) -> Result<(), PullError> {
        let Progress { run, known_until } = self.progress();
        if let (SyncKind::Incremental, Some(known_until)) = (run.kind, known_until) {
            if self.pull_changes(known_until).await? {
                return Ok(());
            }
            tracing::info!("the helpdesk cannot tell what changed; all its users are read instead");
            self.with_progress(|it| {
                it.run.kind = SyncKind::Full;
                it.run.users_seen = 0;
            });
        }
        self.pull_everybody().await
    }

    /// Takes over what the helpdesk listed at `asked_at`; answers who that was.
    async fn take_over(
        &self,
        users: Vec<ListedUser>,
        asked_at: OffsetDateTime,
    ) -> Result<Vec<ZammadUserId>, StoreError> {
        let users: Vec<_> = users.into_iter().filter(|it| it.user.id != ZammadUserId::SYSTEM).collect();
        let listed = users.iter().map(|it| it.user.id).collect();
        let lines = users.iter().map(|it| (it.user.id, it.plan_line.clone())).collect();
        self.record(users.into_iter().map(|it| Sighting { user: it.user, at: asked_at }).collect()).await?;
        self.compare_plans(lines).await?;
        Ok(listed)
    }

    /// Keeps what is newer.
    async fn record(&self, sightings: Vec<Sighting>) -> Result<(), StoreError> {
        let n_changed = self.context.zammad_users.record(sightings).await?;
        self.with_progress(|it| it.run.users_changed += n_changed);
        Ok(())
    }

    /// Has the plan written for those at whom the helpdesk shows another one: it was told before it was asked to show
    /// plans, or somebody changed it there.
    async fn compare_plans(&self, lines: HashMap<ZammadUserId, Option<String>>) -> Result<(), StoreError> {
        let Some(plan_writes) = &self.context.plan_writes else {
            return Ok(());
        };
        let people = self.context.people.users.of_zammad_users(lines.keys().copied().collect()).await?;
        let if_wrong = |person: &Person| {
            let zammad_user = person.user.zammad_user_id?;
            let shown = lines.get(&zammad_user)?.as_deref().unwrap_or_default();
            (shown != plan_line(Some(person))).then_some(zammad_user)
        };
        let wrong: Vec<ZammadUserId> = people.iter().filter_map(if_wrong).collect();
        if !wrong.is_empty() {
            plan_writes.enqueue(wrong, self.context.clock.now()).await?;
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn with_progress(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Writes down how far the pull got, and keeps the lease.
    async fn checkpoint(&self) -> Result<(), Interrupted> {
        self.save_progress(lease_from(self.context.clock.now())).await
    }

    async fn save_progress(&self, until: OffsetDateTime) -> Result<(), Interrupted> {
        let lease = Lease { holder: self.holder, until };
        // Looked at when the record is: two who save at the same time must not take anything back.
        let advance = |sync: &mut Sync| {
            let Progress { run, known_until } = self.progress();
            sync.advance(lease, run, known_until)
        };
        self.update(advance).await
    }

    async fn update(&self, change: impl Fn(&mut Sync) -> bool) -> Result<(), Interrupted> {
        update(&*self.context.syncs, change).await
    }
}

/// Whoever has taken over goes on by themselves.
fn ended(outcome: Result<(), Interrupted>) -> Result<(), StoreError> {
    match outcome {
        Ok(()) | Err(Interrupted::TakenOver) => Ok(()),
        Err(Interrupted::Store(err)) => Err(err),
    }
}

/// An error and what caused it, in one line.
fn with_causes(err: &dyn Error) -> String {
    let causes = std::iter::successors(err.source(), |it: &&dyn Error| (*it).source());
    causes.fold(err.to_string(), |text, cause| format!("{text}: {cause}"))
}
