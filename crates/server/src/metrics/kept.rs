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
use tokio::time::{Instant, timeout};

/// How long an answer is waited for. The look goes on: who asks next has it.
const PATIENCE: Duration = Duration::from_secs(2);
/// A look that takes less may be taken at any time.
const CHEAP: Duration = Duration::from_millis(250);
/// How many times as long as it took a dear look is not taken again: one process keeps the database busy for a twentieth of
/// the time at most.
const REST: u32 = 20;

/// The last look.
pub(super) struct Kept<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    last: Option<Last<T>>,
    /// The look that is being taken.
    looking: Option<Shared<BoxFuture<'static, Option<T>>>>,
}

struct Last<T> {
    value: T,
    ended_at: Instant,
    took: Duration,
}

impl<T> Last<T> {
    fn rests(&self) -> bool {
        CHEAP <= self.took && self.ended_at.elapsed() < self.took * REST
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { last: None, looking: None })))
    }
}

impl<T: Clone + Send + Sync + 'static> Kept<T> {
    /// What the last look found if that `will_do`, or if it was so dear that it is too early for another; else what `look`
    /// finds. `None` when it fails, or never ended in time.
    pub(super) async fn get<F>(&self, will_do: impl Fn(&T) -> bool, look: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = Option<T>> + Send + 'static,
    {
        let looking = {
            let mut state = self.state();
            if let Some(last) = &state.last
                && (last.rests() || will_do(&last.value))
            {
                return Some(last.value.clone());
            }
            let running = state.looking.take().filter(|it| it.peek().is_none());
            state.looking.insert(running.unwrap_or_else(|| self.begin(look()))).clone()
        };
        match timeout(PATIENCE, looking).await {
            Ok(found) => found,
            // It may be old, but there is no newer one.
            Err(_) => self.state().last.as_ref().map(|it| it.value.clone()),
        }
    }

    /// Goes on when nobody waits any more.
    fn begin(
        &self,
        look: impl Future<Output = Option<T>> + Send + 'static,
    ) -> Shared<BoxFuture<'static, Option<T>>> {
        let state = Arc::clone(&self.0);
        let looking = tokio::spawn(async move {
            let began_at = Instant::now();
            let value = look.await?;
            let took = began_at.elapsed();
            let last = Last { value: value.clone(), ended_at: Instant::now(), took };
            locked(&state).last = Some(last);
            Some(value)
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
    use std::sync::atomic::{AtomicUsize, Ordering};

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
        assert_eq!(kept.get(NEVER, looks.taking(dear)).await, Some(1));
        advance(Duration::from_secs(19)).await;
        assert_eq!(kept.get(NEVER, looks.taking(dear)).await, Some(1));
        advance(Duration::from_secs(1)).await;
        assert_eq!(kept.get(NEVER, looks.taking(dear)).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_takes_too_long_goes_on_and_the_last_one_has_to_do() {
        let (kept, looks) = (Kept::default(), Looks::default());
        let long = Duration::from_secs(3);
        assert_eq!(kept.get(NEVER, looks.taking(long)).await, None);
        // The same look, which ends now.
        assert_eq!(kept.get(NEVER, looks.taking(long)).await, Some(1));
        advance(Duration::from_mins(1)).await;
        assert_eq!(kept.get(NEVER, looks.taking(long)).await, Some(1));
        assert_eq!(kept.get(NEVER, looks.taking(long)).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_fails_is_told_and_taken_again() {
        let (kept, looks) = (Kept::default(), Looks::default());
        assert_eq!(kept.get(NEVER, looks.taking(Duration::ZERO)).await, Some(1));
        assert_eq!(kept.get(NEVER, || async { None }).await, None);
        assert_eq!(kept.get(NEVER, looks.taking(Duration::ZERO)).await, Some(2));
    }
}
