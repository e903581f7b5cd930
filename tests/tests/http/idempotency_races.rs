//! The same request many times at once, at two servers.

use family_plan_zammad_simulator::Operation;
use futures_util::future::join_all;
use serde_json::json;

use crate::{
    client::{Answer, text},
    idempotency::assert_again,
    world::{World, engines},
};

engines!(replicated: twenty_equal_requests_have_one_effect, twenty_equal_requests_open_one_plan);

/// Those of `answers` that were carried out, which is one; all others tell the same, or that it goes on.
#[track_caller]
fn carried_out(answers: &[Answer]) -> &Answer {
    let is_first = |it: &&Answer| it.status == 201 && it.header("idempotency-replayed").is_none();
    let made: Vec<&Answer> = answers.iter().filter(is_first).collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    for answer in answers.iter().filter(|it| !is_first(it)) {
        if answer.status == 201 {
            assert_again(answer, made[0]);
        } else {
            answer.problem(409, "idempotency_in_progress");
        }
    }
    made[0]
}

async fn twenty_equal_requests_have_one_effect(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    for round in 1..=3 {
        let key = format!("round{round}");
        let requests =
            (0..20).map(|n| world.user_at(n, "ann")).map(async |it| it.post_once(&key, &path).await);
        let answers = join_all(requests).await;
        let made = carried_out(&answers);
        for n in 0..2 {
            assert_again(&world.user_at(n, "ann").post_once(&key, &path).await, made);
        }
        assert_eq!(world.zammad.request_count(Operation::MintToken), round);
        assert_eq!(ann.seats(&plan).await, (5, 1, round as u64));
    }
}

async fn twenty_equal_requests_open_one_plan(world: &World) {
    let body = json!({"name": "The Hills"});
    for owner in ["ann", "bob"] {
        let requests = (0..20)
            .map(|n| world.user_at(n, owner))
            .map(async |it| it.post_json_once("key", "/v1/plans", &body).await);
        let answers = join_all(requests).await;
        let id = text(&carried_out(&answers).json(), "id");
        let me = world.user(owner).get("/v1/me").await.ok(200);
        assert_eq!(me["family_plan"]["plan_id"], id);
    }
    assert_eq!(world.admin().all("/v1/plans", 100).await.len(), 2);
}
