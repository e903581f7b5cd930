//! So much a minute for everybody.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use governor::{Quota, RateLimiter, clock::Clock, middleware::NoOpMiddleware};

use super::{
    TooOften,
    elapsed::Elapsed,
    store::{Key, Store},
};

/// How many are let through before those are dropped that say nothing any more: looking through all of them then costs next
/// to nothing for each.
const CLEAN_EVERY: usize = 1_024;

/// What everybody may spend: a minute's worth at once, refilled evenly.
pub(super) struct Budget<K: Clone + Eq + Hash> {
    limiter: RateLimiter<Key<K>, Store<K>, Elapsed, NoOpMiddleware<Duration>>,
    clock: Elapsed,
    n_spent: AtomicUsize,
}

impl<K: Clone + Eq + Hash> Budget<K> {
    pub(super) fn new(per_minute: NonZeroU32, clock: &Elapsed) -> Self {
        Self {
            limiter: RateLimiter::new(Quota::per_minute(per_minute), Store::default(), clock.clone()),
            clock: clock.clone(),
            n_spent: AtomicUsize::new(0),
        }
    }

    /// Takes one out of the budget of `subject`.
    pub(super) fn spend(&self, subject: &K) -> Result<(), TooOften> {
        self.check(&Key::Spend(subject.clone()))?;
        if self.n_spent.fetch_add(1, Ordering::Relaxed) % CLEAN_EVERY == CLEAN_EVERY - 1 {
            self.limiter.retain_recent();
        }
        Ok(())
    }

    /// Whether there is one in the budget of `subject`.
    pub(super) fn look(&self, subject: &K) -> Result<(), TooOften> {
        self.check(&Key::Look(subject.clone()))
    }

    fn check(&self, key: &Key<K>) -> Result<(), TooOften> {
        self.limiter
            .check_key(key)
            .map_err(|until| TooOften { retry_after: until.wait_time_from(self.clock.now()) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use family_plan_testkit::ManualClock;

    use super::{super::store::CAPACITY, *};

    fn budget(per_minute: u32) -> (Arc<ManualClock>, Budget<usize>) {
        let clock = Arc::new(ManualClock::default());
        let per_minute = NonZeroU32::new(per_minute).unwrap();
        let budget = Budget::new(per_minute, &Elapsed::since_now(clock.clone()));
        (clock, budget)
    }

    #[test]
    fn a_minutes_worth_can_be_spent_at_once_and_comes_back_evenly() {
        let (clock, budget) = budget(30);
        for _ in 0..30 {
            budget.spend(&1).unwrap();
        }
        let too_often = TooOften { retry_after: Duration::from_secs(2) };
        assert_eq!(budget.spend(&1), Err(too_often));
        assert_eq!(budget.look(&1), Err(too_often));
        budget.spend(&2).unwrap();

        clock.advance(time::Duration::milliseconds(1_500));
        assert_eq!(budget.spend(&1), Err(TooOften { retry_after: Duration::from_millis(500) }));
        clock.advance(time::Duration::milliseconds(500));
        budget.spend(&1).unwrap();
        budget.spend(&1).unwrap_err();
        clock.advance(time::Duration::MINUTE);
        for _ in 0..30 {
            budget.spend(&1).unwrap();
        }
        budget.spend(&1).unwrap_err();
    }

    #[test]
    fn looking_costs_nothing() {
        let (_clock, budget) = budget(1);
        for _ in 0..9 {
            budget.look(&1).unwrap();
        }
        budget.spend(&1).unwrap();
        budget.look(&1).unwrap_err();
    }

    #[test]
    fn those_who_have_all_of_it_again_are_forgotten() {
        let (clock, budget) = budget(60);
        budget.spend(&0).unwrap();
        budget.spend(&0).unwrap();
        for subject in 1..CLEAN_EVERY - 2 {
            budget.spend(&subject).unwrap();
        }
        assert_eq!(budget.limiter.len(), CLEAN_EVERY - 2);
        clock.advance(time::Duration::seconds(2));
        budget.spend(&CLEAN_EVERY).unwrap();
        assert_eq!(budget.limiter.len(), 2, "only those who have spent more since then");
    }

    #[test]
    fn only_so_many_are_remembered_and_the_rest_is_let_through() {
        let (clock, budget) = budget(1);
        for subject in 0..CAPACITY + 5_000 {
            budget.spend(&subject).unwrap();
        }
        assert_eq!(budget.limiter.len(), CAPACITY);
        budget.spend(&0).unwrap_err();
        budget.spend(&CAPACITY).unwrap();
        clock.advance(time::Duration::minutes(2));
        for _ in 0..CLEAN_EVERY {
            let _ = budget.spend(&0);
            clock.advance(time::Duration::MINUTE);
        }
        assert_eq!(budget.limiter.len(), 1);
    }
}
