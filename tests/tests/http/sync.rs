//! Pulling the helpdesk's users: asking for it, and what comes of it.

mod changes;
mod failures;
mod interrupted;
mod leaving;
mod people;
mod replicas;

use std::time::Duration;

use family_plan_zammad_simulator::{Failure, Operation, Simulator};
use reqwest::header;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Caller, number},
    shapes::{SYNC, ZAMMAD_USER, assert_fields, instant},
    world::{World, engines, on_sqlite},
};

/// How long a test waits for what must happen in the end. Nothing is timed by it.
const PATIENCE: Duration = Duration::from_mins(2);
const HOUR: time::Duration = time::Duration::HOUR;
/// Zammad's own user is nobody.
const N_SEEDED: u64 = 13;

const LISTING: &[Operation] = &[Operation::ListUsers];

/// Asks for a pull, and answers the record of it when it has ended.
async fn pull(world: &World, body: &Value) -> Value {
    world.admin().post_json("/v1/zammad/sync", body).await.ok(202);
    ended(&world.admin()).await
}

async fn pull_all(world: &World) -> Value {
    pull(world, &json!({"full": true})).await
}

/// What the record says when no pull runs any more. Each look goes through the server, so that it gets on meanwhile.
async fn ended(admin: &Caller) -> Value {
    let looking = async {
        loop {
            let sync = admin.get("/v1/zammad/sync").await.ok(200);
            if sync["state"] == "idle" {
                return sync;
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("a pull does not end")
}

/// Seen, changed and vanished.
#[track_caller]
fn counts(sync: &Value) -> (u64, u64, u64) {
    (number(sync, "users_seen"), number(sync, "users_changed"), number(sync, "users_vanished"))
}

/// What is known of one of the helpdesk's users.
async fn known(world: &World, id: u64) -> Value {
    world.service().get(&format!("/v1/zammad/users/{id}")).await.ok(200)
}

/// Changes a user at the helpdesk.
fn rename(zammad: &Simulator, id: u64, name: &str) {
    assert!(zammad.edit_user(id, |it| name.clone_into(&mut it.lastname)));
}

/// Which pages of everybody were asked for, by pulls.
fn pages(zammad: &Simulator) -> Vec<u32> {
    let requests = zammad.requests().into_iter().filter(|it| it.operation == Operation::ListUsers);
    requests
        .filter_map(|it| it.query.strip_suffix("&per_page=1000")?.strip_prefix("page=")?.parse().ok())
        .collect()
}

/// How often the helpdesk was searched for what changed.
fn n_searches(zammad: &Simulator) -> usize {
    zammad.request_count(Operation::SearchUsers)
}

/// Forgets what was asked so far, the look at the helpdesk with which a server begins included.
async fn forget_requests(zammad: &Simulator) {
    zammad.wait_for_requests(Operation::ListUsers, 1).await;
    zammad.forget_requests();
}

/// The `n`th page from now on, and whatever comes after it, is not answered until the helpdesk recovers.
fn hold_page(zammad: &Simulator, n: usize) {
    zammad.fail_next_on(n - 1, LISTING, Failure::Slow(Duration::ZERO));
    zammad.fail_on(LISTING, Failure::Hang);
}

mod everywhere {
    use super::*;

    engines!(a_full_pull_reads_everybody_page_by_page, the_newest_is_kept_whatever_came_before);

    async fn a_full_pull_reads_everybody_page_by_page(world: &World) {
        let ids = world.zammad.seed_users(2_500);
        world.advance(HOUR);
        forget_requests(&world.zammad).await;
        let begun = world.now();
        let sync = pull_all(world).await;

        assert_fields(&sync, SYNC);
        assert_eq!(counts(&sync), (N_SEEDED + 2_500, N_SEEDED + 2_500, 0));
        assert_eq!((&sync["state"], &sync["kind"]), (&json!("idle"), &json!("full")));
        assert_eq!((instant(&sync, "started_at"), instant(&sync, "finished_at")), (begun, begun));
        assert!(sync["last_error"].is_null(), "{sync}");
        assert_eq!(pages(&world.zammad), [1, 2, 3, 4], "until there is nobody");
        assert_eq!(world.zammad.request_count(Operation::ShowUser), 0);
        for id in [ids.start, ids.start + 1_000, ids.end - 1] {
            let user = known(world, id).await;
            assert_fields(&user, ZAMMAD_USER);
            assert_eq!(user["zammad_user_id"], id);
            assert_eq!(user["email"], format!("member-{id}@example.org"));
            assert_eq!((&user["firstname"], &user["lastname"]), (&json!("Member"), &json!(id.to_string())));
            assert_eq!(user["active"], true);
            assert_eq!(instant(&user, "seen_at"), begun);
            assert_eq!(instant(&user, "updated_at"), begun - HOUR);
            for nothing in ["vanished_at", "user_id", "plan"] {
                assert!(user[nothing].is_null(), "{user}");
            }
        }
        assert_eq!(known(world, 10).await["active"], false, "those who may not log in are there, too");
        assert!(known(world, 9).await["email"].is_null(), "not everybody has an address");
        world.service().get("/v1/zammad/users/1").await.problem(404, "not_found");
        world.service().get(&format!("/v1/zammad/users/{}", ids.end)).await.problem(404, "not_found");

        world.advance(HOUR);
        assert_eq!(counts(&pull_all(world).await), (N_SEEDED + 2_500, 0, 0), "nobody changed");
        assert_eq!(instant(&known(world, ids.start).await, "seen_at"), world.now());
    }

    async fn the_newest_is_kept_whatever_came_before(world: &World) {
        pull_all(world).await;
        world.advance(HOUR);
        rename(&world.zammad, 7, "New");
        assert_eq!(counts(&pull_all(world).await), (N_SEEDED, 1, 0));
        assert_eq!(known(world, 7).await["lastname"], "New");
        world.advance(HOUR);
        world.zammad.edit_user(7, |it| {
            "Old".clone_into(&mut it.lastname);
            it.updated_at -= time::Duration::DAY;
        });
        assert_eq!(counts(&pull_all(world).await), (N_SEEDED, 0, 0));
        assert_eq!(known(world, 7).await["lastname"], "New");
    }
}

mod asking {
    use super::*;

    on_sqlite!(
        nothing_was_pulled_at_first,
        a_pull_may_be_asked_for_in_several_ways,
        only_administrators_deal_with_pulls,
        what_makes_no_sense_is_named,
        a_pull_that_runs_is_shown,
    );

    async fn nothing_was_pulled_at_first(world: &World) {
        let sync = world.admin().get("/v1/zammad/sync").await.ok(200);
        assert_fields(&sync, SYNC);
        assert_eq!(sync["state"], "idle");
        assert_eq!(counts(&sync), (0, 0, 0));
        for nothing in ["kind", "started_at", "finished_at", "last_error"] {
            assert!(sync[nothing].is_null(), "{sync}");
        }
    }

    async fn a_pull_may_be_asked_for_in_several_ways(world: &World) {
        let ada = world.admin();
        let kind = async || ended(&ada).await["kind"].clone();
        let requested = ada.post("/v1/zammad/sync").await.ok(202);
        assert_fields(&requested, SYNC);
        assert_eq!(requested["state"], "running");
        assert!(requested["finished_at"].is_null());
        assert_eq!(kind().await, "full", "the first one is");
        for (body, expected) in [
            (json!({}), "incremental"),
            (json!({"full": true}), "full"),
            (json!({"full": false}), "incremental"),
        ] {
            ada.post_json("/v1/zammad/sync", &body).await.ok(202);
            assert_eq!(kind().await, expected, "{body}");
        }
        ada.post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
        kind().await;
        ada.post("/v1/zammad/sync").await.ok(202);
        assert_eq!(kind().await, "incremental");
    }

    async fn only_administrators_deal_with_pulls(world: &World) {
        let path = "/v1/zammad/sync";
        world.anonymous().get(path).await.problem(401, "unauthenticated");
        world.anonymous().post(path).await.problem(401, "unauthenticated");
        for caller in [world.user("ann"), world.service()] {
            caller.get(path).await.problem(403, "forbidden");
            caller.post(path).await.problem(403, "forbidden");
            caller.post_json(path, &json!({"nonsense": 1})).await.problem(403, "forbidden");
        }
        assert!(world.admin().get(path).await.ok(200)["finished_at"].is_null(), "nothing was pulled");
        world.admin().delete(path).await.problem(405, "method_not_allowed");
    }

    async fn what_makes_no_sense_is_named(world: &World) {
        let (ada, path) = (world.admin(), "/v1/zammad/sync");
        for (body, expected) in [
            (json!({"full": "yes"}), vec!["/full"]),
            (json!({"full": 1, "since": "yesterday"}), vec!["/full", "/since"]),
            (json!({"Full": true}), vec!["/Full"]),
            (json!([]), vec![""]),
        ] {
            assert_eq!(ada.post_json(path, &body).await.invalid(), expected, "{body}");
        }
        let broken =
            ada.request(reqwest::Method::POST, path).header(header::CONTENT_TYPE, "application/json");
        Answer::to(broken.body("{")).await.problem(400, "malformed_request");
        assert!(ada.get(path).await.ok(200)["finished_at"].is_null(), "nothing was pulled");
    }

    async fn a_pull_that_runs_is_shown(world: &World) {
        world.zammad.seed_users(2_500);
        world.advance(HOUR);
        pull_all(world).await;
        world.advance(HOUR);
        forget_requests(&world.zammad).await;
        hold_page(&world.zammad, 3);
        let ada = world.admin();
        ada.post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
        world.zammad.wait_for_requests(Operation::ListUsers, 3).await;
        let sync = ada.get("/v1/zammad/sync").await.ok(200);
        assert_eq!((&sync["state"], &sync["kind"]), (&json!("running"), &json!("full")));
        assert_eq!(counts(&sync), (1_999, 0, 0), "two pages, without Zammad's own user");
        assert_eq!(instant(&sync, "started_at"), world.now());
        assert!(sync["finished_at"].is_null(), "{sync}");

        for body in [json!({}), json!({"full": true})] {
            ada.post_json("/v1/zammad/sync", &body).await.ok(202);
        }
        world.zammad.recover();
        assert_eq!(counts(&ended(&ada).await), (N_SEEDED + 2_500, 0, 0));
        assert_eq!(pages(&world.zammad), [1, 2, 3, 4], "one that runs will do");
    }
}
