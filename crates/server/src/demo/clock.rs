//! A clock that can be moved.

use std::sync::atomic::{AtomicI64, Ordering};

use family_plan_domain::ports::Clock;
use time::{Duration, OffsetDateTime};

use crate::system::SystemClock;

/// The machine's clock, and as much ahead of it as it was moved.
#[derive(Debug, Default)]
pub(super) struct MovableClock {
    ahead_seconds: AtomicI64,
}

impl MovableClock {
    pub(super) fn move_by(&self, duration: Duration) {
        self.ahead_seconds.fetch_add(duration.whole_seconds(), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + Duration::seconds(self.ahead_seconds.load(Ordering::SeqCst))
    }
}
