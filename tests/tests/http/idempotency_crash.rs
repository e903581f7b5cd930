//! Clients that go away, and servers that are killed, in the middle of a request with a key.

use std::{collections::HashMap, future::ready, sync::Arc};

use family_plan_domain::ports::Clock;
use family_plan_server::system::SystemClock;
use family_plan_testkit::START;
use family_plan_zammad_simulator::{Config, Failure, Operation};
use reqwest::Method;
use time::Duration;

use crate::{
    client::{Answer, Caller, Invite, claims, http_client},
    idempotency::{assert_again, first},
    program::Serving,
    waiting::eventually,
    world::{Database, Engine, World, clock_and_zammad, settings},
};

const LEASE: Duration = Duration::seconds(30);

async fn whoever_goes_away_finds_the_answer(engine: Engine) {
    let world = World::with(engine, &[("ZAMMAD__DEADLINE_SECONDS", "60")]).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    world.zammad.fail_on(&[Operation::MintToken], Failure::Hang);
    let request = ann.request(Method::POST, &path).header("Idempotency-Key", "key").send();
    let minting =
        eventually("it mints", async || ready(1 <= world.zammad.request_count(Operation::MintToken)).await);
    // The connection is closed in the middle.
    tokio::select! {
        biased;
        () = minting => (),
        _ = request => panic!("it was answered"),
    }
    ann.post_once("key", &path).await.problem(409, "idempotency_in_progress");
    world.zammad.recover();
    eventually("it is answered", async || {
        let answer = ann.post_once("key", &path).await;
        if answer.status == 201 {
            assert_eq!(answer.header("idempotency-replayed"), Some("true"));
        } else {
            answer.problem(409, "idempotency_in_progress");
        }
        answer.status == 201
    })
    .await;
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
    world.end().await;
}

/// The plug is pulled while Zammad mints; whoever sends the request again waits until the lease is over, in which the
/// invite might still be saved.
async fn a_killed_request_is_taken_over(engine: Engine) {
    let database = Database::create(engine).await;
    let (clock, zammad) = clock_and_zammad(Config::default());
    let mut environment: HashMap<String, String> = settings(&database.url, &zammad);
    environment.insert("FAMILY_PLAN__LOG__FORMAT".to_owned(), "json".to_owned());
    environment.insert("FAMILY_PLAN__ZAMMAD__DEADLINE_SECONDS".to_owned(), "20".to_owned());
    let server = Serving::start(&environment).await;
    let ann = Caller::anonymous(http_client(), server.base.clone()).claiming(&claims("ann"));
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    let before = ann.post_once("answered", &path).await;
    first(&before);

    let began = SystemClock.now();
    zammad.fail_on(&[Operation::MintToken], Failure::HangAfterEffect);
    let request = ann.request(Method::POST, &path).header("Idempotency-Key", "killed");
    let request = tokio::spawn(Answer::if_any(request));
    eventually("it mints", async || ready(2 <= zammad.request_count(Operation::MintToken)).await).await;
    server.kill().await;
    assert!(request.await.unwrap().is_none());
    let killed = SystemClock.now();
    zammad.recover();

    // From here on, the clock does what it is told.
    clock.advance(began - START + LEASE - Duration::MILLISECOND);
    let world = World::start(database, &[], Arc::clone(&clock), zammad).await;
    let ann = world.user("ann");
    assert_again(&ann.post_once("answered", &path).await, &before);
    ann.post_once("killed", &path).await.problem(409, "idempotency_in_progress");
    world.advance(killed - began + Duration::MILLISECOND);
    let issued = ann.post_once("killed", &path).await;
    let invite = Invite::of(&first(&issued));
    assert_again(&ann.post_once("killed", &path).await, &issued);
    assert_eq!(ann.seats(&plan).await, (5, 1, 2));
    world.user("bob").accepts(&invite.code).await.ok(200);
    world.end().await;
}

mod sqlite {
    use super::Engine;

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_goes_away_finds_the_answer() {
        super::whoever_goes_away_finds_the_answer(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_killed_request_is_taken_over() {
        super::a_killed_request_is_taken_over(Engine::Sqlite).await;
    }
}

mod postgres {
    use super::Engine;

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_goes_away_finds_the_answer() {
        super::whoever_goes_away_finds_the_answer(Engine::Postgres).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_killed_request_is_taken_over() {
        super::a_killed_request_is_taken_over(Engine::Postgres).await;
    }
}

mod mariadb {
    use super::Engine;

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_goes_away_finds_the_answer() {
        super::whoever_goes_away_finds_the_answer(Engine::Mariadb).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_killed_request_is_taken_over() {
        super::a_killed_request_is_taken_over(Engine::Mariadb).await;
    }
}
