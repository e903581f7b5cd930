//! What deliveries of Zammad's webhooks lead to, in whatever order they come.

use serde_json::{Value, json};
use time::{Duration, macros::datetime};

use crate::{
    client::number,
    hooks::{Hook, NOON, known, outcomes, sent, settled, zammad_user},
    shapes::{DELIVERY, ZAMMAD_USER, assert_fields, instant},
    world::{World, engines},
};

const FULL: &str =
    include_str!("../../../crates/zammad-simulator/data/webhook-default-payload.composed-full.wire.json");
const NO_ARTICLE: &str =
    include_str!("../../../crates/zammad-simulator/data/webhook-no-article.composed.wire.json");

engines!(
    the_customer_of_a_ticket_is_known,
    a_ticket_without_an_article_tells_as_much,
    everybody_of_a_ticket_is_known_but_zammads_own_user,
    what_tells_nothing_of_users_is_ignored,
    what_makes_no_sense_fails_and_is_kept,
    what_is_older_changes_nothing,
    the_newest_counts_in_whatever_order_deliveries_come,
    names_and_addresses_can_be_strange,
);

async fn the_customer_of_a_ticket_is_known(world: &World) {
    let admin = world.admin();
    admin.get("/v1/zammad/users/2").await.problem(404, "not_found");
    Hook::signed(FULL).named("8ba30b65-9b33-4ba3-8c4e-4a3ee7a4a1d4").to(&world.anonymous()).await.ok(202);
    let [delivery] = &settled(&admin).await[..] else { panic!("not one delivery") };
    assert_fields(delivery, DELIVERY);
    assert_eq!(delivery["delivery_id"], "8ba30b65-9b33-4ba3-8c4e-4a3ee7a4a1d4");
    assert_eq!((&delivery["state"], &delivery["reason"]), (&json!("applied"), &Value::Null));
    assert_eq!((number(delivery, "attempts"), instant(delivery, "received_at")), (1, world.now()));

    let user = admin.get("/v1/zammad/users/2").await.ok(200);
    assert_fields(&user, ZAMMAD_USER);
    let changed_at = datetime!(2025-05-13 09:10:09.620 UTC);
    assert_eq!((instant(&user, "updated_at"), instant(&user, "seen_at")), (changed_at, changed_at));
    for (name, expected) in [
        ("zammad_user_id", json!(2)),
        ("email", json!("nicole.braun@zammad.org")),
        ("firstname", json!("Nicole")),
        ("lastname", json!("Braun")),
        ("active", json!(true)),
        ("vanished_at", Value::Null),
        ("user_id", Value::Null),
        ("plan", Value::Null),
    ] {
        assert_eq!(user[name], expected, "{name}");
    }
    assert_eq!(world.service().get("/v1/zammad/users/2").await.ok(200), user);
}

async fn a_ticket_without_an_article_tells_as_much(world: &World) {
    assert_eq!(sent(world, &Hook::signed(NO_ARTICLE)).await.0, "applied");
    assert_eq!(known(&world.admin(), 2).await.as_deref(), Some("Nicole"));
    // Nor does a ticket need an organization, or anybody who works on it.
    let ticket = json!({
        "customer": zammad_user(11, "Ann", NOON), "organization": {}, "organization_id": null, "owner": {},
        "created_by": null,
    });
    assert_eq!(sent(world, &Hook::signed(json!({"ticket": ticket}).to_string())).await.0, "applied");
    assert_eq!(known(&world.admin(), 11).await.as_deref(), Some("Ann"));
}

async fn everybody_of_a_ticket_is_known_but_zammads_own_user(world: &World) {
    let mut agent = zammad_user(12, "Bob", NOON);
    agent["roles"] = json!(["Admin", "Agent"]);
    let mut inactive = zammad_user(13, "Cid", NOON);
    inactive["active"] = json!(false);
    let mut system = zammad_user(1, "-", NOON);
    system["email"] = json!("");
    let payload = json!({
        "ticket": {"customer": agent, "owner": system, "created_by": inactive,
            "updated_by": zammad_user(14, "Dan", NOON), "group": {"id": 17}, "organization": {"id": 18}},
        "article": {"created_by": zammad_user(15, "Eve", NOON), "updated_by": zammad_user(16, "Fay", NOON)},
    });
    assert_eq!(sent(world, &Hook::signed(payload.to_string())).await, ("applied".to_owned(), Value::Null));
    let admin = world.admin();
    for (id, name) in
        [(12, Some("Bob")), (13, Some("Cid")), (14, Some("Dan")), (15, Some("Eve")), (16, Some("Fay"))]
    {
        assert_eq!(known(&admin, id).await.as_deref(), name, "{id}");
    }
    assert_eq!(admin.get("/v1/zammad/users/13").await.ok(200)["active"], false);
    for nobody in [1, 17, 18] {
        admin.get(&format!("/v1/zammad/users/{nobody}")).await.problem(404, "not_found");
    }
    // Zammad's own user as a customer is nobody, either.
    let (state, reason) = sent(world, &Hook::of(&system)).await;
    assert!(state == "ignored" && reason.is_string(), "{reason}");
    admin.get("/v1/zammad/users/1").await.problem(404, "not_found");
}

