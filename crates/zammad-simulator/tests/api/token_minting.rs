//! Minting and deleting tokens.

use family_plan_zammad_simulator::{ADMIN_TOKEN, AGENT_TOKEN, Config, Token};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::helpdesk::{Helpdesk, Reply};

async fn mint(desk: &Helpdesk, body: &Value) -> Reply {
    desk.agent_post("user_access_token", body).await
}

async fn minted(desk: &Helpdesk, body: &Value) -> Token {
    let reply = mint(desk, body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let value = reply.json()["token"].as_str().unwrap().to_owned();
    desk.simulator.tokens().into_iter().find(|it| it.value == value).unwrap()
}

async fn stored_expiry(desk: &Helpdesk, expires_at: Value) -> Option<OffsetDateTime> {
    minted(desk, &json!({"name": "x", "permission": [], "expires_at": expires_at})).await.expires_at
}

async fn delete(desk: &Helpdesk, token: &str, id: &str) -> Reply {
    let request = desk.request(Method::DELETE, &format!("user_access_token/{id}"));
    desk.send(request.header(AUTHORIZATION, format!("Token token={token}"))).await
}

#[tokio::test]
async fn minting_answers_200_with_the_plain_token_only() {
    let desk = Helpdesk::start();
    let reply = mint(&desk, &json!({"name": "n", "permission": ["ticket.agent"], "surprise": 1})).await;
    let body = reply.json();
    let value = body["token"].as_str().unwrap();

    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(body.as_object().unwrap().len(), 1);
    assert_eq!(value.len(), 64);
    assert!(value.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it)));
    assert_eq!(desk.get_as(value, "users/me").await.json()["id"], 4);
}

#[tokio::test]
async fn names_need_not_be_unique() {
    let desk = Helpdesk::start();
    for _ in 0..2 {
        minted(&desk, &json!({"name": "twin", "permission": []})).await;
    }

    let twins = desk.simulator.tokens_named("twin");
    assert_eq!(twins.len(), 2);
    assert_ne!(twins[0].value, twins[1].value);
}

#[tokio::test]
async fn a_name_is_required() {
    let desk = Helpdesk::start();

    for name in [json!(null), json!(""), json!("  "), json!(["x"]), json!({"x": 1})] {
        let reply = mint(&desk, &json!({"name": name, "permission": []})).await;
        assert_eq!(reply.status, 422, "{name}");
        assert_eq!(reply.error(), "The required parameter 'name' is missing.");
    }
    assert_eq!(mint(&desk, &json!({"permission": []})).await.status, 422);
}

#[tokio::test]
async fn a_name_of_more_than_255_characters_is_masked() {
    let desk = Helpdesk::start();
    let at_most = mint(&desk, &json!({"name": "ü".repeat(255), "permission": []})).await;
    let too_long = mint(&desk, &json!({"name": "ü".repeat(256), "permission": []})).await;

    assert_eq!(at_most.status, 200);
    assert_eq!(too_long.status, 422);
    assert!(too_long.is_masked());
}

#[tokio::test]
async fn permissions_must_be_a_list() {
    let desk = Helpdesk::start();
    let bodies = [
        json!({"name": "x"}),
        json!({"name": "x", "permission": null}),
        json!({"name": "x", "permission": "ticket.agent"}),
        json!({"name": "x", "permission": [["ticket.agent"]]}),
    ];

    for body in bodies {
        let reply = mint(&desk, &body).await;
        assert_eq!(reply.status, 422, "{body}");
        assert!(reply.is_masked(), "{body}");
    }
    assert!(desk.simulator.tokens_named("x").is_empty());
}

#[tokio::test]
async fn nobody_checks_the_names_of_permissions() {
    let desk = Helpdesk::start();
    let token = minted(&desk, &json!({"name": "x", "permission": ["admin", "no.such"]})).await;
    let empty = minted(&desk, &json!({"name": "y", "permission": []})).await;

    assert_eq!(token.permissions, ["admin", "no.such"]);
    assert!(empty.permissions.is_empty());
    assert_eq!(desk.get_as(&empty.value, "users/me").await.status, 200);
    // The effective right is cut down at use.
    assert_eq!(desk.get_as(&token.value, "version").await.status, 403);
}

#[tokio::test]
async fn a_date_is_stored_as_the_start_of_that_day() {
    let desk = Helpdesk::start();

    for text in ["2026-01-12", "2026-01-12T15:30:00Z", "2026-01-12T23:30:00-10:00"] {
        let stored = stored_expiry(&desk, json!(text)).await;
        assert_eq!(stored, Some(datetime!(2026-01-12 00:00 UTC)), "{text}");
    }
}

