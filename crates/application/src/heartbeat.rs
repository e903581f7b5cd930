//! Work under a lease, which is extended for as long as the work goes on.

use std::time::Duration;

use async_trait::async_trait;
use family_plan_domain::{
    Sweep, Sync as SyncRecord,
    ports::{SaveError, StoreError, Sweeps, Syncs},
};
use time::OffsetDateTime;

/// How long whoever is killed keeps others waiting.
pub(crate) const LEASE: time::Duration = time::Duration::seconds(15);
const BEAT: Duration = Duration::from_secs(5);
/// Others touch a record rarely, and never again and again.
const MAX_ATTEMPTS: usize = 10;

/// Until when a lease that is taken now holds.
pub(crate) fn lease_from(now: OffsetDateTime) -> OffsetDateTime {
    now + LEASE
}

/// Why work under a lease does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interrupted {
    /// Somebody else took over.
    #[error("somebody else took over")]
    TakenOver,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Waits for `work`, and extends the lease by `beat` meanwhile. Neither waits for the other: the work may hold what the
/// beat needs, such as the right to write.
pub(crate) async fn with_heartbeat<T, B>(
    work: impl Future<Output = T>,
    beat: impl Fn() -> B,
) -> Result<T, Interrupted>
where
    B: Future<Output = Result<(), Interrupted>>,
{
    let beating = async {
        loop {
            tokio::time::sleep(BEAT).await;
            if let Err(interrupted) = beat().await {
                return interrupted;
            }
        }
    };
    tokio::select! {
        done = work => Ok(done),
        interrupted = beating => Err(interrupted),
    }
}

/// Where the one record of a kind of work is kept.
#[async_trait]
pub(crate) trait Record<R>: Send + Sync {
    async fn load(&self) -> Result<R, StoreError>;
    async fn save(&self, record: R) -> Result<(), SaveError>;
}

#[async_trait]
impl Record<SyncRecord> for dyn Syncs {
    async fn load(&self) -> Result<SyncRecord, StoreError> {
        Syncs::load(self).await
    }

    async fn save(&self, record: SyncRecord) -> Result<(), SaveError> {
        Syncs::save(self, record).await
    }
}

#[async_trait]
impl Record<Sweep> for dyn Sweeps {
    async fn load(&self) -> Result<Sweep, StoreError> {
        Sweeps::load(self).await
    }

    async fn save(&self, record: Sweep) -> Result<(), SaveError> {
        Sweeps::save(self, record).await
    }
}

/// Loads a record, changes it and saves it, again when somebody else was first. `change` answers whether the record is
/// still the caller's.
pub(crate) async fn update<R>(
    record: &(impl Record<R> + ?Sized),
    change: impl Fn(&mut R) -> bool,
) -> Result<(), Interrupted> {
    for _ in 0..MAX_ATTEMPTS {
        let mut changed = record.load().await?;
        if !change(&mut changed) {
            return Err(Interrupted::TakenOver);
        }
        match record.save(changed).await {
            Ok(()) => return Ok(()),
            Err(SaveError::Stale) => (),
            Err(SaveError::Store(err)) => return Err(err.into()),
        }
    }
    Err(Interrupted::TakenOver)
}

#[cfg(test)]
mod tests {
    use tokio::sync::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_holds_what_the_beat_needs_goes_on() {
        let gate = Mutex::new(0);
        let work = async {
            let _writing = gate.lock().await;
            tokio::time::sleep(BEAT * 2).await;
        };
        let beat = || async {
            *gate.lock().await += 1;
            Ok(())
        };
        tokio::time::timeout(BEAT * 10, with_heartbeat(work, beat)).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn work_ends_when_somebody_else_took_over() {
        let beat = || async { Err(Interrupted::TakenOver) };
        let ended = with_heartbeat(std::future::pending::<()>(), beat).await;
        assert!(matches!(ended, Err(Interrupted::TakenOver)));
    }
}
