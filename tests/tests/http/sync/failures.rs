//! A helpdesk that fails while it is read: the record says why, nobody is taken for gone, and all else goes on.

use family_plan_zammad_simulator::{Config, Failure, NewToken, NewUser, Operation};
use serde_json::{Value, json};

use super::{HOUR, LISTING, N_SEEDED, counts, ended, forget_requests, hold_page, known, pull, pull_all};
use crate::{
    client::text,
    shapes::instant,
    world::{Engine, World, clock_and_zammad, on_sqlite},
};

on_sqlite!(
    a_helpdesk_out_of_reach_is_told_of_and_all_else_goes_on,
    a_token_that_is_not_accepted_is_told_of,
    an_account_that_lost_its_rights_takes_nobody_for_gone,
    an_account_that_loses_its_rights_halfway_takes_nobody_for_gone,
    an_answer_that_makes_no_sense_is_told_of,
    a_failure_that_passes_is_not_noticed,
);

fn reason(sync: &Value) -> String {
    assert_eq!(sync["state"], "idle");
    text(sync, "last_error")
}

async fn a_helpdesk_out_of_reach_is_told_of_and_all_else_goes_on(world: &World) {
    pull_all(world).await;
    world.advance(HOUR);
    world.zammad.fail_on(LISTING, Failure::Html502);
    let sync = pull_all(world).await;
    assert_eq!(reason(&sync), "the helpdesk is unavailable: Zammad answered 502");
    assert_eq!((counts(&sync), instant(&sync, "finished_at")), ((0, 0, 0), world.now()));
    world.user("ann").opens("The Hills").await;
    assert!(known(world, 7).await["vanished_at"].is_null());

    world.zammad.recover();
    let sync = pull_all(world).await;
    assert!(sync["last_error"].is_null(), "{sync}");
    assert_eq!(counts(&sync), (N_SEEDED, 0, 0));
}

async fn a_token_that_is_not_accepted_is_told_of(world: &World) {
    pull_all(world).await;
    world.zammad.fail(Failure::Unauthorized);
    for body in [json!({"full": true}), json!({})] {
        let reason = reason(&pull(world, &body).await);
        let expected = "the helpdesk rejected the request: Zammad answered 401: Can't find User for Token";
        assert!(reason.starts_with(expected), "{reason}");
    }
}

async fn an_account_that_lost_its_rights_takes_nobody_for_gone(world: &World) {
    pull_all(world).await;
    world.advance(HOUR);
    // An agent who becomes a customer.
    world.zammad.edit_user(4, |it| it.role_ids = vec![3]);
    for body in [json!({"full": true}), json!({})] {
        let sync = pull(world, &body).await;
        let reason = reason(&sync);
        assert!(reason.contains("sees only itself") && reason.contains("`ticket.agent`"), "{reason}");
        assert_eq!(counts(&sync).2, 0);
    }
    for id in [2, 7, 14] {
        assert!(known(world, id).await["vanished_at"].is_null(), "{id}");
    }
    world.zammad.edit_user(4, |it| it.role_ids = vec![2]);
    assert!(pull_all(world).await["last_error"].is_null());
}

async fn an_account_that_loses_its_rights_halfway_takes_nobody_for_gone(world: &World) {
    let ids = world.zammad.seed_users(2_500);
    world.advance(HOUR);
    pull_all(world).await;
    world.advance(HOUR);
    forget_requests(&world.zammad).await;
    hold_page(&world.zammad, 2);
    world.admin().post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
    world.zammad.wait_for_requests(Operation::ListUsers, 2).await;
    world.zammad.edit_user(4, |it| it.role_ids = vec![3]);
    world.zammad.recover();
    let sync = ended(&world.admin()).await;
    assert!(reason(&sync).starts_with("the helpdesk rejected the request: "), "{sync}");
    for id in [ids.start + 1_200, ids.end - 1] {
        assert!(known(world, id).await["vanished_at"].is_null(), "{id}");
    }
}

async fn an_answer_that_makes_no_sense_is_told_of(world: &World) {
    pull_all(world).await;
    for (failure, expected) in [
        (Failure::GarbageBody, "Zammad answered 200, but the answer"),
        (Failure::EmptyBody, "the answer is not JSON"),
        (Failure::MaskedUnprocessable, "Zammad answered 422"),
    ] {
        world.zammad.fail_on(LISTING, failure);
        let reason = reason(&pull_all(world).await);
        assert!(reason.contains(expected), "{failure:?}: {reason}");
    }
    assert!(known(world, 7).await["vanished_at"].is_null());
}

async fn a_failure_that_passes_is_not_noticed(world: &World) {
    forget_requests(&world.zammad).await;
    for failure in [Failure::Html503, Failure::ConnectionReset] {
        world.zammad.fail_next_on(1, LISTING, failure);
        let sync = pull_all(world).await;
        assert!(sync["last_error"].is_null(), "{sync}");
        assert_eq!(counts(&sync).0, N_SEEDED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_sees_only_itself_is_told_of() {
    let (clock, zammad) = clock_and_zammad(Config::default());
    let customer = zammad.add_user(NewUser::customer("family@example.com")).id;
    let token = zammad.add_token(NewToken::new(customer, "reads").permission("ticket.agent")).value;
    let world = World::with_zammad(Engine::Sqlite, &[("ZAMMAD__TOKEN", &token)], clock, zammad).await;
    let sync = pull_all(&world).await;
    assert!(reason(&sync).contains("sees only itself"), "{sync}");
    assert!(!reason(&sync).contains(&token), "{sync}");
    assert_eq!(counts(&sync), (0, 0, 0));
    world.service().get("/v1/zammad/users/2").await.problem(404, "not_found");
    world.end().await;
}
