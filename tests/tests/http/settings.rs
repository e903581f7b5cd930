//! Replacing the settings without overwriting what somebody else just set.

use futures_util::future::join_all;
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Caller},
    world::{World, engines},
};

engines!(
    replacing_needs_the_tag_of_what_was_seen,
    any_tag_of_a_list_will_do,
    a_list_of_tags_may_come_in_several_lines,
    a_stale_or_weak_or_strange_tag_fails,
    of_many_who_saw_the_same_one_replaces_it,
    putting_the_same_is_a_change_of_nothing_else,
);

fn body(user_limit: u32) -> Value {
    json!({
        "user_limit": user_limit, "invite_ttl_seconds": 3600, "pending_invites_hold_seats": true,
        "detached_invites": "reopen",
    })
}

async fn put(ada: &Caller, if_match: &str, user_limit: u32) -> Answer {
    let request = ada.request(Method::PUT, "/v1/settings").header(header::IF_MATCH, if_match);
    Answer::to(request.json(&body(user_limit))).await
}

async fn etag(ada: &Caller) -> String {
    ada.get("/v1/settings").await.header("etag").unwrap().to_owned()
}

async fn limit(ada: &Caller) -> Value {
    ada.get("/v1/settings").await.ok(200)["user_limit"].clone()
}

async fn replacing_needs_the_tag_of_what_was_seen(world: &World) {
    let ada = world.admin();
    ada.put("/v1/settings", &body(7)).await.problem(428, "precondition_required");
    assert_eq!(limit(&ada).await, 5);
    let seen = etag(&ada).await;
    let replaced = put(&ada, &seen, 7).await;
    replaced.ok(200);
    assert_ne!(replaced.header("etag"), Some(seen.as_str()));
    put(&ada, &seen, 8).await.problem(412, "precondition_failed");
    assert_eq!(limit(&ada).await, 7);
    put(&ada, replaced.header("etag").unwrap(), 8).await.ok(200);
    put(&ada, "*", 9).await.ok(200);
    assert_eq!(limit(&ada).await, 9);
}

async fn any_tag_of_a_list_will_do(world: &World) {
    let ada = world.admin();
    let seen = etag(&ada).await;
    put(&ada, &format!("\"x\", {seen} ,\"y\""), 7).await.ok(200);
    let seen = etag(&ada).await;
    put(&ada, &format!("W/\"x\",{seen}"), 8).await.ok(200);
    let seen = etag(&ada).await;
    put(&ada, &format!("\"a,b\", {seen}"), 10).await.ok(200);
}

async fn a_list_of_tags_may_come_in_several_lines(world: &World) {
    let ada = world.admin();
    let seen = etag(&ada).await;
    let request = ada.request(Method::PUT, "/v1/settings").header(header::IF_MATCH, "\"x\"");
    let request = request.header(header::IF_MATCH, &seen).json(&body(9));
    Answer::to(request).await.ok(200);
}

async fn a_stale_or_weak_or_strange_tag_fails(world: &World) {
    let ada = world.admin();
    let seen = etag(&ada).await;
    let bare = seen.trim_matches('"').to_owned();
    let weak = format!("W/{seen}");
    for tag in [weak.as_str(), &bare, "\"\"", "x", "\"x\"", "\"*\"", "\"99999999999999999999\"", "\"-1\""] {
        put(&ada, tag, 7).await.problem(412, "precondition_failed");
    }
    assert_eq!(limit(&ada).await, 5);
}

async fn of_many_who_saw_the_same_one_replaces_it(world: &World) {
    let ada = world.admin();
    let seen = etag(&ada).await;
    let answers = join_all((0..10).map(|it| put(&ada, &seen, 10 + it))).await;
    let winners: Vec<Value> = answers.iter().filter(|it| it.status == 200).map(Answer::json).collect();
    assert_eq!(winners.len(), 1);
    for answer in answers.iter().filter(|it| it.status != 200) {
        answer.problem(412, "precondition_failed");
    }
    assert_eq!(limit(&ada).await, winners[0]["user_limit"]);
    let anyhow = join_all((0..10).map(|it| put(&ada, "*", 10 + it))).await;
    for answer in anyhow {
        assert!(matches!(answer.outcome().as_str(), "ok" | "conflict"), "{answer:?}");
    }
}

async fn putting_the_same_is_a_change_of_nothing_else(world: &World) {
    let ada = world.admin();
    let before = ada.get("/v1/settings").await.ok(200);
    let seen = etag(&ada).await;
    let request = ada.request(Method::PUT, "/v1/settings").header(header::IF_MATCH, &seen);
    let after = Answer::to(request.json(&before)).await.ok(200);
    for name in ["user_limit", "invite_ttl_seconds", "pending_invites_hold_seats", "detached_invites"] {
        assert_eq!(before[name], after[name], "{name}");
    }
}
