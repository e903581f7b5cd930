//! What takes a look at the database to know: looked at once for all who ask at the same time, and no more often than that
//! may cost.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::{Instant, error::Elapsed, timeout};

/// How long an answer is waited for. The look goes on: who asks meanwhile waits for it, too.
const PATIENCE: Duration = Duration::from_secs(2);
/// A look that takes less may be taken at any time.
const CHEAP: Duration = Duration::from_millis(250);
/// How many times as long as it took a dear look is not taken again: one process keeps the database busy for a twentieth of
/// the time at most.
const REST: u32 = 20;
/// How long, once it is time for another, the last look stands in for one that does not end.
const STANDS_IN: Duration = Duration::from_mins(1);

/// The last look, if it went well.
pub(super) struct Kept<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    last: Option<Last<T>>,
    /// The look that is being taken, while it is.
    looking: Option<Shared<BoxFuture<'static, Option<T>>>>,
}

struct Last<T> {
    value: T,
    ended_at: Instant,
    took: Duration,
}

impl<T> Last<T> {
    fn rest(&self) -> Duration {
        if self.took < CHEAP { Duration::ZERO } else { self.took * REST }
    }

    fn rests(&self) -> bool {
        self.ended_at.elapsed() < self.rest()
    }

    fn stands_in(&self) -> bool {
        self.ended_at.elapsed() < self.rest() + STANDS_IN
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { last: None, looking: None })))
    }
}

impl<T: Clone + Send + Sync + 'static> Kept<T> {
    /// What the last look found if that `will_do`, else what `look` finds. `None` when it fails, or does not end in time.
    pub(super) async fn get<F>(&self, will_do: impl Fn(&T) -> bool, look: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = Option<T>> + Send + 'static,
    {
        self.in_time(will_do, look).await.ok().flatten()
    }

    /// The same for a look that may be dear: then what it found will do until it is time for another. If that does not end
    /// in time, the last one stands in for it, but not for long.
    pub(super) async fn get_sparingly<F>(
        &self,
        will_do: impl Fn(&T) -> bool,
        look: impl FnOnce() -> F,
    ) -> Option<T>
    where
        F: Future<Output = Option<T>> + Send + 'static,
    {
        let resting = self.last_that(Last::rests);
        if resting.is_some() {
            return resting;
        }
        match self.in_time(will_do, look).await {
            Ok(found) => found,
            Err(_) => self.last_that(Last::stands_in),
        }
    }

    fn last_that(&self, will_do: impl Fn(&Last<T>) -> bool) -> Option<T> {
        self.state().last.as_ref().filter(|it| will_do(it)).map(|it| it.value.clone())
    }

    async fn in_time<F>(
        &self,
        will_do: impl Fn(&T) -> bool,
        look: impl FnOnce() -> F,
    ) -> Result<Option<T>, Elapsed>
    where
        F: Future<Output = Option<T>> + Send + 'static,
    {
        let looking = {
            let mut state = self.state();
            if let Some(last) = state.last.as_ref().filter(|it| will_do(&it.value)) {
                return Ok(Some(last.value.clone()));
            }
            let running = state.looking.take().filter(|it| it.peek().is_none());
            state.looking.insert(running.unwrap_or_else(|| self.begin(look()))).clone()
        };
        timeout(PATIENCE, looking).await
    }

    /// Goes on when nobody waits any more.
    fn begin(
        &self,
        look: impl Future<Output = Option<T>> + Send + 'static,
    ) -> Shared<BoxFuture<'static, Option<T>>> {
        let state = Arc::clone(&self.0);
        let looking = tokio::spawn(async move {
            let began_at = Instant::now();
            let found = look.await;
            let took = began_at.elapsed();
            let last = found.clone().map(|value| Last { value, ended_at: Instant::now(), took });
            *locked(&state) = State { last, looking: None };
            found
        });
        looking.map(|it| it.ok().flatten()).boxed().shared()
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        locked(&self.0)
    }
}

