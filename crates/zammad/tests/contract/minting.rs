//! Minting that works.

use family_plan_domain::ports::InviteTokens;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::macros::datetime;
use wiremock::{
    Mock,
    matchers::{header, header_regex, method, path},
};

use crate::scene::{MINT_TOKEN, READ_TOKEN, Scene, minting, ok, page, refusal, token_name};

const TOKEN: &str = "M4oXJgB_8WiMNWzSdrDv3K3YXJywDh52BqC7IKV-NnM_Cf_bd_SkS6zyIWNZKJXw";

#[tokio::test]
async fn a_token_is_asked_for_under_the_name_of_the_invite() {
    let scene = Scene::new().await;
    scene.answers(minting(), ok(json!({"token": TOKEN}))).await;

    let minted = scene.mint().await.unwrap();

    assert_eq!(minted.token.expose_secret(), TOKEN);
    assert_eq!(minted.invite, crate::scene::invite(1));
    assert_eq!(
        scene.mint_bodies().await,
        [json!({"name": token_name(1), "permission": [], "expires_at": "2026-01-12"})],
    );
    assert_eq!(scene.journal().await, ["POST /api/v1/user_access_token"]);
}

#[tokio::test]
async fn requests_say_who_asks_and_that_json_is_wanted() {
    let scene = Scene::new().await;
    let request = minting()
        .and(header("authorization", format!("Token token={MINT_TOKEN}")))
        .and(header("accept", "application/json"))
        .and(header("content-type", "application/json"))
        .and(header_regex("user-agent", "^family-plan/"));
    scene.answers(request, ok(json!({"token": TOKEN}))).await;

    scene.mint().await.unwrap();
}

#[tokio::test]
async fn the_account_that_reads_mints_when_there_is_no_other() {
    let scene = Scene::with(|it| it.mint_token = None).await;
    let request = minting().and(header("authorization", format!("Token token={READ_TOKEN}")));
    scene.answers(request, ok(json!({"token": TOKEN}))).await;

    scene.mint().await.unwrap();
}

#[tokio::test]
async fn a_path_in_front_of_the_api_is_kept() {
    let scene = Scene::with(|it| it.base_url.set_path("/help/desk/")).await;
    let request = Mock::given(method("POST")).and(path("/help/desk/api/v1/user_access_token"));
    scene.answers(request, ok(json!({"token": TOKEN}))).await;

    scene.mint().await.unwrap();
}

#[tokio::test]
async fn old_releases_get_a_label_and_new_ones_do_not() {
    for (version, label) in [
        ("5.0", Some(token_name(1))),
        ("5.4", Some(token_name(1))),
        ("6.0", None),
        ("6.5", None),
        ("7.0", None),
        ("7.1", None),
        ("current", None),
    ] {
        let scene = Scene::with(|it| it.version = version.parse().unwrap()).await;
        scene.answers(minting(), ok(json!({"token": TOKEN}))).await;

        scene.mint().await.unwrap();

        let body = scene.mint_bodies().await.remove(0);
        assert_eq!(body["name"], token_name(1), "{version}");
        assert_eq!(body.get("label"), label.map(Value::from).as_ref(), "{version}");
    }
}

#[tokio::test]
async fn the_token_is_found_under_either_name() {
    for version in ["5.4", "6.0", "current"] {
        for body in [
            json!({"token": TOKEN}),
            json!({"name": TOKEN}),
            json!({"token": null, "name": TOKEN}),
            json!({"token": TOKEN, "name": token_name(1), "id": 7, "unknown": {}}),
        ] {
            let scene = Scene::with(|it| it.version = version.parse().unwrap()).await;
            scene.answers(minting(), ok(body.clone())).await;

            let minted = scene.mint().await.unwrap();

            assert_eq!(minted.token.expose_secret(), TOKEN, "{version}: {body}");
        }
    }
}

#[tokio::test]
async fn tokens_need_not_look_as_they_do_today() {
    for token in ["short", "with=padding/and+more", &"x".repeat(1024)] {
        let scene = Scene::new().await;
        scene.answers(minting(), ok(json!({"token": token}))).await;

        assert_eq!(scene.mint().await.unwrap().token.expose_secret(), token);
    }
}

#[tokio::test]
async fn the_date_is_that_of_zammads_zone() {
    for (zone, expected) in [
        ("UTC", "2026-01-12"),
        ("Europe/Berlin", "2026-01-13"),
        ("Asia/Tokyo", "2026-01-13"),
        ("America/New_York", "2026-01-12"),
    ] {
        let scene = Scene::with(|it| it.time_zone = Some(zone.parse().unwrap())).await;
        scene.answers(minting(), ok(json!({"token": TOKEN}))).await;

        scene.tokens.mint(datetime!(2026-01-11 23:30:00 UTC)).await.unwrap();

        assert_eq!(scene.mint_bodies().await[0]["expires_at"], expected, "{zone}");
    }
}

#[tokio::test]
async fn every_attempt_has_a_name_of_its_own() {
    let scene = Scene::new().await;
    scene.answers_once(minting(), refusal(429, "Retry later")).await;
    scene.answers_once(minting(), page(502)).await;
    scene.answers(minting(), ok(json!({"token": TOKEN}))).await;

    let minted = scene.mint().await.unwrap();

    assert_eq!(minted.invite, crate::scene::invite(3));
    let names: Vec<Value> = scene.mint_bodies().await.iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, [token_name(1), token_name(2), token_name(3)]);
}

#[tokio::test]
async fn mints_do_not_share_names() {
    let scene = Scene::new().await;
    scene.answers(minting(), ok(json!({"token": TOKEN}))).await;

    let (one, other) = tokio::join!(scene.mint(), scene.mint());

    assert_ne!(one.unwrap().invite, other.unwrap().invite);
}
