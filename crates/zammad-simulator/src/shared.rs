//! What the server and the `Simulator` that steers it have in common.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::failure::{Failure, FailurePlan};
use crate::helpdesk::Helpdesk;
use crate::incoming::Incoming;
use crate::journal::Journal;
use crate::operation::Operation;

/// What the server and the `Simulator` that steers it have in common. No lock is ever held while waiting.
pub(crate) struct Shared {
    desk: Mutex<Helpdesk>,
    failures: Mutex<FailurePlan>,
    journal: Mutex<Journal>,
    /// Counts recoveries: whoever hangs waits for it to move.
    recoveries: watch::Sender<u64>,
    /// Counts recorded requests.
    arrivals: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(desk: Helpdesk) -> Self {
        Self {
            desk: Mutex::new(desk),
            failures: Mutex::default(),
            journal: Mutex::default(),
            recoveries: watch::Sender::new(0),
            arrivals: watch::Sender::new(0),
        }
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Helpdesk> {
        locked(&self.desk)
    }

    pub(crate) fn failures(&self) -> MutexGuard<'_, FailurePlan> {
        locked(&self.failures)
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        locked(&self.journal)
    }

    /// Write the request down and tell how it fails, with a way to wait for the end of failing.
    pub(crate) fn admit(
        &self,
        incoming: &Incoming,
        operation: Operation,
    ) -> (Option<Failure>, watch::Receiver<u64>) {
        // Before the failure is taken: a recovery in between must be seen.
        let recovered = self.recoveries.subscribe();
        let failure = self.failures().take(operation);
        self.journal().record(incoming, operation);
        self.arrivals.send_modify(|it| *it += 1);
        (failure, recovered)
    }

    pub(crate) fn recover(&self) {
        self.failures().recover();
        self.recoveries.send_modify(|it| *it += 1);
    }

    pub(crate) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
