//! Adapters that are counted on their way.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use family_plan_domain::{
    EndpointUrl, Event, RegisteredToken, Sync as SyncRecord, SyncKind, TokenRegister,
    ports::{Answer, EventSender, HelpDeskError, IssuedTokens, SaveError, StoreError, Syncs, UnfitTarget},
};
use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Counters, DELIVERED, FAILED, REFUSED};

/// Counts how events are told.
pub(crate) struct CountedSender {
    pub(crate) inner: Arc<dyn EventSender>,
    pub(crate) counters: Arc<Counters>,
}

#[async_trait]
impl EventSender for CountedSender {
    async fn check(&self, url: EndpointUrl) -> Result<(), UnfitTarget> {
        self.inner.check(url).await
    }

    async fn send(
        &self,
        url: EndpointUrl,
        event: Event,
        secrets: Vec<SecretString>,
        now: OffsetDateTime,
    ) -> Answer {
        let answer = self.inner.send(url, event, secrets, now).await;
        let outcome = match answer {
            Answer::Taken { .. } => DELIVERED,
            Answer::Refused { .. } => REFUSED,
            Answer::Nothing(_) => FAILED,
        };
        self.counters.event_deliveries.with_label_values(&[outcome]).inc();
        answer
    }
}

/// Counts the tokens that are swept.
pub(crate) struct CountedTokens {
    pub(crate) inner: Arc<dyn IssuedTokens>,
    pub(crate) counters: Arc<Counters>,
}

#[async_trait]
impl IssuedTokens for CountedTokens {
    async fn list(&self) -> Result<TokenRegister, HelpDeskError> {
        self.inner.list().await
    }

    async fn delete(&self, token: RegisteredToken) -> Result<(), HelpDeskError> {
        self.inner.delete(token).await?;
        self.counters.tokens_swept.inc();
        Ok(())
    }
}

/// Counts the users that pulls of this process read, by what is written down of them, and sees when one went well, in
/// whatever process.
pub(crate) struct ObservedSyncs {
    inner: Arc<dyn Syncs>,
    counters: Arc<Counters>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Who had the lease when the record was last loaded: whoever has another one afterwards has just begun.
    loaded: Option<Uuid>,
    /// The pull of this process: its holder, and how far it was.
    ours: Option<(Uuid, SyncKind, u64)>,
}

impl ObservedSyncs {
    pub(crate) fn new(inner: Arc<dyn Syncs>, counters: Arc<Counters>) -> Self {
        Self { inner, counters, seen: Mutex::default() }
    }

    fn note_success(&self, sync: &SyncRecord) {
        let at = if sync.last_error.is_none() { sync.finished_at } else { sync.full_finished_at };
        self.counters.last_sync.note(at);
    }
}

impl Seen {
    /// How many users were read since the last time, now that `sync` is saved.
    fn advance(&mut self, sync: &SyncRecord) -> u64 {
        let (Some(lease), Some(run)) = (sync.lease, sync.run.as_ref()) else {
            return 0;
        };
        let now = (lease.holder, run.kind, run.users_seen);
        match self.ours {
            Some((holder, kind, n_before)) if holder == lease.holder => {
                self.ours = Some(now);
                // One of what changed that has to read everybody after all begins anew.
                if kind == run.kind { run.users_seen.saturating_sub(n_before) } else { run.users_seen }
            }
            _ if self.loaded != Some(lease.holder) => {
                // What another process read is counted there.
                self.ours = Some(now);
                0
            }
            _ => 0,
        }
    }
}

#[async_trait]
impl Syncs for ObservedSyncs {
    async fn load(&self) -> Result<SyncRecord, StoreError> {
        let sync = self.inner.load().await?;
        self.note_success(&sync);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).loaded = sync.lease.map(|it| it.holder);
        Ok(sync)
    }

    async fn save(&self, sync: SyncRecord) -> Result<(), SaveError> {
        self.inner.save(sync.clone()).await?;
        self.note_success(&sync);
        let n_users = self.seen.lock().unwrap_or_else(PoisonError::into_inner).advance(&sync);
        self.counters.sync_users.inc_by(n_users);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use family_plan_domain::{Lease, SyncRun};
    use time::macros::datetime;

    use super::*;

    const AT: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn sync(holder: u128, kind: SyncKind, users_seen: u64) -> SyncRecord {
        let run =
            SyncRun { kind, started_at: AT, next_page: 1, users_seen, users_changed: 0, users_vanished: 0 };
        let lease = Lease { holder: Uuid::from_u128(holder), until: AT };
        SyncRecord { run: Some(run), lease: Some(lease), ..SyncRecord::new() }
    }

    #[test]
    fn only_what_this_process_reads_is_counted() {
        use SyncKind::{Full, Incremental};

        let mut seen = Seen::default();
        assert_eq!(seen.advance(&sync(1, Full, 0)), 0);
        assert_eq!(seen.advance(&sync(1, Full, 10)), 10);
        assert_eq!(seen.advance(&sync(1, Full, 10)), 0);
        assert_eq!(seen.advance(&sync(1, Full, 13)), 3);

        // Somebody asks for a pull while another process is at one.
        seen.loaded = Some(Uuid::from_u128(2));
        assert_eq!(seen.advance(&sync(2, Full, 50)), 0);
        assert_eq!(seen.advance(&sync(2, Full, 90)), 0);

        // It is killed, and this process goes on.
        assert_eq!(seen.advance(&sync(3, Full, 90)), 0);
        assert_eq!(seen.advance(&sync(3, Full, 95)), 5);

        // The helpdesk cannot tell any more what changed.
        assert_eq!(seen.advance(&sync(4, Incremental, 0)), 0);
        assert_eq!(seen.advance(&sync(4, Incremental, 5)), 5);
        assert_eq!(seen.advance(&sync(4, Full, 7)), 7);
    }
}
