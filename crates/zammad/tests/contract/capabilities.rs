//! What the configured accounts may do.

use family_plan_zammad::{TokenAccount, UserScope, ZammadError};
use serde_json::{Value, json};
use wiremock::matchers::{header, query_param};

use crate::scene::{MINT_TOKEN, READ_TOKEN, Scene, getting, listing, ok, page, refusal};

fn permission(name: &str, preferences: &Value) -> Value {
    json!({"id": 1, "name": name, "label": name, "preferences": preferences, "active": true})
}

#[tokio::test]
async fn each_account_is_asked_about_its_own_task() {
    let scene = Scene::new().await;
    let minter = header("authorization", format!("Token token={MINT_TOKEN}"));
    let reader = header("authorization", format!("Token token={READ_TOKEN}"));
    scene.answers(listing().and(minter), ok(json!({"tokens": [], "permissions": []}))).await;
    let users = json!([{"id": 1, "active": false}, {"id": 3, "active": true}]);
    scene.answers(getting("users").and(reader).and(query_param("page", "1")), ok(users)).await;

    let capabilities = scene.client.capabilities().await;

    let account = TokenAccount { administers_users: false, is_of_an_older_version: false };
    assert_eq!(capabilities.tokens.unwrap(), account);
    assert_eq!(capabilities.users.unwrap(), UserScope::Everybody);
}

#[tokio::test]
async fn an_account_that_administers_users_is_found_out() {
    let only_a_parent = json!({"prio": 1000, "disabled": true});
    for (permissions, expected) in [
        (json!([]), false),
        (Value::Null, false),
        (json!([permission("ticket.agent", &json!({})), permission("admin.ticket", &json!({}))]), false),
        (json!([permission("admin", &only_a_parent), permission("admin.ticket", &json!({}))]), false),
        (json!([permission("admin", &only_a_parent), permission("admin.user", &json!({}))]), true),
        (json!([permission("admin.user", &Value::Null)]), true),
        (json!([{"name": "admin.user"}]), true),
        (json!([permission("admin", &json!({"prio": 1000}))]), true),
        (json!([permission("admin", &json!({"disabled": false}))]), true),
        (json!([{"name": "admin.user", "preferences": {}, "active": false}]), false),
        (json!([permission("admin.user_extra", &json!({}))]), false),
    ] {
        let scene = Scene::new().await;
        let mut list = json!({"tokens": []});
        if !permissions.is_null() {
            list["permissions"] = permissions.clone();
        }
        scene.answers(listing(), ok(list)).await;

        let capabilities = scene.client.capabilities().await;

        assert_eq!(capabilities.tokens.unwrap().administers_users, expected, "{permissions}");
    }
}

#[tokio::test]
async fn an_older_release_than_the_configured_one_is_found_out() {
    let named = json!([{"id": 1, "name": "x"}, {"id": 2, "name": null}]);
    let labelled = json!([{"id": 1, "label": "x"}]);
    for (version, tokens, expected) in [
        ("current", &named, false),
        ("current", &labelled, true),
        ("6.4", &labelled, true),
        ("5.4", &labelled, false),
        ("5.4", &named, false),
        ("current", &json!([]), false),
    ] {
        let scene = Scene::with(|it| it.version = version.parse().unwrap()).await;
        scene.answers(listing(), ok(json!({"tokens": tokens}))).await;

        let account = scene.client.capabilities().await.tokens.unwrap();

        assert_eq!(account.is_of_an_older_version, expected, "{version}, {tokens}");
    }
}

#[tokio::test]
async fn an_account_that_sees_nobody_else_is_found_out() {
    for users in [json!([{"id": 7, "active": true}]), json!([])] {
        let scene = Scene::new().await;
        scene.answers(getting("users"), ok(users)).await;

        assert_eq!(scene.client.capabilities().await.users.unwrap(), UserScope::Itself);
    }
}

#[tokio::test]
async fn what_fails_is_told_apart() {
    let scene = Scene::new().await;
    scene.answers(listing(), refusal(403, "Token authorization failed.")).await;
    scene.answers(getting("users"), page(502)).await;

    let capabilities = scene.client.capabilities().await;

    let tokens = capabilities.tokens.unwrap_err();
    assert!(matches!(tokens, ZammadError::Refused(it) if it.status == 403));
    assert!(capabilities.users.unwrap_err().is_transient());
}
