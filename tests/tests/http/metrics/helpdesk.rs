//! Requests to the helpdesk, pulls and sweeps.

use family_plan_zammad_simulator::{Failure, Operation};
use serde_json::json;
use time::Duration;

use super::{Scrape, gained, until};
use crate::{
    client::Caller,
    waiting::eventually,
    world::{Engine, World, engines, on_sqlite},
};

const REQUESTS: &[&str] = &["zammad_requests_total"];
const MINT: &[Operation] = &[Operation::MintToken];

on_sqlite!(looked: requests_are_counted_by_how_they_went, the_breaker_is_seen);

mod pulling {
    use super::*;

    engines!(users_that_are_pulled_are_counted_and_when_it_last_went_well);
}

mod sweeping {
    use super::*;

    engines!(swept: tokens_that_are_swept_are_counted);
}

impl World {
    /// One server that has looked at its helpdesk, and knows its time zone.
    async fn looked(engine: Engine) -> Self {
        let world = Self::with(engine, &[("ZAMMAD__TIMEZONE", "UTC")]).await;
        let at_start = "zammad_requests_total{operation=\"list_users\",outcome=\"ok\"}";
        until(&world.anonymous(), at_start, 1).await;
        world
    }

    async fn swept(engine: Engine) -> Self {
        Self::with(engine, &[("ZAMMAD__SWEEP_SECONDS", "60")]).await
    }
}

fn mints(outcome: &str) -> String {
    format!("zammad_requests_total{{operation=\"mint_token\",outcome=\"{outcome}\"}}")
}

async fn issue(by: &Caller, plan: &str) -> String {
    by.post(&format!("/v1/plans/{plan}/invites")).await.outcome()
}

async fn requests_are_counted_by_how_they_went(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let before = Scrape::of(&ann).await;
    assert_eq!(before.get(&mints("server_error")), Some(0));
    issue(&ann, &plan).await;
    for (failure, outcome) in [
        (Failure::Html502, "server_error"),
        (Failure::TooManyRequests { retry_after: None }, "rate_limited"),
        (Failure::ConnectionReset, "interrupted"),
    ] {
        // What fails once is tried again.
        world.zammad.fail_next_on(1, MINT, failure);
        assert_eq!(issue(&ann, &plan).await, "ok", "{outcome}");
    }
    world.zammad.fail_on(MINT, Failure::Forbidden);
    assert_eq!(issue(&ann, &plan).await, "plan_full");
    ann.get(&format!("/v1/plans/{plan}/invites")).await.ok(200);
    world.admin().sets(&json!({"user_limit": 20})).await;
    assert_eq!(issue(&ann, &plan).await, "zammad_rejected");

    let after = Scrape::of(&ann).await;
    let mut gained_here = after.since(&before, REQUESTS);
    // What may have been left behind is looked for in the background.
    gained_here.retain(|it, _| it.contains("mint_token"));
    assert_eq!(
        gained_here,
        gained(&[
            (&mints("ok"), 4),
            (&mints("server_error"), 1),
            (&mints("rate_limited"), 1),
            (&mints("interrupted"), 1),
            (&mints("refused"), 1),
        ]),
    );
    assert_eq!(
        after.since(&before, &["invites_issued_total"]),
        gained(&[
            ("invites_issued_total{outcome=\"ok\"}", 4),
            ("invites_issued_total{outcome=\"plan_full\"}", 1),
            ("invites_issued_total{outcome=\"zammad_rejected\"}", 1),
        ]),
    );
    assert_eq!(after.sum("zammad_request_duration_seconds_count"), after.sum("zammad_requests_total"));
}

async fn the_breaker_is_seen(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    assert_eq!(Scrape::of(&ann).await.get("zammad_breaker_state"), Some(0));
    world.zammad.fail_on(MINT, Failure::Hang);
    eventually("the helpdesk is left alone", async || {
        assert_eq!(issue(&ann, &plan).await, "zammad_unavailable");
        Scrape::of(&ann).await.get("zammad_breaker_state") == Some(2)
    })
    .await;
    let before = Scrape::of(&ann).await;
    assert!(before.get(&mints("timed_out")).is_some_and(|it| 3 <= it), "{}", before.text);
    // What is held back is no request.
    assert_eq!(issue(&ann, &plan).await, "zammad_unavailable");
    assert_eq!(Scrape::of(&ann).await.get(&mints("timed_out")), before.get(&mints("timed_out")));
}

async fn users_that_are_pulled_are_counted_and_when_it_last_went_well(world: &World) {
    let (admin, anonymous) = (world.admin(), world.anonymous());
    let last = "sync_last_success_timestamp_seconds";
    until(&anonymous, last, 0).await;
    let pull = async |n_before: u64| {
        admin.post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
        let ended = async || admin.get("/v1/zammad/sync").await.ok(200)["state"] == "idle";
        eventually("the pull ends", ended).await;
        let seen = admin.get("/v1/zammad/sync").await.ok(200)["users_seen"].as_u64().unwrap();
        let n_users = Scrape::of(&anonymous).await.get("sync_users_total").unwrap();
        assert_eq!(n_users, n_before + seen);
        n_users
    };
    let n_users = pull(0).await;
    assert_eq!(n_users, 13);
    let went_well_at = world.now().unix_timestamp().unsigned_abs();
    assert_eq!(Scrape::of(&anonymous).await.get(last), Some(went_well_at));

    world.advance(Duration::HOUR);
    world.zammad.fail_on(&[Operation::ListUsers], Failure::Forbidden);
    assert_eq!(pull(n_users).await, n_users);
    assert_eq!(Scrape::of(&anonymous).await.get(last), Some(went_well_at));

    world.zammad.recover();
    pull(n_users).await;
    assert_eq!(Scrape::of(&anonymous).await.get(last), Some(went_well_at + 3600));
}

async fn tokens_that_are_swept_are_counted(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    until(&ann, "tokens_swept_total", 0).await;
    for name in ["bob", "cid"] {
        world.joins(name, &ann, &plan).await;
    }
    ann.invites(&plan).await;
    eventually("both tokens are swept", async || {
        world.advance(Duration::MINUTE);
        Scrape::of(&ann).await.get("tokens_swept_total") == Some(2)
    })
    .await;
    let left = world.zammad.tokens().into_iter().filter(|it| it.name.starts_with("FamilyPlanInvite"));
    assert_eq!(left.count(), 1);
}
