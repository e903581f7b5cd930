//! Lists in pages: stable, whole, and never with a secret.

use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::text,
    world::{World, engines},
};

engines!(
    plans_come_page_by_page,
    invites_come_page_by_page_and_by_state,
    members_come_page_by_page,
    a_page_goes_on_where_the_last_one_ended_whatever_happens_meanwhile,
    a_list_never_tells_a_code,
);

fn ids(entries: &[Value], name: &str) -> Vec<String> {
    entries.iter().map(|it| text(it, name)).collect()
}

async fn plans_come_page_by_page(world: &World) {
    let mut plans = Vec::new();
    for user in ["ann", "bob", "cid", "dan", "eve"] {
        plans.push(world.user(user).opens("The Hills").await);
        world.advance(Duration::seconds(1));
    }
    for limit in [1, 2, 3, 5, 100] {
        let listed = world.admin().all("/v1/plans", limit).await;
        assert_eq!(ids(&listed, "id"), plans, "{limit}");
    }
    world.user("cid").delete(&format!("/v1/plans/{}", plans[2])).await.ok(204);
    plans.remove(2);
    assert_eq!(ids(&world.admin().all("/v1/plans", 2).await, "id"), plans);
    let owned = world.admin().all("/v1/plans?owner_id=dan", 1).await;
    assert_eq!(ids(&owned, "id"), [plans[2].as_str()]);
}

async fn invites_come_page_by_page_and_by_state(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 100})).await.ok(200);
    let path = format!("/v1/plans/{plan}/invites");
    let expired = [ann.invites_with(&plan, &json!({"expires_in_seconds": 60})).await];
    world.advance(Duration::seconds(60));
    let mut invites = Vec::new();
    for _ in 0..7 {
        invites.push(ann.invites(&plan).await);
    }
    world.user("bob").accepts(&invites[0].code).await.ok(200);
    world.user("cid").accepts(&invites[1].code).await.ok(200);
    ann.delete(&format!("{path}/{}", invites[2].id)).await.ok(204);
    let all: Vec<String> = expired.iter().chain(&invites).map(|it| it.id.clone()).collect();
    for limit in [1, 3, 8, 50] {
        assert_eq!(ids(&ann.all(&path, limit).await, "id"), all, "{limit}");
    }
    for (state, expected) in
        [("expired", &all[..1]), ("used", &all[1..3]), ("revoked", &all[3..4]), ("open", &all[4..])]
    {
        for limit in [1, 2, 50] {
            let listed = ann.all(&format!("{path}?state={state}"), limit).await;
            assert_eq!(ids(&listed, "id"), expected, "{state} {limit}");
            assert!(listed.iter().all(|it| it["state"] == state));
        }
    }
}

async fn members_come_page_by_page(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    // Several join in the same instant.
    let users = ["zoë", "bob", "cid", "Bob"];
    for user in users {
        let invite = ann.invites(&plan).await;
        world.user(user).accepts(&invite.code).await.ok(200);
    }
    let path = format!("/v1/plans/{plan}/members");
    let whole = ids(&ann.all(&path, 100).await, "user_id");
    assert_eq!(whole.len(), 5);
    for limit in [1, 2, 3, 4, 5] {
        assert_eq!(ids(&ann.all(&path, limit).await, "user_id"), whole, "{limit}");
    }
    let mut sorted = whole;
    sorted.sort_unstable();
    assert_eq!(sorted, ["Bob", "ann", "bob", "cid", "zoë"]);
}

async fn a_page_goes_on_where_the_last_one_ended_whatever_happens_meanwhile(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 100})).await.ok(200);
    let path = format!("/v1/plans/{plan}/invites");
    let mut invites = Vec::new();
    for _ in 0..4 {
        invites.push(ann.invites(&plan).await.id);
    }
    let first = ann.get(&format!("{path}?limit=2")).await.ok(200);
    assert_eq!(ids(first["items"].as_array().unwrap(), "id"), invites[..2]);
    ann.delete(&format!("{path}/{}", invites[1])).await.ok(204);
    invites.push(ann.invites(&plan).await.id);
    let rest = ann.get(&format!("{path}?cursor={}", text(&first, "next_cursor"))).await.ok(200);
    assert_eq!(ids(rest["items"].as_array().unwrap(), "id"), invites[2..]);
    assert_eq!(rest["next_cursor"], Value::Null);

    // The page ends with a member who leaves.
    for user in ["bob", "cid", "dan"] {
        world.advance(Duration::seconds(1));
        world.joins(user, &ann, &plan).await;
    }
    let members = format!("/v1/plans/{plan}/members");
    let first = ann.get(&format!("{members}?limit=2")).await.ok(200);
    ann.detaches(&plan, "bob").await.ok(200);
    let rest = ann.get(&format!("{members}?cursor={}", text(&first, "next_cursor"))).await.ok(200);
    assert_eq!(ids(rest["items"].as_array().unwrap(), "user_id"), ["cid", "dan"]);
}

async fn a_list_never_tells_a_code(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let codes = [ann.invites(&plan).await.code, world.joins("bob", &ann, &plan).await];
    for list in ["", "/seats", "/members", "/invites", "/events"] {
        for caller in [&ann, &world.admin(), &world.service()] {
            let body = caller.get(&format!("/v1/plans/{plan}{list}")).await.ok(200).to_string();
            assert!(codes.iter().all(|it| !body.contains(it.as_str())), "{body}");
            assert!(world.zammad.tokens().iter().all(|it| !body.contains(&it.value)), "{body}");
        }
    }
}