async fn what_tells_nothing_of_users_is_ignored(world: &World) {
    for payload in [
        json!({}),
        json!({"text": "Ticket 81 is open"}),
        json!({"event": "x", "article": {"created_by": zammad_user(11, "Ann", NOON)}}),
        json!({"ticket": {}, "article": {}}),
        json!({"ticket": null}),
        json!({"ticket": "81"}),
        json!({"ticket": {"customer": {}, "owner": {}}, "article": {}}),
    ] {
        let (state, reason) = sent(world, &Hook::signed(payload.to_string())).await;
        assert!(state == "ignored" && reason.is_string(), "{payload}: {state} {reason}");
    }
    world.admin().get("/v1/zammad/users/11").await.problem(404, "not_found");
}

async fn what_makes_no_sense_fails_and_is_kept(world: &World) {
    let with = |name: &str, value: Value| {
        let mut user = zammad_user(11, "Ann", NOON);
        user[name] = value;
        json!({"ticket": {"customer": user}, "article": {}})
    };
    for payload in [
        json!({"error": "unexpected token at 'ann@example.com'"}),
        json!("ticket"),
        json!([{"ticket": {}}]),
        with("id", json!("11")),
        with("id", json!(-11)),
        with("updated_at", Value::Null),
        with("updated_at", json!("yesterday")),
        with("email", json!(7)),
        with("active", json!("yes")),
    ] {
        let (state, reason) = sent(world, &Hook::signed(payload.to_string())).await;
        assert_eq!(state, "failed", "{payload}: {reason}");
        assert!(!reason.as_str().unwrap().contains("ann@example.com"), "nothing is quoted: {reason}");
    }
    world.admin().get("/v1/zammad/users/11").await.problem(404, "not_found");
    assert_eq!(outcomes(&world.admin()).await, [("failed".to_owned(), 9)].into());
}

async fn what_is_older_changes_nothing(world: &World) {
    let admin = world.admin();
    let newest = Hook::of(&zammad_user(11, "Ann", NOON));
    assert_eq!(sent(world, &newest).await.0, "applied");
    let before = admin.get("/v1/zammad/users/11").await.ok(200);
    for (n, age) in [Duration::milliseconds(1), Duration::DAY, Duration::DAY * 3650].into_iter().enumerate() {
        let older = zammad_user(11, &format!("Anna {n}"), NOON - age);
        assert_eq!(sent(world, &Hook::of(&older)).await.0, "applied");
        assert_eq!(admin.get("/v1/zammad/users/11").await.ok(200), before);
    }
    let newer = zammad_user(11, "Anne", NOON + Duration::milliseconds(1));
    assert_eq!(sent(world, &Hook::of(&newer)).await.0, "applied");
    assert_eq!(known(&admin, 11).await.as_deref(), Some("Anne"));
}

async fn the_newest_counts_in_whatever_order_deliveries_come(world: &World) {
    let zammad = world.anonymous();
    let versions =
        |id: u64| (0..5).map(move |n| zammad_user(id, &format!("Version {n}"), NOON + Duration::minutes(n)));
    for (id, order) in [(11, [0, 1, 2, 3, 4]), (12, [4, 3, 2, 1, 0]), (13, [2, 4, 0, 3, 1])] {
        let versions: Vec<Value> = versions(id).collect();
        for n in order {
            Hook::of(&versions[n]).to(&zammad).await.ok(202);
        }
    }
    // Also within one delivery.
    let versions: Vec<Value> = versions(14).collect();
    let ticket = json!({"customer": versions[3], "owner": versions[1], "created_by": versions[4]});
    let payload = json!({"ticket": ticket, "article": {"created_by": versions[2]}});
    Hook::signed(payload.to_string()).to(&zammad).await.ok(202);
    let admin = world.admin();
    assert_eq!(outcomes(&admin).await, [("applied".to_owned(), 16)].into());
    for id in 11..=14 {
        assert_eq!(known(&admin, id).await.as_deref(), Some("Version 4"), "{id}");
    }
}

async fn names_and_addresses_can_be_strange(world: &World) {
    let admin = world.admin();
    let strange = [
        ("🌱 Zoë \u{200d}", Some("🌱 Zoë \u{200d}".to_owned())),
        ("a\0b", Some("a b".to_owned())),
        ("'; DROP TABLE users; --", Some("'; DROP TABLE users; --".to_owned())),
        ("", Some(String::new())),
        ("\u{fffd}\u{10ffff}", Some("\u{fffd}\u{10ffff}".to_owned())),
    ];
    let long = "🌱".repeat(300);
    let strange = strange.into_iter().chain([(long.as_str(), Some("🌱".repeat(255)))]);
    for ((name, expected), id) in strange.zip(100..) {
        let mut user = zammad_user(id, name, NOON);
        user["email"] = json!(name);
        assert_eq!(sent(world, &Hook::of(&user)).await.0, "applied", "{name}");
        assert_eq!(known(&admin, id).await, expected);
    }
    for (at, id) in [
        ("1970-01-01T00:00:00Z", 1_000),
        ("9999-12-31T23:59:59.999Z", 1_001),
        ("2026-01-02T04:04:05.678999+01:00", i64::MAX),
    ] {
        let mut user = zammad_user(id.cast_unsigned(), "Ann", NOON);
        user["updated_at"] = json!(at);
        assert_eq!(sent(world, &Hook::of(&user)).await.0, "applied", "{at}");
        assert_eq!(known(&admin, id.cast_unsigned()).await.as_deref(), Some("Ann"));
    }
    let last = admin.get(&format!("/v1/zammad/users/{}", i64::MAX)).await.ok(200);
    assert_eq!(last["updated_at"], "2026-01-02T03:04:05.678Z");
}
