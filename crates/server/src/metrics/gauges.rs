//! What is looked up when somebody asks for it.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use family_plan_domain::ports::{Clock, StoreError};
use family_plan_persistence::{Backlog, Database, Fullness};
use family_plan_zammad::{BreakerState, ZammadClient};
use prometheus::proto::MetricFamily;
use time::{Duration, OffsetDateTime};

use super::{Counters, Registrar, kept::Kept};

/// How long what was counted will do when this process saved nothing since: invites expire, and others save, too.
const FRESH_FOR: Duration = Duration::seconds(15);

/// How long what waits will do: whoever may scrape may do so as often as they like.
const SHARED_FOR: Duration = Duration::SECOND;

/// Where to look.
pub(crate) struct Gauges {
    database: Database,
    zammad: ZammadClient,
    clock: Arc<dyn Clock>,
    known: Known,
}

/// What was counted in the database.
#[derive(Default)]
struct Known {
    fullness: Kept<CountedPlans>,
    backlog: Kept<CountedBacklog>,
    is_lost: Arc<AtomicBool>,
}

/// How full the plans were, and when.
#[derive(Clone, Copy)]
struct CountedPlans {
    fullness: Fullness,
    at: OffsetDateTime,
    n_saves: u64,
}

impl CountedPlans {
    fn will_do(&self, now: OffsetDateTime, n_saves: u64) -> bool {
        self.n_saves == n_saves && is_within(FRESH_FOR, self.at, now)
    }
}

/// What waited, and when.
#[derive(Clone, Copy)]
struct CountedBacklog {
    backlog: Backlog,
    at: OffsetDateTime,
}

/// A clock that was set back makes nothing last longer.
fn is_within(span: Duration, at: OffsetDateTime, now: OffsetDateTime) -> bool {
    (Duration::ZERO..span).contains(&(now - at))
}

impl Gauges {
    pub(crate) fn new(database: Database, zammad: ZammadClient, clock: Arc<dyn Clock>) -> Self {
        Self { database, zammad, clock, known: Known::default() }
    }

    /// Takes one look at everything. Without the database, what it knows is left out.
    pub(super) async fn gather(&self, counters: &Counters) -> Vec<MetricFamily> {
        let registrar = Registrar::default();
        self.add_connections(&registrar);
        add_breaker(&registrar, self.zammad.breaker_state());
        if let Some(seconds) = counters.last_sync.seconds() {
            registrar
                .gauge(
                    "family_plan_sync_last_success_timestamp_seconds",
                    "When a pull of the helpdesk's users last went well, in whatever process, as far as this one knows; 0 for \
                     never.",
                )
                .set(seconds);
        }
        let now = self.clock.now();
        if let Some((backlog, fullness)) = side_by_side(self.backlog(now), self.fullness(counters, now)).await
        {
            add_backlog(&registrar, &backlog, now);
            if let Some(fullness) = fullness {
                add_fullness(&registrar, &fullness);
            }
        }
        registrar.finish().gather()
    }

    async fn backlog(&self, now: OffsetDateTime) -> Option<Backlog> {
        let (database, is_lost) = (self.database.clone(), Arc::clone(&self.known.is_lost));
        let look = || async move {
            let backlog = told(&is_lost, database.backlog().await)?;
            Some(CountedBacklog { backlog, at: now })
        };
        let counted = self.known.backlog.get(|it| is_within(SHARED_FOR, it.at, now), look).await;
        counted.map(|it| it.backlog)
    }

    async fn fullness(&self, counters: &Counters, now: OffsetDateTime) -> Option<Fullness> {
        let n_saves = counters.n_saves();
        let (database, is_lost) = (self.database.clone(), Arc::clone(&self.known.is_lost));
        let look = || async move {
            let fullness = told(&is_lost, database.fullness(now).await)?;
            Some(CountedPlans { fullness, at: now, n_saves })
        };
        let counted = self.known.fullness.get_sparingly(|it| it.will_do(now, n_saves), look).await;
        counted.map(|it| it.fullness)
    }

    fn add_connections(&self, registrar: &Registrar) {
        let connections = registrar.gauges(
            "family_plan_database_connections",
            "Connections to the database that this process has open, by whether somebody uses them (in_use, idle).",
            &["state"],
        );
        let now = self.database.connections();
        for (state, n) in [("in_use", now.in_use), ("idle", now.idle)] {
            connections.with_label_values(&[state]).set(signed(n));
        }
    }
}

