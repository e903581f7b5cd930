//! Users of the helpdesk who are deactivated, go, and come back. Nobody loses a seat by it.

use family_plan_zammad_simulator::{NewUser, Operation};
use serde_json::{Value, json};

use super::{HOUR, N_SEEDED, counts, ended, forget_requests, hold_page, known, pages, pull, pull_all};
use crate::{
    client::Caller,
    shapes::instant,
    world::{World, engines, on_sqlite},
};

/// Bob is at the helpdesk, and in a plan of Ann's; answers his id there, and the plan.
async fn bob_joins(world: &World) -> (u64, String) {
    let id = world.zammad.add_user(NewUser::customer("bob@example.com").named("Bob", "Hill")).id;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.joins("bob", &ann, &plan).await;
    pull_all(world).await;
    assert_eq!(known(world, id).await["user_id"], "bob");
    world.advance(HOUR);
    (id, plan)
}

/// What membership and seats are like.
async fn seats(ann: &Caller, bob: &Caller, plan: &str) -> [Value; 3] {
    let path = format!("/v1/plans/{plan}");
    [
        ann.get(&format!("{path}/seats")).await.ok(200),
        ann.get(&format!("{path}/members")).await.ok(200),
        bob.get("/v1/me").await.ok(200),
    ]
}

mod everywhere {
    use super::*;

    engines!(whoever_is_gone_at_the_helpdesk_keeps_their_seat);

    async fn whoever_is_gone_at_the_helpdesk_keeps_their_seat(world: &World) {
        let (id, plan) = bob_joins(world).await;
        let (ann, bob) = (world.user("ann"), world.user("bob"));
        let before = seats(&ann, &bob, &plan).await;
        let user = world.zammad.user("bob@example.com").unwrap();
        assert!(world.zammad.delete_user(id));
        assert_eq!(counts(&pull(world, &json!({})).await).2, 0, "there is no trace of whoever is gone");
        forget_requests(&world.zammad).await;
        assert_eq!(counts(&pull_all(world).await), (N_SEEDED, 0, 1));
        assert_eq!(world.zammad.request_count(Operation::ShowUser), 1, "a listing alone proves nothing");

        let gone = known(world, id).await;
        let vanished_at = world.now();
        assert_eq!(instant(&gone, "vanished_at"), vanished_at);
        assert_eq!((&gone["user_id"], &gone["plan"]["plan_id"]), (&json!("bob"), &json!(plan)));
        assert_eq!(seats(&ann, &bob, &plan).await, before);

        world.advance(HOUR);
        forget_requests(&world.zammad).await;
        assert_eq!(counts(&pull_all(world).await), (N_SEEDED, 0, 0), "they are gone once");
        assert_eq!(world.zammad.request_count(Operation::ShowUser), 0);
        assert_eq!(instant(&known(world, id).await, "vanished_at"), vanished_at);

        assert!(world.zammad.restore_user(user));
        world.advance(HOUR);
        assert_eq!(counts(&pull_all(world).await).0, N_SEEDED + 1);
        assert!(known(world, id).await["vanished_at"].is_null());
        assert_eq!(seats(&ann, &bob, &plan).await, before);
    }
}

mod others {
    use super::*;

    on_sqlite!(
        whoever_is_deactivated_keeps_their_seat,
        whoever_is_merged_into_another_is_gone,
        who_is_skipped_because_another_was_deleted_is_not_gone,
    );

    async fn whoever_is_deactivated_keeps_their_seat(world: &World) {
        let (id, plan) = bob_joins(world).await;
        let (ann, bob) = (world.user("ann"), world.user("bob"));
        let before = seats(&ann, &bob, &plan).await;
        for active in [false, true] {
            world.advance(HOUR);
            world.zammad.edit_user(id, |it| it.active = active);
            pull(world, &json!({})).await;
            let user = known(world, id).await;
            assert_eq!(user["active"], active);
            assert!(user["vanished_at"].is_null());
            assert_eq!(seats(&ann, &bob, &plan).await, before);
        }
    }

    async fn whoever_is_merged_into_another_is_gone(world: &World) {
        let (id, plan) = bob_joins(world).await;
        let before = seats(&world.user("ann"), &world.user("bob"), &plan).await;
        assert!(world.zammad.merge_user(id, 7));
        assert_eq!(counts(&pull_all(world).await), (N_SEEDED, 1, 1));
        assert!(!known(world, id).await["vanished_at"].is_null());
        assert!(known(world, 7).await["vanished_at"].is_null());
        assert_eq!(seats(&world.user("ann"), &world.user("bob"), &plan).await, before);
    }

    async fn who_is_skipped_because_another_was_deleted_is_not_gone(world: &World) {
        let ids = world.zammad.seed_users(2_500);
        world.advance(HOUR);
        pull_all(world).await;
        world.advance(HOUR);
        forget_requests(&world.zammad).await;
        hold_page(&world.zammad, 2);
        world.admin().post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
        world.zammad.wait_for_requests(Operation::ListUsers, 2).await;
        // The first of the second page moves to the first one, which was read.
        assert!(world.zammad.delete_user(2));
        world.zammad.recover();
        let sync = ended(&world.admin()).await;
        assert_eq!(pages(&world.zammad), [1, 2, 3, 4]);
        assert_eq!(counts(&sync), (N_SEEDED + 2_500, 0, 0), "they were looked for, and found");
        assert_eq!(world.zammad.request_count(Operation::ShowUser), 1);
        for id in [ids.start + 986, ids.start + 985, ids.start + 987] {
            assert!(known(world, id).await["vanished_at"].is_null(), "{id}");
        }
        world.advance(HOUR);
        assert_eq!(counts(&pull_all(world).await), (N_SEEDED + 2_499, 0, 1));
        assert!(!known(world, 2).await["vanished_at"].is_null());
    }
}
