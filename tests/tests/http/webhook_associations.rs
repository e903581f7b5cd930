//! Whom deliveries associate with users of the helpdesk.

use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::{Caller, claims, text},
    hooks::{Hook, NOON, links, replay, sent, settled, zammad_user},
    shapes::instant,
    world::{World, engines},
};

engines!(
    a_user_is_associated_when_a_delivery_tells_of_them,
    a_user_is_associated_when_they_come_after_the_delivery,
    only_a_verified_address_that_is_theirs_alone_associates,
);

fn with_email(id: u64, email: &str) -> Value {
    let mut user = zammad_user(id, "Ann", NOON);
    user["email"] = json!(email);
    user
}

async fn zammad_user_ids(caller: &Caller, plan: &str) -> Vec<(String, Value)> {
    let members = caller.all(&format!("/v1/plans/{plan}/members"), 100).await;
    let mut ids: Vec<_> =
        members.iter().map(|it| (text(it, "user_id"), it["zammad_user_id"].clone())).collect();
    ids.sort_by(|one, other| one.0.cmp(&other.0));
    ids
}

async fn a_user_is_associated_when_a_delivery_tells_of_them(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.joins("bob", &ann, &plan).await;
    assert!(links(&ann, &plan).await.is_empty());
    world.advance(Duration::MINUTE);
    assert_eq!(sent(world, &Hook::of(&with_email(11, "Bob@Example.COM"))).await.0, "applied");
    let expected = [("ann".to_owned(), Value::Null), ("bob".to_owned(), json!(11))];
    assert_eq!(zammad_user_ids(&ann, &plan).await, expected);
    assert_eq!(world.user("bob").get("/v1/me").await.ok(200)["zammad_user_id"], 11);

    let [event] = &links(&ann, &plan).await[..] else { panic!("not one event") };
    assert_eq!(event["type"], "zammad_user.linked");
    assert_eq!(event["data"], json!({"user_id": "bob", "zammad_user_id": 11}));
    assert_eq!((&event["actor"], &event["reason"]), (&Value::Null, &json!("verified_email")));
    assert_eq!((instant(event, "timestamp"), text(event, "plan_id")), (world.now(), plan.clone()));

    let user = world.service().get("/v1/zammad/users/11").await.ok(200);
    assert_eq!(user["user_id"], "bob");
    let expected = json!({"plan_id": plan, "name": "The Hills", "role": "member", "used": 2, "limit": 5});
    assert_eq!(user["plan"], expected);

    // It stays, whatever the address becomes, and is told once.
    for (at, email) in [(1, "bob@example.com"), (2, "bobby@example.com"), (3, "")] {
        let mut later = with_email(11, email);
        later["updated_at"] = json!(format!("2026-01-10T13:00:0{at}Z"));
        assert_eq!(sent(world, &Hook::of(&later)).await.0, "applied");
    }
    for delivery in settled(&world.admin()).await {
        replay(&world.admin(), &delivery).await;
    }
    settled(&world.admin()).await;
    assert_eq!(links(&ann, &plan).await.len(), 1);
    assert_eq!(world.user("bob").get("/v1/me").await.ok(200)["zammad_user_id"], 11);
}

async fn a_user_is_associated_when_they_come_after_the_delivery(world: &World) {
    assert_eq!(sent(world, &Hook::of(&with_email(11, "ann@example.com"))).await.0, "applied");
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    assert_eq!(zammad_user_ids(&ann, &plan).await, [("ann".to_owned(), json!(11))]);
    assert_eq!(ann.get("/v1/me").await.ok(200)["zammad_user_id"], 11);
}

async fn only_a_verified_address_that_is_theirs_alone_associates(world: &World) {
    let mut ann = claims("ann");
    ann["email_verified"] = json!(false);
    let ann = world.anonymous().claiming(&ann);
    let plan = ann.opens("The Hills").await;
    for user in ["bob", "cid"] {
        world.joins(user, &ann, &plan).await;
    }
    // Two of ours have it.
    let mut other = claims("other");
    other["email"] = json!("cid@example.com");
    world.anonymous().claiming(&other).get("/v1/me").await.ok(200);
    for (id, email) in [(11, "ann"), (12, "bob"), (13, "cid")] {
        // Two of theirs have the address of the second, and both are told of at once.
        let ticket = json!({
            "customer": with_email(id, &format!("{email}@example.com")),
            "owner": if email == "bob" { with_email(22, "BOB@example.com") } else { json!({}) },
        });
        assert_eq!(sent(world, &Hook::signed(json!({"ticket": ticket}).to_string())).await.0, "applied");
    }
    let nobody = ["ann", "bob", "cid"].map(|it| (it.to_owned(), Value::Null));
    assert_eq!(zammad_user_ids(&ann, &plan).await, nobody);
    assert!(links(&ann, &plan).await.is_empty());
}
