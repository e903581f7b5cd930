//! Several servers pull once, and by themselves when it is time.

use family_plan_zammad_simulator::Operation;
use futures_util::future::join_all;
use serde_json::json;
use time::Duration;

use super::{HOUR, N_SEEDED, counts, ended, hold_page, known, n_searches, pages, rename};
use crate::world::{Engine, World, engines};

engines!(replicated: two_servers_that_are_asked_at_once_pull_once);

async fn two_servers_that_are_asked_at_once_pull_once(world: &World) {
    world.zammad.seed_users(2_500);
    world.advance(HOUR);
    // Both have looked at it.
    world.zammad.wait_for_requests(Operation::ListUsers, 2).await;
    world.zammad.forget_requests();
    hold_page(&world.zammad, 2);
    let ada = world.admin();
    let ask = async |n| {
        let ada = ada.at(world.base(n));
        ada.post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
    };
    join_all((0..6).map(ask)).await;
    world.zammad.wait_for_requests(Operation::ListUsers, 2).await;
    join_all((0..6).map(ask)).await;
    world.zammad.recover();
    for n in 0..2 {
        let sync = ended(&ada.at(world.base(n))).await;
        assert_eq!(counts(&sync), (N_SEEDED + 2_500, N_SEEDED + 2_500, 0));
    }
    assert_eq!(pages(&world.zammad), [1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_begin_by_themselves_when_it_is_time() {
    let pauses = [("ZAMMAD__SYNC_SECONDS", "60"), ("ZAMMAD__FULL_SYNC_SECONDS", "86400")];
    let mut world = World::with(Engine::Sqlite, &pauses).await;
    world.start_another().await.unwrap();
    let (ada, zammad) = (world.admin(), &world.zammad);
    // Each server has a look at the start, and one of them reads two pages, of which the second is empty.
    zammad.wait_for_requests(Operation::ListUsers, 4).await;
    let first = ended(&ada).await;
    assert_eq!((first["kind"].as_str(), counts(&first)), (Some("full"), (N_SEEDED, N_SEEDED, 0)));

    let n_before = n_searches(zammad);
    rename(zammad, 7, "Changed");
    // Up to a tenth longer, so that installations do not ask in step.
    world.advance(Duration::seconds(66));
    zammad.wait_for_requests(Operation::SearchUsers, n_before + 1).await;
    assert_eq!(ended(&ada).await["kind"], "incremental");
    assert_eq!(known(&world, 7).await["lastname"], "Changed");
    assert_eq!(pages(zammad), [1, 2]);

    world.advance(Duration::DAY * 1.1);
    zammad.wait_for_requests(Operation::ListUsers, 6).await;
    assert_eq!(ended(&ada).await["kind"], "full");
    assert_eq!(pages(zammad), [1, 2, 1, 2]);
    world.end().await;
}
