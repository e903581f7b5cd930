//! Programs that end in the middle of a pull, in good order or not: the next one goes on where they were.

use std::collections::HashMap;

use family_plan_zammad_simulator::{Config, Operation, Simulator};
use serde_json::json;

use super::{counts, ended, forget_requests, hold_page, pages};
use crate::{
    client::{ADMIN, Caller, claims, http_client},
    program::{Ended, Serving, Spawned, run},
    world::{Database, Engine, clock_and_zammad, settings},
};

const N_USERS: u64 = 5_013;
const SYNC_ALL: &[&str] = &["zammad", "sync", "--full"];
/// The third page was asked for twice, and no other.
const EACH_PAGE_ONCE: &[u32] = &[1, 2, 3, 3, 4, 5, 6, 7];

/// A helpdesk with many users, none of whom changed lately, and what it takes to pull them.
async fn many(engine: Engine) -> (Database, Simulator, HashMap<String, String>) {
    let database = Database::create(engine).await;
    let (_, zammad) = clock_and_zammad(Config::default());
    zammad.seed_users(5_000);
    let mut environment = settings(&database.url, &zammad);
    environment.insert("FAMILY_PLAN__LOG__FORMAT".to_owned(), "json".to_owned());
    (database, zammad, environment)
}

fn admin(server: &Serving) -> Caller {
    let mut ada = claims("ada");
    ada["roles"] = json!([ADMIN]);
    Caller::anonymous(http_client(), server.base.clone()).claiming(&ada)
}

/// A server that has asked for the third page, and gets no answer.
async fn serving_in_the_middle(zammad: &Simulator, environment: &HashMap<String, String>) -> Serving {
    let server = Serving::start(environment).await;
    forget_requests(zammad).await;
    hold_page(zammad, 3);
    admin(&server).post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
    zammad.wait_for_requests(Operation::ListUsers, 3).await;
    server
}

/// A new server, which nobody asks for anything, goes on.
async fn goes_on(zammad: &Simulator, environment: &HashMap<String, String>) {
    zammad.recover();
    let server = Serving::start(environment).await;
    // Three before, a look at the start, and those that were missing.
    zammad.wait_for_requests(Operation::ListUsers, 3 + 1 + 5).await;
    let sync = ended(&admin(&server)).await;
    assert_eq!(pages(zammad), EACH_PAGE_ONCE);
    assert_eq!(counts(&sync), (N_USERS, N_USERS, 0));
    assert!(sync["last_error"].is_null(), "{sync}");
    for id in [2, 15, 2_999, 3_000, 3_001, 5_014] {
        admin(&server).get(&format!("/v1/zammad/users/{id}")).await.ok(200);
    }
    server.stop().await;
}

async fn killed(engine: Engine) {
    let (database, zammad, environment) = many(engine).await;
    serving_in_the_middle(&zammad, &environment).await.kill().await;
    goes_on(&zammad, &environment).await;
    database.dispose().await;
}

async fn stopped(engine: Engine) {
    let (database, zammad, environment) = many(engine).await;
    let log = serving_in_the_middle(&zammad, &environment).await.stop().await;
    assert!(!log.contains("ERROR") && !log.contains("cut off"), "{log}");
    goes_on(&zammad, &environment).await;
    database.dispose().await;
}

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_killed_server_leaves_its_pull_to_another() {
        killed(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_stopped_server_leaves_its_pull_to_another() {
        stopped(Engine::Sqlite).await;
    }
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_killed_server_leaves_its_pull_to_another() {
        killed(Engine::Postgres).await;
    }
}

mod mariadb {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_killed_server_leaves_its_pull_to_another() {
        killed(Engine::Mariadb).await;
    }
}

/// A command that has asked for the third page, and gets no answer.
async fn pulling_in_the_middle(zammad: &Simulator, environment: &HashMap<String, String>) -> Spawned {
    let command = Spawned::start(SYNC_ALL, environment);
    hold_page(zammad, 3);
    zammad.wait_for_requests(Operation::ListUsers, 3).await;
    command
}

#[track_caller]
fn assert_pulled(ended: &Ended, zammad: &Simulator) {
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.stdout, format!("Pulled (full): {N_USERS} seen, {N_USERS} new or changed, 0 gone.\n"));
    assert_eq!(pages(zammad), EACH_PAGE_ONCE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_command_is_gone_on_with_by_the_next() {
    let (database, zammad, environment) = many(Engine::Sqlite).await;
    pulling_in_the_middle(&zammad, &environment).await.kill().await;
    zammad.recover();
    let ended = run(SYNC_ALL, &environment).await;
    assert_pulled(&ended, &zammad);
    assert!(ended.stderr.contains("Another process"), "it says what it waits for: {}", ended.stderr);
    database.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_command_is_gone_on_with_at_once() {
    for signal in ["INT", "TERM"] {
        let (database, zammad, environment) = many(Engine::Sqlite).await;
        let ended = pulling_in_the_middle(&zammad, &environment).await.end(signal).await;
        assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        let told = "family-plan: interrupted after 1999 users; the next pull goes on from there\n";
        assert_eq!(ended.stderr, told);
        zammad.recover();
        // Only what changed: but everybody is not read yet.
        let ended = run(&["zammad", "sync"], &environment).await;
        assert_pulled(&ended, &zammad);
        assert_eq!(ended.stderr, "", "there is nobody to wait for");
        database.dispose().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_follows_the_server_that_pulls_already() {
    let (database, zammad, environment) = many(Engine::Sqlite).await;
    let server = serving_in_the_middle(&zammad, &environment).await;
    let mut command = Spawned::start(SYNC_ALL, &environment);
    assert!(command.line().await.starts_with("Another process pulls already"));
    let ended = command.end("INT").await;
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stderr, "family-plan: interrupted while another process pulls, which goes on\n");

    let mut command = Spawned::start(SYNC_ALL, &environment);
    command.line().await;
    zammad.recover();
    let ended = command.ended().await;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("Pulled (full): 5013 seen"), "{}", ended.stdout);
    assert_eq!(pages(&zammad), [1, 2, 3, 4, 5, 6, 7]);
    server.stop().await;
    database.dispose().await;
}