fn locked<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tokio::time::{advance, sleep};

    use super::*;

    /// Counts looks; each takes so long and finds its number.
    #[derive(Clone, Default)]
    struct Looks(Arc<AtomicUsize>);

    impl Looks {
        fn taking(&self, duration: Duration) -> impl FnOnce() -> BoxFuture<'static, Option<usize>> {
            let looks = Arc::clone(&self.0);
            move || {
                async move {
                    let n = looks.fetch_add(1, Ordering::SeqCst) + 1;
                    sleep(duration).await;
                    Some(n)
                }
                .boxed()
            }
        }
    }

    const NEVER: fn(&usize) -> bool = |_| false;
    const ALWAYS: fn(&usize) -> bool = |_| true;

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_at_the_same_time_share_a_look() {
        let (kept, looks) = (Kept::default(), Looks::default());
        let look = || kept.get(NEVER, looks.taking(Duration::from_millis(10)));
        assert_eq!(tokio::join!(look(), look(), look()), (Some(1), Some(1), Some(1)));
        assert_eq!(look().await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_do_is_not_looked_for_again() {
        let (kept, looks) = (Kept::default(), Looks::default());
        for _ in 0..3 {
            assert_eq!(kept.get(ALWAYS, looks.taking(Duration::ZERO)).await, Some(1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_dear_look_is_taken_for_a_twentieth_of_the_time() {
        let (kept, looks) = (Kept::default(), Looks::default());
        let dear = Duration::from_secs(1);
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(dear)).await, Some(1));
        advance(Duration::from_secs(19)).await;
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(dear)).await, Some(1));
        advance(Duration::from_secs(1)).await;
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(dear)).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_spare_waits_for_every_look() {
        let (kept, looks) = (Kept::default(), Looks::default());
        for n in 1..4 {
            assert_eq!(kept.get(NEVER, looks.taking(Duration::from_secs(1))).await, Some(n));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_takes_too_long_goes_on_and_who_asks_meanwhile_has_it() {
        let (kept, looks) = (Kept::default(), Looks::default());
        let long = Duration::from_secs(3);
        assert_eq!(kept.get(NEVER, looks.taking(long)).await, None);
        assert_eq!(kept.get(NEVER, looks.taking(long)).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_look_found_when_nobody_waited_any_more_is_not_taken_for_the_present() {
        let (kept, looks) = (Kept::default(), Looks::default());
        assert_eq!(kept.get(NEVER, looks.taking(Duration::from_secs(3))).await, None);
        sleep(Duration::from_hours(1)).await;
        assert_eq!(kept.get(NEVER, looks.taking(Duration::ZERO)).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn for_a_look_that_never_ends_the_last_one_stands_in_for_a_minute_where_that_will_do() {
        let (prompt, sparing, looks) = (Kept::default(), Kept::default(), Looks::default());
        prompt.get(NEVER, looks.taking(Duration::ZERO)).await.unwrap();
        let last = sparing.get_sparingly(NEVER, looks.taking(Duration::ZERO)).await;
        let without_end = || pending::<Option<usize>>();
        // Each waits for two seconds.
        for _ in 0..29 {
            assert_eq!(sparing.get_sparingly(NEVER, without_end).await, last);
        }
        assert_eq!(sparing.get_sparingly(NEVER, without_end).await, None);
        assert_eq!(prompt.get(NEVER, without_end).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_dear_look_it_stands_in_from_when_it_was_time_for_another() {
        let (kept, looks) = (Kept::default(), Looks::default());
        let dear = Duration::from_secs(10);
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(dear)).await, None);
        sleep(dear).await;
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(dear)).await, Some(1));
        advance(dear * REST).await;
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(dear)).await, Some(1));
        sleep(dear).await;
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(dear)).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_stands_in_for_a_look_that_fails_nor_for_those_after_it() {
        let (kept, looks) = (Kept::default(), Looks::default());
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(Duration::ZERO)).await, Some(1));
        let failing = || async {
            sleep(Duration::from_secs(3)).await;
            None
        };
        assert_eq!(kept.get_sparingly(NEVER, failing).await, Some(1));
        assert_eq!(kept.get_sparingly(NEVER, failing).await, None);
        assert_eq!(kept.get_sparingly(NEVER, failing).await, None);
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(Duration::ZERO)).await, None);
        assert_eq!(kept.get_sparingly(NEVER, looks.taking(Duration::ZERO)).await, Some(2));
    }
}
