//! The time that budgets refill by.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use family_plan_domain::ports::Clock;
use time::OffsetDateTime;

/// How long it has been, by a clock that people can set. A clock that is set back costs nobody anything: what had passed has
/// passed, and it goes on from there.
#[derive(Clone)]
pub(super) struct Elapsed {
    clock: Arc<dyn Clock>,
    so_far: Arc<Mutex<(OffsetDateTime, Duration)>>,
}

impl Elapsed {
    /// Begins now.
    pub(super) fn since_now(clock: Arc<dyn Clock>) -> Self {
        let so_far = Arc::new(Mutex::new((clock.now(), Duration::ZERO)));
        Self { clock, so_far }
    }
}

impl governor::clock::Clock for Elapsed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, elapsed) = &mut *so_far;
        let now = self.clock.now();
        *elapsed += Duration::try_from(now - *last).unwrap_or_default();
        *last = now;
        *elapsed
    }
}

impl fmt::Debug for Elapsed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Elapsed").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use family_plan_testkit::ManualClock;
    use governor::clock::Clock as _;

    use super::*;

    #[test]
    fn a_clock_that_is_set_back_takes_nothing_back() {
        let clock = Arc::new(ManualClock::default());
        let elapsed = Elapsed::since_now(clock.clone());
        clock.advance(time::Duration::seconds(5));
        assert_eq!(elapsed.now(), Duration::from_secs(5));
        clock.advance(time::Duration::HOUR * -1);
        assert_eq!(elapsed.now(), Duration::from_secs(5));
        clock.advance(time::Duration::seconds(2));
        assert_eq!(elapsed.now(), Duration::from_secs(7));
    }
}
