//! What settings would do, before they are in force.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::Caller,
    shapes::assert_fields,
    world::{World, engines},
};

engines!(
    a_preview_counts_plans_and_people_over_the_limit,
    a_preview_changes_nothing,
    a_preview_is_as_strict_as_what_it_previews,
);

fn body(user_limit: i64) -> Value {
    json!({
        "user_limit": user_limit, "invite_ttl_seconds": 3600, "pending_invites_hold_seats": false,
        "detached_invites": "revoke",
    })
}

/// Plans and people over the limit.
async fn preview(ada: &Caller, user_limit: i64) -> (Value, Value) {
    let preview = ada.post_json("/v1/settings/preview", &body(user_limit)).await.ok(200);
    assert_fields(&preview, &["plans_over_limit", "people_over_limit"]);
    (preview["plans_over_limit"].clone(), preview["people_over_limit"].clone())
}

async fn a_preview_counts_plans_and_people_over_the_limit(world: &World) {
    let ada = world.admin();
    assert_eq!(preview(&ada, 1).await, (json!(0), json!(0)));
    let (ann, bob, zoe) = (world.user("ann"), world.user("bob"), world.user("zoe"));
    let plans = [ann.opens("The Hills").await, bob.opens("The Dales").await, zoe.opens("The Loves").await];
    for (owner, plan, people) in
        [(&ann, &plans[0], vec!["a", "b", "c"]), (&bob, &plans[1], vec!["d"]), (&zoe, &plans[2], vec!["e"])]
    {
        for person in people {
            world.joins(person, owner, plan).await;
        }
        owner.invites(plan).await;
    }
    assert_eq!(preview(&ada, 1).await, (json!(3), json!(5)));
    assert_eq!(preview(&ada, 2).await, (json!(1), json!(2)));
    assert_eq!(preview(&ada, 4).await, (json!(0), json!(0)));
    // A limit of its own counts for a plan; a closed plan does not count.
    ada.patch(&format!("/v1/plans/{}", plans[0]), &json!({"user_limit": 3})).await.ok(200);
    assert_eq!(preview(&ada, 100).await, (json!(1), json!(1)));
    bob.delete(&format!("/v1/plans/{}", plans[1])).await.ok(204);
    assert_eq!(preview(&ada, 1).await, (json!(2), json!(2)));
}

async fn a_preview_changes_nothing(world: &World) {
    let ada = world.admin();
    let before = ada.get("/v1/settings").await;
    preview(&ada, 1).await;
    let after = ada.get("/v1/settings").await;
    assert_eq!((after.ok(200), after.header("etag")), (before.ok(200), before.header("etag")));
}

async fn a_preview_is_as_strict_as_what_it_previews(world: &World) {
    let ada = world.admin();
    let path = "/v1/settings/preview";
    let all = ["/detached_invites", "/invite_ttl_seconds", "/pending_invites_hold_seats", "/user_limit"];
    assert_eq!(ada.post_json(path, &json!({})).await.invalid(), all);
    let mut unknown = body(5);
    unknown["colour"] = json!("red");
    unknown["revision"] = json!("anything");
    assert_eq!(ada.post_json(path, &unknown).await.invalid(), ["/colour"]);
    for (wrong, caller) in [(0, &ada), (101, &ada), (-1, &ada)] {
        assert_eq!(caller.post_json(path, &body(wrong)).await.invalid(), ["/user_limit"]);
    }
    world.anonymous().post_json(path, &json!({})).await.problem(401, "unauthenticated");
    for caller in [world.user("ann"), world.service()] {
        caller.post_json(path, &json!({})).await.problem(403, "forbidden");
    }
    let other = ada.request(Method::GET, path);
    crate::client::Answer::to(other).await.problem(405, "method_not_allowed");
}
