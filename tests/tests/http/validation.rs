//! Fields and parameters that break rules: all of them are told at once, each with its place.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Caller},
    world::{World, on_sqlite},
};

on_sqlite!(
    every_mistake_in_a_body_is_told_at_once,
    every_mistake_in_a_query_is_told_at_once,
    a_plan_has_a_name_within_bounds,
    a_user_has_an_id_within_bounds,
    a_limit_is_from_1_to_100,
    an_invite_lives_from_a_minute_to_30_days,
    a_recipient_has_an_address,
    settings_are_complete_and_within_bounds,
    what_a_user_is_told_to_be_is_within_bounds,
    a_page_has_from_1_to_100_entries,
    a_cursor_is_one_of_the_same_list,
    an_unknown_state_is_no_filter,
    an_unknown_field_is_named_by_its_pointer,
    a_path_id_that_is_no_uuid_is_not_found,
    a_path_id_that_is_no_utf8_is_not_found_either,
    an_id_of_something_else_is_not_found,
);

async fn invalid(caller: &Caller, method: Method, path: &str, body: &Value) -> Vec<String> {
    caller.send(method, path, body).await.invalid()
}

async fn every_mistake_in_a_body_is_told_at_once(world: &World) {
    let ann = world.user("ann");
    let body = json!({"owner_id": 7, "colour": "red", "size": 1});
    let pointers = invalid(&ann, Method::POST, "/v1/plans", &body).await;
    assert_eq!(pointers, ["/colour", "/name", "/owner_id", "/size"]);

    let plan = ann.opens("The Hills").await;
    let body = json!({"recipient_email": "nobody", "expires_in_seconds": "soon", "x": null});
    let pointers = invalid(&ann, Method::POST, &format!("/v1/plans/{plan}/invites"), &body).await;
    assert_eq!(pointers, ["/expires_in_seconds", "/recipient_email", "/x"]);
    let body = json!({"name": "", "user_limit": 0});
    let pointers = invalid(&world.admin(), Method::PATCH, &format!("/v1/plans/{plan}"), &body).await;
    assert_eq!(pointers, ["/name", "/user_limit"]);
    let body = json!({"email": "x", "name": 1, "individual_plan": []});
    let pointers = invalid(&world.admin(), Method::PUT, "/v1/users/bob", &body).await;
    assert_eq!(pointers, ["/email", "/individual_plan", "/name"]);
    assert_eq!(ann.seats(&plan).await, (5, 1, 0));
}

async fn every_mistake_in_a_query_is_told_at_once(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites?state=x&cursor=!&limit=0");
    assert_eq!(ann.get(&path).await.invalid(), ["/query/cursor", "/query/limit", "/query/state"]);
    let answer = world.admin().get("/v1/plans?limit=x&cursor=y&owner_id=").await;
    assert_eq!(answer.invalid(), ["/query/cursor", "/query/limit", "/query/owner_id"]);
}

async fn a_plan_has_a_name_within_bounds(world: &World) {
    let ann = world.user("ann");
    let too_long = "é".repeat(201);
    for name in ["", "   ", "a\u{0}b", "a\nb", &too_long] {
        assert_eq!(invalid(&ann, Method::POST, "/v1/plans", &json!({"name": name})).await, ["/name"]);
    }
    for name in [json!(null), json!(7), json!(["x"]), json!({})] {
        assert_eq!(invalid(&ann, Method::POST, "/v1/plans", &json!({"name": name})).await, ["/name"]);
    }
    let longest = "🏡".repeat(200);
    let plan = ann.opens(&format!(" {longest} ")).await;
    assert_eq!(ann.plan(&plan).await["name"], longest);
}

async fn a_user_has_an_id_within_bounds(world: &World) {
    let too_long = "é".repeat(256);
    for id in ["", "a\u{7}b", &too_long] {
        let body = json!({"name": "The Hills", "owner_id": id});
        assert_eq!(invalid(&world.admin(), Method::POST, "/v1/plans", &body).await, ["/owner_id"]);
    }
    let longest = "é".repeat(255);
    let body = json!({"name": "The Hills", "owner_id": longest});
    let plan = world.admin().post_json("/v1/plans", &body).await.ok(201);
    assert_eq!(plan["owner_id"], longest);
}

