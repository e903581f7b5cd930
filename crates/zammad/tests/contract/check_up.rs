//! What an operator learns of a Zammad.

use family_plan_zammad::{
    AttributeFinding, ChangeSearch, Finding, PlanAttribute, TokenAccount, UserScope, ZammadConfig,
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockBuilder,
    matchers::{header, method, path, query_param_contains},
};

use crate::scene::{READ_TOKEN, Scene, getting, listing, ok, page, refusal, system_user, user};

fn searching() -> MockBuilder {
    Mock::given(method("POST")).and(path("/api/v1/users/search"))
}

fn plan() -> PlanAttribute {
    "plan".parse().unwrap()
}

fn ask_for_the_zone(config: &mut ZammadConfig) {
    config.time_zone = None;
}

#[track_caller]
fn found<T>(finding: Finding<T>) -> T {
    match finding {
        Finding::Found(found) => found,
        Finding::Denied(err) => panic!("denied: {err}"),
        Finding::Unknown(err) => panic!("unknown: {err}"),
    }
}

#[tokio::test]
async fn everything_is_found_out_without_changing_anything() {
    let scene = Scene::with(ask_for_the_zone).await;
    let reader = header("authorization", format!("Token token={READ_TOKEN}"));
    scene.answers(getting("signshow"), ok(json!({"config": {"timezone_default": "Europe/Berlin"}}))).await;
    scene.answers(getting("version").and(reader), ok(json!({"version": "6.5.2-1754559999.abc"}))).await;
    scene.answers(listing(), ok(json!({"tokens": [], "permissions": [{"name": "admin.user"}]}))).await;
    let mut ada = user(67, 7);
    ada["plan"] = Value::Null;
    scene.answers(getting("users"), ok(json!([system_user(), ada.clone()]))).await;
    scene.answers_once(searching(), ok(json!([ada]))).await;
    scene.answers_once(searching(), ok(json!([]))).await;

    let check_up = scene.client.check_up(Some(&plan())).await;

    found(check_up.reach);
    assert_eq!(found(check_up.version), "6.5.2-1754559999.abc");
    assert_eq!(found(check_up.time_zone), "Europe/Berlin".parse().unwrap());
    let account = TokenAccount { administers_users: true, is_of_an_older_version: false };
    assert_eq!(found(check_up.tokens), account);
    assert_eq!(found(check_up.users), UserScope::Everybody);
    assert_eq!(found(check_up.changes), Some(ChangeSearch::Condition));
    assert_eq!(found(check_up.plan_attribute.unwrap()), AttributeFinding::Usable);
    let journal = scene.journal().await;
    assert!(
        journal.iter().all(|it| it.starts_with("GET ") || it == "POST /api/v1/users/search"),
        "{journal:?}"
    );
}

#[tokio::test]
async fn the_ways_to_pull_changes_are_told_apart() {
    let scene = Scene::new().await;
    scene.answers(searching(), page(404)).await;
    let never = query_param_contains("query", "[9000");
    scene.answers(getting("users/search").and(never), ok(json!([]))).await;
    scene.answers(getting("users/search"), ok(json!([user(3, 1)]))).await;
    assert_eq!(found(scene.client.check_up(None).await.changes), Some(ChangeSearch::Elasticsearch));

    let scene = Scene::new().await;
    assert_eq!(found(scene.client.check_up(None).await.changes), None);

    let scene = Scene::new().await;
    scene.answers(searching(), page(502)).await;
    assert!(matches!(scene.client.check_up(None).await.changes, Finding::Unknown(_)));

    let scene = Scene::new().await;
    scene.answers(searching(), refusal(401, "Can't find User for Token")).await;
    assert!(matches!(scene.client.check_up(None).await.changes, Finding::Denied(_)));
}

#[tokio::test]
async fn an_attribute_is_looked_for_on_users() {
    for (value, expected) in [
        (None, AttributeFinding::Missing),
        (Some(Value::Null), AttributeFinding::Usable),
        (Some(json!("")), AttributeFinding::Usable),
        (Some(json!("family: Lovelace")), AttributeFinding::Usable),
        (Some(json!(false)), AttributeFinding::NoText),
        (Some(json!(7)), AttributeFinding::NoText),
        (Some(json!(["family"])), AttributeFinding::NoText),
    ] {
        let scene = Scene::new().await;
        let mut ada = user(67, 7);
        if let Some(value) = value {
            ada["plan"] = value;
        }
        scene.answers(getting("users"), ok(json!([system_user(), ada]))).await;

        assert_eq!(found(scene.client.check_up(Some(&plan())).await.plan_attribute.unwrap()), expected);
    }
}

#[tokio::test]
async fn missing_permissions_and_failures_are_told_apart() {
    for (answer, is_denied) in [
        (refusal(401, "Can't find User for Token"), true),
        (refusal(403, "Token authorization failed."), true),
        (refusal(404, "This page doesn't exist."), false),
        (refusal(422, "No"), false),
        (page(302), false),
        (page(200), false),
        (page(502), false),
    ] {
        let scene = Scene::with(ask_for_the_zone).await;
        for request in [getting("signshow"), getting("version"), getting("users"), listing()] {
            scene.answers(request, answer.clone()).await;
        }

        let check_up = scene.client.check_up(Some(&plan())).await;

        assert_eq!(denied(&check_up.reach), is_denied);
        assert_eq!(denied(&check_up.version), is_denied);
        assert_eq!(denied(&check_up.time_zone), is_denied);
        assert_eq!(denied(&check_up.tokens), is_denied);
        assert_eq!(denied(&check_up.users), is_denied);
        assert_eq!(denied(&check_up.plan_attribute.unwrap()), is_denied);
    }
}

#[track_caller]
fn denied<T>(finding: &Finding<T>) -> bool {
    match finding {
        Finding::Found(_) => panic!("found"),
        Finding::Denied(_) => true,
        Finding::Unknown(_) => false,
    }
}

#[tokio::test]
async fn a_zammad_out_of_reach_is_asked_once() {
    let scene = Scene::new().await;
    scene.answers(getting("signshow"), page(502)).await;

    let check_up = scene.client.check_up(Some(&plan())).await;

    assert!(!denied(&check_up.users) && !denied(&check_up.tokens));
    assert_eq!(scene.journal().await, ["GET /api/v1/signshow"]);
}

#[tokio::test]
async fn the_configured_zone_counts_and_an_unknown_one_is_unknown() {
    let scene = Scene::new().await;
    scene.answers(getting("signshow"), page(502)).await;
    let check_up = scene.client.check_up(None).await;
    assert_eq!(found(check_up.time_zone), "UTC".parse().unwrap());
    assert!(matches!(check_up.reach, Finding::Unknown(_)));
    assert!(check_up.plan_attribute.is_none());

    for config in [json!({}), json!({"timezone_default": "Mars/Olympus"})] {
        let scene = Scene::with(ask_for_the_zone).await;
        scene.answers(getting("signshow"), ok(json!({"config": config}))).await;

        let check_up = scene.client.check_up(None).await;

        found(check_up.reach);
        assert!(matches!(check_up.time_zone, Finding::Unknown(_)));
    }
}

#[tokio::test]
async fn an_account_that_sees_nobody_else_is_found_out() {
    let scene = Scene::new().await;
    scene.answers(getting("users"), ok(json!([user(67, 7)]))).await;

    assert_eq!(found(scene.client.check_up(None).await.users), UserScope::Itself);
}
