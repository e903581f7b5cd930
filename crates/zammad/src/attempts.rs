//! Trying again, as often and as long as that makes sense.

use std::{cmp::max, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::Instant;

use crate::{Pace, ZammadError};

/// The attempts at one thing, within one deadline.
pub(crate) struct Attempts {
    half_over_at: Instant,
    ends_at: Instant,
    n_left: u32,
    pauses: <ExponentialBuilder as BackoffBuilder>::Backoff,
}

impl Attempts {
    /// The deadline starts now.
    pub(crate) fn start(pace: &Pace) -> Self {
        Self::start_within(pace, pace.deadline)
    }

    /// The same with another deadline.
    pub(crate) fn start_within(pace: &Pace, deadline: Duration) -> Self {
        let now = Instant::now();
        Self {
            half_over_at: now + deadline / 2,
            ends_at: now + deadline,
            n_left: u32::from(pace.attempts),
            pauses: ExponentialBuilder::new()
                .with_min_delay(pace.first_pause)
                .with_max_delay(pace.longest_pause)
                .without_max_times()
                .with_jitter()
                .build(),
        }
    }

    /// How long the next attempt may take: half of what is left, so that a slow Zammad is waited for, and that after a
    /// hanging attempt there is time for another. The last one may take all.
    pub(crate) fn time_for_next(&self) -> Duration {
        self.time_left() / self.n_left.clamp(1, 2)
    }

    /// Does what `attempt` does within the time that it is told, until it works or there is no other attempt.
    pub(crate) async fn run<T, F>(mut self, attempt: impl Fn(Duration) -> F) -> Result<T, ZammadError>
    where
        F: Future<Output = Result<T, ZammadError>>,
    {
        loop {
            match attempt(self.time_for_next()).await {
                Err(err) if self.another_after(&err).await => (),
                outcome => return outcome,
            }
        }
    }

    /// Waits for the right moment to try again after `failure`, and answers whether there is one. A request that was
    /// held back is no attempt; while half of the deadline is left, it is waited for that requests are made again.
    pub(crate) async fn another_after(&mut self, failure: &ZammadError) -> bool {
        if !failure.is_held_back() {
            self.n_left = self.n_left.saturating_sub(1);
        }
        if self.n_left == 0 || !failure.is_transient() {
            return false;
        }
        let Some(pause) = self.pauses.next() else {
            return false;
        };
        let pause = max(pause, failure.retry_after().unwrap_or_default());
        // Later, an attempt would have so little time that it might fail for that alone, and Zammad would be left alone
        // even longer.
        let latest = if failure.is_held_back() { self.half_over_at } else { self.ends_at };
        if latest.saturating_duration_since(Instant::now()) <= pause {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }

    fn time_left(&self) -> Duration {
        self.ends_at.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Refusal, UnreadableReason};

    fn pace() -> Pace {
        Pace {
            deadline: Duration::from_secs(9),
            attempts: 3,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_millis(300),
            ..Pace::default()
        }
    }

    fn refused(status: u16, retry_after: Option<u64>) -> ZammadError {
        ZammadError::Refused(Refusal {
            status,
            text: None,
            request_id: None,
            retry_after: retry_after.map(Duration::from_secs),
        })
    }

    fn held_back(seconds: u64) -> ZammadError {
        ZammadError::BreakerOpen { retry_after: Duration::from_secs(seconds) }
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_as_many_attempts_as_configured() {
        let mut attempts = Attempts::start(&pace());

        assert!(attempts.another_after(&refused(500, None)).await);
        assert!(attempts.another_after(&refused(500, None)).await);
        assert!(!attempts.another_after(&refused(500, None)).await);
        assert!(!attempts.another_after(&refused(500, None)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_may_pass_is_tried_again() {
        for (failure, expected) in [
            (ZammadError::TimedOut, true),
            (refused(429, None), true),
            (refused(500, None), true),
            (refused(502, None), true),
            (refused(503, None), true),
            (refused(504, None), true),
            (refused(302, None), false),
            (refused(400, None), false),
            (refused(401, None), false),
            (refused(403, None), false),
            (refused(404, None), false),
            (refused(408, None), false),
            (refused(422, None), false),
            (ZammadError::ExpiryOutOfRange, false),
            (
                ZammadError::Unreadable { status: 200, request_id: None, reason: UnreadableReason::NotJson },
                false,
            ),
        ] {
            let mut attempts = Attempts::start(&pace());
            assert_eq!(attempts.another_after(&failure).await, expected, "{failure}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_are_jittered_and_have_a_limit() {
        let mut pace = pace();
        pace.attempts = 4;
        let mut attempts = Attempts::start(&pace);

        for range in [200..=400, 300..=600, 300..=600] {
            let before = Instant::now();
            assert!(attempts.another_after(&ZammadError::TimedOut).await);
            // The timer's own grain is a millisecond.
            assert!(
                (range.start() - 1..=range.end() + 1).contains(&before.elapsed().as_millis()),
                "{range:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn zammad_may_ask_for_a_longer_pause() {
        let mut attempts = Attempts::start(&pace());
        let before = Instant::now();

        assert!(attempts.another_after(&refused(429, Some(3))).await);

        assert_eq!(before.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_zammad_that_is_left_alone_for_long_is_not_waited_for() {
        for seconds in [5, 15, u64::MAX] {
            let mut attempts = Attempts::start(&pace());
            let before = Instant::now();

            assert!(!attempts.another_after(&held_back(seconds)).await);

            assert_eq!(before.elapsed(), Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_zammad_that_is_left_alone_is_no_attempt() {
        let mut attempts = Attempts::start(&pace());
        let before = Instant::now();

        for _ in 0..4 {
            assert!(attempts.another_after(&held_back(1)).await);
        }
        assert!((4_000..=4_100).contains(&before.elapsed().as_millis()));
        assert!(!attempts.another_after(&held_back(1)).await);

        assert!(attempts.another_after(&refused(500, None)).await);
        assert!(attempts.another_after(&refused(500, None)).await);
        assert!(!attempts.another_after(&refused(500, None)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_beyond_the_deadline_is_not_made() {
        let mut attempts = Attempts::start(&pace());
        let before = Instant::now();

        assert!(!attempts.another_after(&refused(503, Some(9))).await);

        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_that_hang_leave_time_for_those_after_them() {
        let mut attempts = Attempts::start(&pace());
        let before = Instant::now();

        let mut n_attempts = 0;
        loop {
            n_attempts += 1;
            // With the longest pauses there are.
            assert!(Duration::from_millis(1_400) < attempts.time_for_next());
            tokio::time::sleep(attempts.time_for_next()).await;
            if !attempts.another_after(&ZammadError::TimedOut).await {
                break;
            }
        }

        assert_eq!(n_attempts, 3);
        assert!(before.elapsed() <= pace().deadline + Duration::from_millis(5), "{:?}", before.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_the_attempts() {
        let mut attempts = Attempts::start(&pace());
        tokio::time::sleep(pace().deadline).await;

        assert!(!attempts.another_after(&ZammadError::TimedOut).await);
        assert_eq!(attempts.time_for_next(), Duration::ZERO);
    }
}
