//! Looking at what was delivered, applying it again, and forgetting it.

use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::text,
    hooks::{DELIVERIES, Hook, NOON, eventually, known, replay, sent, settled, zammad_user},
    shapes::{LIST, assert_fields},
    world::{Engine, World, engines},
};

const NOBODY: &str = "/v1/zammad/deliveries/0198c1f0-0000-7000-8000-000000000000/replay";

engines!(
    a_delivery_can_be_replayed_whatever_became_of_it,
    deliveries_come_page_by_page_and_by_state,
    a_page_of_deliveries_goes_on_where_the_last_one_ended,
);

async fn a_delivery_can_be_replayed_whatever_became_of_it(world: &World) {
    let admin = world.admin();
    let old = Hook::of(&zammad_user(11, "Ann", NOON)).named("old");
    for (hook, state) in [
        (old, "applied"),
        (Hook::signed("{}").named("empty"), "ignored"),
        (Hook::signed("{").named("cut"), "failed"),
    ] {
        assert_eq!(sent(world, &hook).await.0, state);
    }
    assert_eq!(sent(world, &Hook::of(&zammad_user(11, "Anne", NOON + Duration::SECOND))).await.0, "applied");
    world.advance(Duration::HOUR);
    let before = settled(&admin).await;
    for n_attempts in [2, 3] {
        for delivery in &before {
            replay(&admin, delivery).await;
        }
        let after = settled(&admin).await;
        for (before, after) in before.iter().zip(&after) {
            let mut expected = before.clone();
            expected["attempts"] = json!(n_attempts);
            assert_eq!(*after, expected);
        }
    }
    assert_eq!(known(&admin, 11).await.as_deref(), Some("Anne"));
    for path in [NOBODY, "/v1/zammad/deliveries/x/replay", "/v1/zammad/deliveries/%00/replay"] {
        admin.post(path).await.problem(404, "not_found");
    }
}

async fn deliveries_come_page_by_page_and_by_state(world: &World) {
    let admin = world.admin();
    let page = admin.get(DELIVERIES).await.ok(200);
    assert_fields(&page, LIST);
    assert_eq!(page, json!({"items": [], "next_cursor": null}));
    for n in 0..4 {
        world.advance(Duration::SECOND);
        for (kind, body) in
            [("applied", json!({"customer": zammad_user(20 + n, "Ann", NOON)})), ("ignored", json!({}))]
        {
            let hook = Hook::signed(json!({"ticket": body, "n": n}).to_string());
            hook.named(format!("{kind} {n}")).to(&world.anonymous()).await.ok(202);
        }
        Hook::signed(format!("{n} {{")).named(format!("failed {n}")).to(&world.anonymous()).await.ok(202);
    }
    let all = settled(&admin).await;
    let names = |list: &[Value]| list.iter().map(|it| text(it, "delivery_id")).collect::<Vec<_>>();
    let mut expected = Vec::new();
    for n in (0..4).rev() {
        expected.extend(["failed", "ignored", "applied"].map(|kind| format!("{kind} {n}")));
    }
    assert_eq!(names(&all), expected, "the latest first");
    for limit in [1, 2, 5, 11, 12, 100] {
        assert_eq!(admin.all(DELIVERIES, limit).await, all, "{limit}");
    }
    for state in ["applied", "ignored", "failed", "pending"] {
        let of_state: Vec<Value> = all.iter().filter(|it| it["state"] == state).cloned().collect();
        assert_eq!(of_state.len(), if state == "pending" { 0 } else { 4 });
        for limit in [1, 3, 4, 50] {
            assert_eq!(admin.all(&format!("{DELIVERIES}?state={state}"), limit).await, of_state);
        }
    }
    for (query, pointers) in [
        ("state=open", &["/query/state"][..]),
        ("state=", &["/query/state"]),
        ("state=Applied", &["/query/state"]),
        ("cursor=x", &["/query/cursor"]),
        ("limit=0", &["/query/limit"]),
        ("limit=101&state=x&cursor=%00", &["/query/cursor", "/query/limit", "/query/state"]),
    ] {
        assert_eq!(admin.get(&format!("{DELIVERIES}?{query}")).await.invalid(), pointers, "{query}");
    }
}

async fn a_page_of_deliveries_goes_on_where_the_last_one_ended(world: &World) {
    let admin = world.admin();
    let send = |n: u64| async move {
        Hook::of(&zammad_user(20 + n, "Ann", NOON)).named(n.to_string()).to(&world.anonymous()).await.ok(202);
    };
    for n in 0..5 {
        send(n).await;
    }
    settled(&admin).await;
    let first = admin.get(&format!("{DELIVERIES}?limit=2&state=applied")).await.ok(200);
    // What comes later is not on later pages, and what leaves the state is not missed by others.
    send(5).await;
    settled(&admin).await;
    let path = format!("{DELIVERIES}?state=applied&cursor={}", text(&first, "next_cursor"));
    let rest = admin.get(&path).await.ok(200);
    let names: Vec<String> = [&first, &rest]
        .iter()
        .flat_map(|it| it["items"].as_array().unwrap())
        .map(|it| text(it, "delivery_id"))
        .collect();
    assert_eq!(names, ["4", "3", "2", "1", "0"]);
    assert_eq!(rest["next_cursor"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_more_care_is_forgotten_after_a_week_and_then_tells_nothing_new() {
    let mut world = World::on(Engine::Sqlite).await;
    let admin = world.admin();
    let old = Hook::of(&zammad_user(11, "Ann", NOON)).named("old");
    let newer = Hook::of(&zammad_user(11, "Anne", NOON + Duration::SECOND)).named("newer");
    for hook in [&old, &newer, &Hook::signed("{}").named("empty"), &Hook::signed("{").named("cut")] {
        sent(&world, hook).await;
    }
    for (age, expected) in [(7, 4), (1, 1)] {
        world.advance(Duration::DAY * age);
        // A server that starts forgets, and then once an hour.
        world.start_another().await.unwrap();
        let forgotten = async || {
            let deliveries = admin.all(DELIVERIES, 100).await;
            (deliveries.len() <= expected).then_some(deliveries)
        };
        let left = eventually(forgotten).await;
        assert!(left.iter().any(|it| it["delivery_id"] == "cut"), "what failed is kept: {left:?}");
        assert_eq!(left.len(), expected);
    }
    // A captured delivery that is sent again.
    assert_eq!(sent(&world, &old).await.0, "applied");
    assert_eq!(known(&admin, 11).await.as_deref(), Some("Anne"));
    assert_eq!(settled(&admin).await.len(), 2);
    world.end().await;
}
