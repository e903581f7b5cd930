//! Leaves a Zammad alone that does not work. Our own, because `failsafe` and `recloser` go by the real clock.

mod circuit;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use self::circuit::{Circuit, Epoch, Transition, Verdict};
use crate::{Pace, ZammadError};

/// Whether requests are let through to Zammad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// All are.
    Closed,
    /// None is: too many in a row failed.
    Open,
    /// One at a time is, to find out whether Zammad works again.
    HalfOpen,
}

/// Stands between all requests and Zammad. Clones are the same breaker.
#[derive(Clone)]
pub(crate) struct Breaker(Arc<Mutex<Circuit>>);

impl Breaker {
    pub(crate) fn new(pace: &Pace) -> Self {
        Self(Arc::new(Mutex::new(Circuit::new(pace))))
    }

    /// Lets one request through.
    ///
    /// # Errors
    ///
    /// [`ZammadError::BreakerOpen`] when Zammad is left alone.
    pub(crate) fn enter(&self) -> Result<Permit, ZammadError> {
        let epoch = self
            .circuit()
            .enter(Instant::now())
            .map_err(|it| ZammadError::BreakerOpen { retry_after: it })?;
        Ok(Permit {
            breaker: self.clone(),
            epoch,
            is_brief: false,
            is_about_data: false,
            verdict: Verdict::Unknown,
        })
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.circuit().state(Instant::now())
    }

    fn settle(&self, epoch: Epoch, verdict: Verdict) {
        let transition = self.circuit().settle(epoch, verdict, Instant::now());
        match transition {
            Some(Transition::Opened(rest)) => {
                // Once an outage: until it is over, what fails for it is held back, and no news.
                tracing::error!(?rest, "Zammad fails again and again and is left alone");
            }
            Some(Transition::Reopened(rest)) => tracing::info!(?rest, "Zammad still fails and is left alone"),
            Some(Transition::Closed) => tracing::info!("Zammad works again"),
            None => (),
        }
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Allows one request. When it is dropped, the breaker takes note of what the request told: nothing, if nobody waited
/// for the answer.
#[must_use]
pub(crate) struct Permit {
    breaker: Breaker,
    epoch: Epoch,
    is_brief: bool,
    is_about_data: bool,
    verdict: Verdict,
}

impl Permit {
    /// For a request that gets little time: that it runs out tells nothing.
    pub(crate) fn briefly(mut self) -> Self {
        self.is_brief = true;
        self
    }

    /// For a request about users: an internal error may be that of one record, and must not keep others from minting.
    pub(crate) fn about_data(mut self) -> Self {
        self.is_about_data = true;
        self
    }

    /// Takes note of how the request went so far; what comes later weighs more.
    pub(crate) fn judge<T>(&mut self, outcome: &Result<T, ZammadError>) {
        self.verdict = match outcome {
            Err(ZammadError::TimedOut) if self.is_brief => Verdict::Unknown,
            Err(ZammadError::Refused(it)) if self.is_about_data && it.status == 500 => Verdict::Unknown,
            Err(err) if err.is_breakdown() => Verdict::Broken,
            _ => Verdict::Works,
        };
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.breaker.settle(self.epoch, self.verdict);
    }
}