async fn a_limit_is_from_1_to_100(world: &World) {
    let plan = world.user("ann").opens("The Hills").await;
    let path = format!("/v1/plans/{plan}");
    for limit in
        [json!(0), json!(-1), json!(101), json!(1.5), json!("5"), json!(true), json!(9e99), json!(u64::MAX)]
    {
        let pointers = invalid(&world.admin(), Method::PATCH, &path, &json!({"user_limit": limit})).await;
        assert_eq!(pointers, ["/user_limit"], "{limit}");
    }
    for limit in [1, 100] {
        let plan = world.admin().patch(&path, &json!({"user_limit": limit})).await.ok(200);
        assert_eq!(plan["limit"], limit);
    }
}

async fn an_invite_lives_from_a_minute_to_30_days(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    for seconds in [json!(59), json!(0), json!(-60), json!(2_592_001), json!(60.5), json!("60"), json!(1e30)]
    {
        let pointers = invalid(&ann, Method::POST, &path, &json!({"expires_in_seconds": seconds})).await;
        assert_eq!(pointers, ["/expires_in_seconds"], "{seconds}");
    }
    for seconds in [60, 2_592_000] {
        ann.invites_with(&plan, &json!({"expires_in_seconds": seconds})).await;
    }
    assert_eq!(ann.seats(&plan).await, (5, 1, 2));
}

async fn a_recipient_has_an_address(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    for address in [json!(""), json!("bob"), json!("bob@"), json!("a b@example.com"), json!(7), json!([])] {
        let pointers = invalid(&ann, Method::POST, &path, &json!({"recipient_email": address})).await;
        assert_eq!(pointers, ["/recipient_email"], "{address}");
    }
}

async fn settings_are_complete_and_within_bounds(world: &World) {
    let ada = world.admin();
    let put = async |body: &Value| {
        let request = ada.request(Method::PUT, "/v1/settings").header(header::IF_MATCH, "*");
        Answer::to(request.json(body)).await
    };
    let all = ["/detached_invites", "/invite_ttl_seconds", "/pending_invites_hold_seats", "/user_limit"];
    assert_eq!(put(&json!({})).await.invalid(), all);
    let wrong = json!({
        "user_limit": 0, "invite_ttl_seconds": 59, "pending_invites_hold_seats": "yes",
        "detached_invites": "burn",
    });
    assert_eq!(put(&wrong).await.invalid(), all);
    let good = json!({
        "user_limit": 5, "invite_ttl_seconds": 60, "pending_invites_hold_seats": true,
        "detached_invites": "revoke",
    });
    for (name, value) in [
        ("user_limit", json!(101)),
        ("user_limit", json!(-5)),
        ("user_limit", json!(null)),
        ("user_limit", json!(5.5)),
        ("invite_ttl_seconds", json!(2_592_001)),
        ("pending_invites_hold_seats", json!(1)),
        ("detached_invites", json!("Reopen")),
        ("colour", json!("red")),
    ] {
        let mut body = good.clone();
        body[name] = value;
        assert_eq!(put(&body).await.invalid(), [format!("/{name}")]);
    }
    let mut ignored = good.clone();
    ignored["revision"] = json!("anything");
    ignored["updated_at"] = json!(7);
    ignored["updated_by"] = json!([]);
    let settings = put(&ignored).await.ok(200);
    assert_eq!(settings["updated_by"], "ada");
}

async fn what_a_user_is_told_to_be_is_within_bounds(world: &World) {
    let ada = world.admin();
    let too_long = "x".repeat(201);
    for (name, value) in [
        ("email", json!("nobody")),
        ("name", json!("")),
        ("name", json!(too_long)),
        ("individual_plan", json!("")),
        ("individual_plan", json!(7)),
        ("zammad_user_id", json!(7)),
        ("user_id", json!("bob")),
    ] {
        let body = json!({name: value});
        assert_eq!(invalid(&ada, Method::PUT, "/v1/users/bob", &body).await, [format!("/{name}")]);
    }
    let long = format!("/v1/users/{}", "a".repeat(256));
    assert_eq!(ada.put(&long, &json!({})).await.status, 422);
}

async fn a_page_has_from_1_to_100_entries(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let lists = ["members", "invites", "events"].map(|it| (ann.clone(), format!("/v1/plans/{plan}/{it}")));
    for (caller, path) in lists.into_iter().chain([(world.admin(), "/v1/plans".to_owned())]) {
        for limit in ["0", "101", "-1", "x", "", "1.5", "99999999999999999999"] {
            let answer = caller.get(&format!("{path}?limit={limit}")).await;
            assert_eq!(answer.invalid(), ["/query/limit"], "{path} {limit}");
        }
        for limit in ["1", "100"] {
            caller.get(&format!("{path}?limit={limit}")).await.ok(200);
        }
    }
}