/// The cheap one tells whether the database answers, so that what was counted before is not shown as the present.
async fn side_by_side<B, F>(
    backlog: impl Future<Output = Option<B>>,
    fullness: impl Future<Output = Option<F>>,
) -> Option<(B, Option<F>)> {
    let (backlog, fullness) = tokio::join!(backlog, fullness);
    Some((backlog?, fullness))
}

/// Tells in the log when the database does not answer, once until it does.
fn told<T>(is_lost: &AtomicBool, counted: Result<T, StoreError>) -> Option<T> {
    let was_lost = is_lost.swap(counted.is_err(), Ordering::Relaxed);
    counted
        .inspect_err(|err| {
            if !was_lost {
                tracing::warn!(error = err as &dyn Error, "metrics lack what the database knows");
            }
        })
        .ok()
}

fn add_breaker(registrar: &Registrar, state: BreakerState) {
    let breaker = registrar.gauge(
        "family_plan_zammad_breaker_state",
        "Whether this process lets requests through to the helpdesk: 0 closed (all of them), 1 half-open (one, to find out \
         whether it works again), 2 open (none).",
    );
    breaker.set(match state {
        BreakerState::Closed => 0,
        BreakerState::HalfOpen => 1,
        BreakerState::Open => 2,
    });
}

fn add_fullness(registrar: &Registrar, fullness: &Fullness) {
    let seats = registrar.gauges(
        "family_plan_seats",
        "Seats of all plans together: used (people have them, owners included), held (open invites do). The same in every \
         replica. Counted again once something was saved here, else every 15 s; where that takes longer than 0.25 s, at most \
         a twentieth of the time is spent on it.",
        &["state"],
    );
    for (state, n) in [("used", fullness.used), ("held", fullness.held)] {
        seats.with_label_values(&[state]).set(signed(n));
    }
    let plans = "family_plan_plans";
    registrar
        .gauge(plans, "Plans that are not closed. Counted as family_plan_seats is.")
        .set(signed(fullness.plans));
    registrar
        .gauge(
            "family_plan_plans_over_limit",
            "Plans with more people than seats, after a limit was lowered: everybody stays, nobody joins. Counted as \
             family_plan_seats is.",
        )
        .set(signed(fullness.plans_over_limit));
}

fn add_backlog(registrar: &Registrar, backlog: &Backlog, now: OffsetDateTime) {
    let age = |since: Option<OffsetDateTime>| {
        since.map_or(0.0, |it| (now - it).max(Duration::ZERO).as_seconds_f64())
    };
    let inbox = registrar.gauges(
        "family_plan_inbox_depth",
        "Deliveries of the helpdesk's webhooks: pending (to be applied), failed (cannot be; kept until they are replayed). The \
         same in every replica.",
        &["state"],
    );
    for (state, n) in [("pending", backlog.inbox_pending), ("failed", backlog.inbox_failed)] {
        inbox.with_label_values(&[state]).set(signed(n));
    }
    registrar
        .seconds(
            "family_plan_inbox_oldest_seconds",
            "How long ago the oldest pending delivery came, 0 without one. One that is replayed is as old as ever.",
        )
        .set(age(backlog.inbox_oldest));
    registrar
        .gauge(
            "family_plan_outbox_depth",
            "Events that endpoints are still to be told of, one for each endpoint, those of disabled endpoints included. The \
             same in every replica.",
        )
        .set(signed(backlog.outbox));
    registrar
        .seconds(
            "family_plan_outbox_oldest_seconds",
            "How long ago the first event happened that an endpoint is still to be told of, 0 without one. One that is \
             replayed is as old as ever.",
        )
        .set(age(backlog.outbox_oldest));
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use tokio::time::Instant;

    use super::*;

    const NEVER: fn(&u64) -> bool = |_| false;

    #[tokio::test(start_paused = true)]
    async fn without_the_database_nothing_is_shown_after_two_seconds() {
        let (backlog, fullness) = (Kept::default(), Kept::default());
        let found = || async { Some(1) };
        let both = side_by_side(backlog.get(NEVER, found), fullness.get_sparingly(NEVER, found)).await;
        assert_eq!(both, Some((1, Some(1))));
        let gone = || pending::<Option<u64>>();
        let began_at = Instant::now();
        let both = side_by_side(backlog.get(NEVER, gone), fullness.get_sparingly(NEVER, gone)).await;
        assert_eq!(both, None);
        assert_eq!(began_at.elapsed(), Duration::from_secs(2));
    }
}