#[tokio::test]
async fn the_day_starts_in_the_time_zone_of_the_system() {
    let desk = Helpdesk::start_with(Config::default().timezone_default("Europe/Berlin"));
    let unset = Helpdesk::start_with(Config::default().without_timezone_default());

    for text in ["2026-01-12", "2026-01-12T15:30:00Z", "2026-01-12T23:30:00-10:00"] {
        let stored = stored_expiry(&desk, json!(text)).await;
        assert_eq!(stored, Some(datetime!(2026-01-11 23:00 UTC)), "{text}");
    }
    assert_eq!(stored_expiry(&desk, json!("2026-07-12")).await, Some(datetime!(2026-07-11 22:00 UTC)));
    assert_eq!(stored_expiry(&unset, json!("2026-01-12")).await, Some(datetime!(2026-01-12 00:00 UTC)));
}

#[tokio::test]
async fn without_a_date_a_token_never_expires() {
    let desk = Helpdesk::start();

    for value in [json!(null), json!(""), json!(false), json!(["2026-01-12"]), json!({"date": "2026-01-12"})]
    {
        assert_eq!(stored_expiry(&desk, value.clone()).await, None, "{value}");
    }
    assert_eq!(minted(&desk, &json!({"name": "x", "permission": []})).await.expires_at, None);
}

#[tokio::test]
async fn what_is_no_date_is_422_and_only_full_administrators_learn_why() {
    let desk = Helpdesk::start();

    for value in [json!("soon"), json!(true), json!("2026-02-30")] {
        let body = json!({"name": "x", "permission": [], "expires_at": value});
        let reply = mint(&desk, &body).await;
        assert_eq!((reply.status, reply.is_masked()), (422, true), "{value}");
        let admin = desk.admin_post("user_access_token", &body).await;
        assert_eq!((admin.status, admin.json()), (422, json!({"error": "invalid date"})), "{value}");
    }
}

#[tokio::test]
async fn a_date_in_the_past_is_dead_on_arrival() {
    let desk = Helpdesk::start();
    let token = minted(&desk, &json!({"name": "x", "permission": [], "expires_at": "2026-01-10"})).await;

    assert_eq!(desk.get_as(&token.value, "users/me").await.error(), "Not authorized (token expired)!");
}

#[tokio::test]
async fn a_customer_may_not_mint() {
    let desk = Helpdesk::start();
    let (_, token) = desk.customer();
    let reply = desk
        .json_as(&token, Method::POST, "user_access_token", &json!({"name": "x", "permission": []}))
        .await;

    assert_eq!((reply.status, reply.error().as_str()), (403, "Token authorization failed."));
}

#[tokio::test]
async fn minting_for_somebody_else_makes_the_token_theirs() {
    let desk = Helpdesk::start();
    let request = desk.request(Method::POST, "user_access_token").header("From", "5");
    let request = request.header(AUTHORIZATION, format!("Token token={ADMIN_TOKEN}"));
    let reply = desk.send(request.json(&json!({"name": "theirs", "permission": []}))).await;

    assert_eq!(reply.status, 200);
    assert_eq!(desk.simulator.tokens_named("theirs")[0].user_id, 5);
}

#[tokio::test]
async fn deleting_takes_effect_at_once() {
    let desk = Helpdesk::start();
    let token = minted(&desk, &json!({"name": "x", "permission": []})).await;
    let reply = delete(&desk, AGENT_TOKEN, &token.id.to_string()).await;

    assert_eq!((reply.status, reply.json()), (200, json!({})));
    assert_eq!(desk.get_as(&token.value, "users/me").await.status, 401);
}

#[tokio::test]
async fn deleting_what_is_not_there_or_not_mine_is_422() {
    let desk = Helpdesk::start();
    let token = minted(&desk, &json!({"name": "x", "permission": []})).await;

    for (caller, id) in
        [(AGENT_TOKEN, "4711".to_owned()), (AGENT_TOKEN, "x".to_owned()), (ADMIN_TOKEN, token.id.to_string())]
    {
        let reply = delete(&desk, caller, &id).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (422, "The API token could not be found."),
            "{id}"
        );
    }
}

#[tokio::test]
async fn a_token_can_be_neither_shown_nor_changed() {
    let desk = Helpdesk::start();

    for method in [Method::GET, Method::PUT, Method::PATCH] {
        let reply = desk.json_as(AGENT_TOKEN, method, "user_access_token/1", &json!({})).await;
        assert_eq!((reply.status, reply.error().as_str()), (404, "This page doesn't exist."));
    }
}
