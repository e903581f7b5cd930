//! `family-plan zammad sync`.

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use family_plan_application::{People, PullUsers};
use family_plan_domain::{Sync, SyncKind, SyncSchedule, ports::Ids};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::progress::Progress;
use crate::{
    command::Stop,
    configuration::{DatabaseConfiguration, ZammadConfiguration},
    helpdesk::Helpdesk,
    serve::open_database,
    system::{SystemClock, SystemIds},
};

/// How often to look how far the pull got.
const LOOK: Duration = Duration::from_millis(200);
/// Only what was asked for.
const NO_SCHEDULE: SyncSchedule = SyncSchedule { incremental: None, full: None };

/// Pulls users, or watches the process that does, and says how it went.
pub(super) async fn run(
    database: DatabaseConfiguration,
    zammad: ZammadConfiguration,
    full: bool,
) -> anyhow::Result<()> {
    let signal = Stop::listen()?;
    let database = open_database(&database).await?;
    let database = if zammad.plan_attribute.is_some() { database.noting_plan_writes() } else { database };
    let ids: Arc<dyn Ids> = Arc::new(SystemIds);
    let helpdesk = Helpdesk::new(zammad, &ids, &TaskTracker::new(), None)?;
    let people = People {
        users: Arc::new(database.users(Arc::clone(&ids))),
        zammad_users: Arc::new(database.zammad_users()),
        clock: Arc::new(SystemClock),
    };
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        signal.wanted().await;
        stopping.cancel();
    });
    let pull_users = helpdesk.pull_users(Arc::new(database.syncs()), &database, people, ids, stop);

    let kind = if full { SyncKind::Full } else { SyncKind::Incremental };
    let before = pull_users.record().await?;
    let mut progress = Progress::new(&before);
    pull_users.request(kind).await?;
    let outcome = watch(&pull_users, &before, kind, &mut progress).await;
    progress.end();
    let ending = outcome?;
    database.close().await?;
    ending.report()
}

/// How the wait for a pull ended.
enum Ending {
    Done(Sync),
    /// This process pulled, and was told to stop.
    Interrupted(Sync),
    /// Another process pulls, and this one was told to stop.
    Left,
}

/// Pulls as long as there is something to pull, and follows whoever else does.
async fn watch(
    pull_users: &PullUsers,
    before: &Sync,
    kind: SyncKind,
    progress: &mut Progress,
) -> anyhow::Result<Ending> {
    loop {
        let mut pulling = std::pin::pin!(pull_users.run_if_due(NO_SCHEDULE));
        let is_ours = loop {
            tokio::select! {
                is_ours = &mut pulling => break is_ours?,
                () = tokio::time::sleep(LOOK) => progress.show(&pull_users.record().await?),
            }
        };
        let sync = pull_users.record().await?;
        let is_new = sync.finished_at != before.finished_at;
        let is_enough = sync.run.as_ref().is_some_and(|it| kind <= it.kind);
        if !sync.is_running() && sync.requested.is_none() && is_new && is_enough {
            return Ok(Ending::Done(sync));
        }
        if pull_users.stop.is_cancelled() {
            return Ok(if is_ours { Ending::Interrupted(sync) } else { Ending::Left });
        }
        if !is_ours && sync.is_running() {
            progress.show_other();
            progress.show(&sync);
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Ending {
    fn report(self) -> anyhow::Result<()> {
        let sync = match self {
            Self::Done(sync) => sync,
            Self::Interrupted(sync) => {
                let n_seen = sync.run.map_or(0, |it| it.users_seen);
                bail!("interrupted after {n_seen} users; the next pull goes on from there");
            }
            Self::Left => bail!("interrupted while another process pulls, which goes on"),
        };
        if let Some(err) = sync.last_error {
            bail!("the pull failed: {err}");
        }
        if let Some(run) = sync.run {
            println!(
                "Pulled ({}): {} seen, {} new or changed, {} gone.",
                run.kind.as_str(),
                run.users_seen,
                run.users_changed,
                run.users_vanished
            );
        }
        Ok(())
    }
}
