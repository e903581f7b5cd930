//! Races for a plan show.

use futures_util::future::join_all;
use serde_json::json;

use super::Scrape;
use crate::{
    waiting::eventually,
    world::{World, engines},
};

engines!(replicated: saves_that_lose_a_race_are_counted);

async fn saves_that_lose_a_race_are_counted(world: &World) {
    world.admin().sets(&json!({"pending_invites_hold_seats": false, "user_limit": 100})).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let retries = async || {
        let at = async |n| Scrape::of(&world.user_at(n, "ann")).await.get("save_retries_total").unwrap();
        at(0).await + at(1).await
    };
    // One after the other, nobody loses.
    let path = format!("/v1/plans/{plan}");
    for n in 0..3 {
        ann.patch(&path, &json!({"name": format!("One {n}")})).await.ok(200);
    }
    assert_eq!(retries().await, 0);
    eventually("somebody is second", async || {
        let names = (0..10).map(async |n| {
            let renamed =
                world.user_at(n, "ann").patch(&path, &json!({"name": format!("At once {n}")})).await;
            renamed.ok(200);
        });
        join_all(names).await;
        0 < retries().await
    })
    .await;
}
