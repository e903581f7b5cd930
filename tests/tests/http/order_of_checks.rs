//! Refusals come in an order that tells strangers nothing.

use reqwest::{Method, header};
use serde_json::json;

use crate::{
    client::{ADMIN, Answer, Caller, SERVICE},
    world::{World, on_sqlite},
};

on_sqlite!(
    nobody_is_told_anything_before_they_signed_in,
    a_stranger_learns_nothing_however_wrong_the_request_is,
    a_member_without_the_right_is_told_so_before_anything_else,
    who_may_is_told_what_is_wrong_before_the_rules_are_asked,
    who_lacks_a_role_is_told_so_before_anything_else,
    an_owner_may_not_set_the_limit_and_nothing_changes,
    a_service_joins_no_plan,
    an_administrator_can_be_in_a_plan_like_anybody,
);

/// Every request about `plan` and `invite` that has a body or a query, as wrong as can be.
fn wrong_requests(caller: &Caller, plan: &str, invite: &str) -> Vec<reqwest::RequestBuilder> {
    let bodies: [(&str, &str); 4] = [
        ("text/plain", "x"),
        ("application/json", "{"),
        ("application/json", "{\"x\": 1}"),
        ("application/json", "[]"),
    ];
    let mut requests = Vec::new();
    for (content_type, body) in bodies {
        for (method, path) in [
            (Method::PATCH, format!("/v1/plans/{plan}")),
            (Method::POST, format!("/v1/plans/{plan}/transfer")),
            (Method::POST, format!("/v1/plans/{plan}/invites")),
        ] {
            let request = caller.request(method, &path).header(header::CONTENT_TYPE, content_type);
            requests.push(request.body(body));
        }
    }
    for list in ["members", "invites", "events"] {
        requests.push(caller.request(Method::GET, &format!("/v1/plans/{plan}/{list}?limit=0&cursor=!")));
    }
    for invite in [invite, "no-uuid", plan] {
        let path = format!("/v1/plans/{plan}/invites/{invite}");
        requests.push(caller.request(Method::DELETE, &path));
        requests.push(caller.request(Method::POST, &format!("{path}/resend")));
    }
    requests
}

async fn nobody_is_told_anything_before_they_signed_in(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    for plan in [plan.as_str(), "no-uuid", &invite.id] {
        for request in wrong_requests(&world.anonymous(), plan, &invite.id) {
            let problem = Answer::to(request).await.problem(401, "unauthenticated");
            assert!(
                problem["login_url"].as_str().unwrap().starts_with("https://login.example/"),
                "{problem}"
            );
        }
    }
    for path in ["/v1/plans", "/v1/users/x"] {
        let method = if path == "/v1/plans" { Method::POST } else { Method::PUT };
        let request = world.anonymous().request(method, path).body("{");
        Answer::to(request).await.problem(401, "unauthenticated");
    }
    world.anonymous().accepts("unknown").await.problem(401, "unauthenticated");
    world.anonymous().get("/v1/invites/unknown").await.problem(404, "invite_not_found");
}

async fn a_stranger_learns_nothing_however_wrong_the_request_is(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    world.joins("former", &ann, &plan).await;
    ann.detaches(&plan, "former").await.ok(200);
    for stranger in ["eve", "former"] {
        for request in wrong_requests(&world.user(stranger), &plan, &invite.id) {
            Answer::to(request).await.problem(404, "plan_not_found");
        }
    }
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
}

async fn a_member_without_the_right_is_told_so_before_anything_else(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    world.joins("bob", &ann, &plan).await;
    for request in wrong_requests(&world.user("bob"), &plan, &invite.id) {
        let answer = Answer::to(request).await;
        // Members may list members: for them the query is wrong.
        if answer.status != 422 || answer.invalid() != ["/query/cursor", "/query/limit"] {
            answer.problem(403, "forbidden");
        }
    }
    assert_eq!(ann.seats(&plan).await, (5, 2, 1));
}

async fn who_may_is_told_what_is_wrong_before_the_rules_are_asked(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 1})).await.ok(200);
    let invites = format!("/v1/plans/{plan}/invites");
    ann.post_json(&invites, &json!({"x": 1})).await.problem(422, "invalid_request");
    ann.post(&invites).await.problem(409, "plan_full");
    ann.post_json("/v1/plans", &json!({"name": ""})).await.problem(422, "invalid_request");
    ann.post_json("/v1/plans", &json!({"name": "x"})).await.problem(409, "already_in_plan");
    let typed = ann.request(Method::POST, "/v1/plans").header(header::CONTENT_TYPE, "text/plain");
    Answer::to(typed.body("{")).await.problem(415, "unsupported_media_type");
}

async fn who_lacks_a_role_is_told_so_before_anything_else(world: &World) {
    for caller in [world.user("ann"), world.service()] {
        let request = caller.request(Method::PUT, "/v1/settings").body("{");
        Answer::to(request).await.problem(403, "forbidden");
    }
    let ann = world.user("ann");
    let request = ann.request(Method::PUT, "/v1/users/bob").body("{");
    Answer::to(request).await.problem(403, "forbidden");
    ann.get("/v1/plans?limit=0").await.problem(403, "forbidden");
    // Without If-Match, but invalid besides.
    world.admin().put("/v1/settings", &json!({})).await.problem(422, "invalid_request");
}

async fn an_owner_may_not_set_the_limit_and_nothing_changes(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let before = ann.plan(&plan).await;
    for body in [
        json!({"name": "New", "user_limit": 7}),
        json!({"user_limit": null}),
        json!({"user_limit": 0}),
        json!({"name": "", "user_limit": "many"}),
        json!({"name": "New", "user_limit": null}),
    ] {
        ann.patch(&format!("/v1/plans/{plan}"), &body).await.problem(403, "forbidden");
    }
    assert_eq!(ann.plan(&plan).await, before);
    let both = json!({"name": "New", "user_limit": 7});
    let plan = world.admin().patch(&format!("/v1/plans/{plan}"), &both).await.ok(200);
    assert_eq!((&plan["name"], &plan["limit"]), (&json!("New"), &json!(7)));
}

async fn a_service_joins_no_plan(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    world.service().accepts(&invite.code).await.problem(403, "forbidden");
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
    let both = world.with_roles("cid", &[ADMIN, SERVICE]);
    both.accepts(&invite.code).await.ok(200);
}

async fn an_administrator_can_be_in_a_plan_like_anybody(world: &World) {
    let ada = world.admin();
    let plan = ada.opens("The Loves").await;
    let invite = ada.invites(&plan).await;
    ada.accepts(&invite.code).await.problem(409, "own_plan");
    let other = world.user("ann");
    let others = other.opens("The Hills").await;
    ada.accepts(&other.invites(&others).await.code).await.problem(409, "already_in_plan");
    ada.post_json("/v1/plans", &json!({"name": "x"})).await.problem(409, "already_in_plan");
}
