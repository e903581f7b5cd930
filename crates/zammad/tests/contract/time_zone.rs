//! Asking Zammad for its time zone.

use std::time::Duration;

use family_plan_domain::ports::InviteTokens;
use family_plan_zammad::ZammadClient;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate, matchers::path};

use crate::{
    raw_server::{RawServer, Turn},
    scene::{DEADLINE, EXPIRES_AT, FrozenClock, Scene, config, getting, minting, ok, page, refusal, tokens},
};

/// As a public Zammad answers, which is a success all the same.
fn shown(zone: &Value) -> ResponseTemplate {
    ok(json!({
        "error": "no valid session",
        "models": {},
        "collections": {},
        "config": {"timezone_default": zone, "api_token_access": true},
    }))
}

async fn scene() -> Scene {
    let scene = Scene::with(|it| it.time_zone = None).await;
    scene.answers(minting(), ok(json!({"token": "t0k3n"}))).await;
    scene
}

async fn dates(scene: &Scene) -> Vec<Value> {
    scene.mint_bodies().await.iter().map(|it| it["expires_at"].clone()).collect()
}

async fn n_look_ups(scene: &Scene) -> usize {
    scene.n_requests(path("/api/v1/signshow")).await
}

#[tokio::test]
async fn zammads_zone_decides_the_date() {
    for (zone, date) in
        [("UTC", "2026-01-12"), ("Pacific/Kiritimati", "2026-01-13"), ("America/New_York", "2026-01-12")]
    {
        let scene = scene().await;
        scene.answers(getting("signshow"), shown(&zone.into())).await;

        scene.mint().await.unwrap();

        assert_eq!(dates(&scene).await, [date], "{zone}");
    }
}

#[tokio::test]
async fn nobody_logs_in_to_see_the_zone() {
    let scene = scene().await;
    let without_credentials = |request: &Request| !request.headers.contains_key("authorization");
    scene.answers(getting("signshow").and(without_credentials), shown(&"Pacific/Kiritimati".into())).await;

    scene.mint().await.unwrap();

    assert_eq!(dates(&scene).await, ["2026-01-13"]);
}

#[tokio::test]
async fn a_configured_zone_is_not_asked_for() {
    let scene = Scene::new().await;
    scene.answers(minting(), ok(json!({"token": "t0k3n"}))).await;

    scene.mint().await.unwrap();

    assert_eq!(n_look_ups(&scene).await, 0);
}

#[tokio::test]
async fn without_a_zone_the_token_gets_one_more_day() {
    for answer in [
        shown(&"Berlin".into()),
        shown(&"Europe/Atlantis".into()),
        shown(&"".into()),
        shown(&Value::Null),
        shown(&7.into()),
        ok(json!({"config": {}})),
        ok(json!({})),
        ok(json!([])),
        ResponseTemplate::new(200),
        page(200),
        page(302),
        refusal(401, "No"),
        refusal(403, "Authentication required"),
        page(404),
        page(500),
        page(503),
    ] {
        let scene = scene().await;
        scene.answers(getting("signshow"), answer).await;

        scene.mint().await.unwrap();

        assert_eq!(dates(&scene).await, ["2026-01-13"]);
        assert_eq!(n_look_ups(&scene).await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_zone_is_kept_for_an_hour() {
    let clock = FrozenClock::new();
    let scene = scene().await;
    scene.answers_once(getting("signshow"), shown(&"UTC".into())).await;
    scene.answers(getting("signshow"), shown(&"Pacific/Kiritimati".into())).await;

    let (one, other) = tokio::join!(scene.mint(), scene.mint());
    one.and(other).unwrap();
    clock.advance(Duration::from_mins(59)).await;
    scene.mint().await.unwrap();
    assert_eq!(n_look_ups(&scene).await, 1);

    clock.advance(Duration::from_mins(2)).await;
    scene.mint().await.unwrap();
    assert_eq!(n_look_ups(&scene).await, 2);
    assert_eq!(dates(&scene).await, ["2026-01-12", "2026-01-12", "2026-01-12", "2026-01-13"]);
}

#[tokio::test(start_paused = true)]
async fn that_it_is_unknown_is_kept_for_a_minute() {
    let clock = FrozenClock::new();
    let scene = scene().await;
    scene.answers_once(getting("signshow"), page(503)).await;
    scene.answers(getting("signshow"), shown(&"UTC".into())).await;

    let (one, other) = tokio::join!(scene.mint(), scene.mint());
    one.and(other).unwrap();
    clock.advance(Duration::from_secs(59)).await;
    scene.mint().await.unwrap();
    assert_eq!(n_look_ups(&scene).await, 1);

    clock.advance(Duration::from_secs(2)).await;
    scene.mint().await.unwrap();
    assert_eq!(n_look_ups(&scene).await, 2);
    assert_eq!(dates(&scene).await, ["2026-01-13", "2026-01-13", "2026-01-13", "2026-01-12"]);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_hangs_takes_a_tenth_of_the_deadline() {
    let clock = FrozenClock::new();
    let mut zammad = RawServer::start(vec![Turn::Hang, Turn::ok(r#"{"token":"t0k3n"}"#)]).await;
    let mut config = config(&zammad.base_url);
    config.time_zone = None;
    let (tokens, _) = tokens(&ZammadClient::new(config).unwrap());

    let mint = tokio::spawn(async move { tokens.mint(EXPIRES_AT).await });
    assert!(zammad.heard().await.starts_with("GET /api/v1/signshow "));
    clock.advance(DEADLINE / 10).await;

    assert!(zammad.heard().await.contains(r#""expires_at":"2026-01-13""#));
    mint.await.unwrap().unwrap();
}