async fn a_cursor_is_one_of_the_same_list(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for list in ["members", "invites", "events"] {
        for cursor in ["!", "x", "%00", "null", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let answer = ann.get(&format!("/v1/plans/{plan}/{list}?cursor={cursor}")).await;
            // A cursor is opaque: a made-up one may happen to be one.
            if answer.status != 200 {
                assert_eq!(answer.invalid(), ["/query/cursor"], "{list} {cursor}");
            }
        }
        let answer = ann.get(&format!("/v1/plans/{plan}/{list}?cursor=no-cursor")).await;
        assert_eq!(answer.invalid(), ["/query/cursor"], "{list}");
    }
}

async fn an_unknown_state_is_no_filter(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for state in ["x", "Open", "", "open,used"] {
        let answer = ann.get(&format!("/v1/plans/{plan}/invites?state={state}")).await;
        assert_eq!(answer.invalid(), ["/query/state"], "{state}");
    }
}

async fn an_unknown_field_is_named_by_its_pointer(world: &World) {
    let body = json!({"name": "The Hills", "a/b~c": 1});
    assert_eq!(invalid(&world.user("ann"), Method::POST, "/v1/plans", &body).await, ["/a~1b~0c"]);
}

async fn a_path_id_that_is_no_uuid_is_not_found(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for id in ["7", "not-a-uuid", "0198c1f0-0000-7000-8000-00000000000g", "%20", "%00", "%F0%9F%8F%A1"] {
        for caller in [&ann, &world.admin()] {
            for path in ["", "/seats", "/members", "/invites", "/events"] {
                caller.get(&format!("/v1/plans/{id}{path}")).await.problem(404, "plan_not_found");
            }
            caller.post(&format!("/v1/plans/{id}/invites")).await.problem(404, "plan_not_found");
            caller.delete(&format!("/v1/plans/{id}")).await.problem(404, "plan_not_found");
            caller.detaches(id, "ann").await.problem(404, "plan_not_found");
            let invite = format!("/v1/plans/{plan}/invites/{id}");
            caller.delete(&invite).await.problem(404, "invite_not_found");
            caller.post(&format!("{invite}/resend")).await.problem(404, "invite_not_found");
            caller.delete(&format!("/v1/plans/{id}/invites/{id}")).await.problem(404, "plan_not_found");
        }
        world.anonymous().get(&format!("/v1/plans/{id}")).await.problem(401, "unauthenticated");
    }
    ann.get("/v1/invites/x").await.problem(404, "invite_not_found");
    ann.accepts("x").await.problem(404, "invite_not_found");
}

async fn a_path_id_that_is_no_utf8_is_not_found_either(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    ann.get("/v1/plans/%FF").await.problem(404, "plan_not_found");
    ann.delete(&format!("/v1/plans/{plan}/invites/%FF")).await.problem(404, "invite_not_found");
    ann.detaches(&plan, "%FF").await.problem(404, "not_a_member");
    ann.get("/v1/invites/%FF").await.problem(404, "invite_not_found");
    world.anonymous().get("/v1/plans/%FF").await.problem(401, "unauthenticated");
}

async fn an_id_of_something_else_is_not_found(world: &World) {
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let plan = ann.opens("The Hills").await;
    let other = bob.opens("The Dales").await;
    let invite = bob.invites(&other).await;
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.problem(404, "invite_not_found");
    ann.post(&format!("/v1/plans/{plan}/invites/{}/resend", invite.id))
        .await
        .problem(404, "invite_not_found");
    ann.delete(&format!("/v1/plans/{plan}/invites/{plan}")).await.problem(404, "invite_not_found");
    ann.detaches(&plan, "bob").await.problem(404, "not_a_member");
    ann.detaches(&plan, &"a".repeat(256)).await.problem(404, "not_a_member");
    let transfer = json!({"new_owner_id": "bob"});
    ann.post_json(&format!("/v1/plans/{plan}/transfer"), &transfer).await.problem(404, "not_a_member");
    world.user("cid").accepts(&invite.code).await.ok(200);
}
