//! A clock that tests move.

use std::sync::{Mutex, PoisonError};

use family_plan_domain::ports::Clock;
use time::{Duration, OffsetDateTime, macros::datetime};

/// When every [`ManualClock`] starts.
pub const START: OffsetDateTime = datetime!(2026-01-15 09:30:00.25 UTC);

/// Stands still until it is advanced.
#[derive(Debug)]
pub struct ManualClock(Mutex<OffsetDateTime>);

impl Default for ManualClock {
    fn default() -> Self {
        Self(Mutex::new(START))
    }
}

impl ManualClock {
    /// Moves on.
    pub fn advance(&self, duration: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
