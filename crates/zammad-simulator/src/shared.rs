//! What the server and the `Simulator` that steers it have in common.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::Client;
use tokio::sync::watch;

use crate::config::Config;
use crate::delivery::{Attempt, DeliveryState, RetryWaits};
use crate::failure::{Failure, FailurePlan};
use crate::helpdesk::Helpdesk;
use crate::incoming::Incoming;
use crate::journal::Journal;
use crate::operation::Operation;
use crate::webhook_request;

/// What the server and the `Simulator` that steers it have in common. No lock is ever held while waiting.
pub(crate) struct Shared {
    desk: Mutex<Helpdesk>,
    failures: Mutex<FailurePlan>,
    journal: Mutex<Journal>,
    /// Counts recoveries: whoever hangs waits for it to move.
    recoveries: watch::Sender<u64>,
    /// Counts recorded requests.
    arrivals: watch::Sender<u64>,
    /// Counts what happens to deliveries.
    delivery_steps: watch::Sender<u64>,
    /// Counts orders to try again: whoever waits for the next attempt waits for it to move.
    retry_releases: watch::Sender<u64>,
    retry_waits: RetryWaits,
    webhook_timeout: Duration,
    /// Made when it is needed: most simulators send nothing.
    webhook_client: OnceLock<Option<Client>>,
}

impl Shared {
    pub(crate) fn new(desk: Helpdesk, config: &Config) -> Self {
        Self {
            desk: Mutex::new(desk),
            failures: Mutex::default(),
            journal: Mutex::default(),
            recoveries: watch::Sender::new(0),
            arrivals: watch::Sender::new(0),
            delivery_steps: watch::Sender::new(0),
            retry_releases: watch::Sender::new(0),
            retry_waits: config.retry_waits,
            webhook_timeout: config.webhook_timeout,
            webhook_client: OnceLock::new(),
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

    /// The client that sends webhooks; `None` when the machine's certificates cannot be read.
    pub(crate) fn webhook_client(&self) -> Option<Client> {
        self.webhook_client.get_or_init(|| webhook_request::client(self.webhook_timeout).ok()).clone()
    }

    /// Write down what became of a delivery.
    pub(crate) fn settle(&self, id: &str, attempt: Option<Attempt>, state: DeliveryState) {
        self.desk().settle(id, attempt, state);
        self.delivery_steps.send_modify(|it| *it += 1);
    }

    pub(crate) fn delivery_steps(&self) -> watch::Receiver<u64> {
        self.delivery_steps.subscribe()
    }

    pub(crate) fn retry_waits(&self) -> RetryWaits {
        self.retry_waits
    }

    pub(crate) fn retry_releases(&self) -> watch::Receiver<u64> {
        self.retry_releases.subscribe()
    }

    pub(crate) fn release_retries(&self) {
        self.retry_releases.send_modify(|it| *it += 1);
    }

    pub(crate) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
