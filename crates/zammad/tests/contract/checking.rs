//! Whether minting can be expected to work.

use std::time::Duration;

use family_plan_domain::ports::{HelpDeskError, InviteTokens};
use family_plan_zammad::{ZammadClient, ZammadError};
use serde_json::json;
use wiremock::{ResponseTemplate, matchers::header};

use crate::{
    raw_server::{RawServer, Turn},
    scene::{
        FrozenClock, MINT_TOKEN, Scene, config, getting, ok, page, refusal, rejected, tokens, unavailable,
    },
};

#[tokio::test]
async fn a_zammad_that_knows_the_token_is_ready() {
    for answer in [
        ok(json!({"id": 3})),
        page(200),
        ResponseTemplate::new(204),
        refusal(404, "This page doesn't exist."),
    ] {
        let scene = Scene::new().await;
        let request = getting("users/me").and(header("authorization", format!("Token token={MINT_TOKEN}")));
        scene.answers(request, answer).await;

        scene.tokens.check().await.unwrap();
    }
}

#[tokio::test]
async fn refusals_are_rejected() {
    for answer in [
        refusal(401, "Can't find User for Token"),
        refusal(403, "Authentication required"),
        refusal(422, "No"),
        page(302),
    ] {
        let scene = Scene::new().await;
        scene.answers(getting("users/me"), answer).await;

        rejected(&scene.tokens.check().await.unwrap_err());
    }
}

#[tokio::test]
async fn failures_are_not_tried_again() {
    for status in [429, 500, 502, 503] {
        let scene = Scene::new().await;
        scene.answers(getting("users/me"), page(status).insert_header("Retry-After", "7")).await;

        let err = scene.tokens.check().await.unwrap_err();

        assert_eq!(unavailable(&err).0, Some(Duration::from_secs(7)));
        assert_eq!(scene.requests().await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_zammad_that_hangs_is_not_waited_for() {
    let clock = FrozenClock::new();
    let mut zammad = RawServer::start(vec![Turn::Hang]).await;
    let config = config(&zammad.base_url);
    let patience = config.pace.checking;
    let (tokens, _) = tokens(&ZammadClient::new(config).unwrap());

    let check = tokio::spawn(async move { tokens.check().await });
    zammad.heard().await;
    clock.advance(patience).await;

    let err = check.await.unwrap().unwrap_err();
    assert!(matches!(unavailable(&err), (None, ZammadError::TimedOut)));
}

#[tokio::test(start_paused = true)]
async fn what_was_found_is_kept_for_a_second() {
    let clock = FrozenClock::new();
    for status in [200, 403, 503] {
        let scene = Scene::new().await;
        scene.answers(getting("users/me"), page(status)).await;

        let found = scene.tokens.check().await;
        clock.advance(Duration::from_millis(900)).await;
        let (same, also_same) = tokio::join!(scene.tokens.check(), scene.tokens.check());
        assert_eq!(scene.requests().await.len(), 1);
        assert_eq!(text(&found), text(&same));
        assert_eq!(text(&found), text(&also_same));

        clock.advance(Duration::from_millis(200)).await;
        let (again, also_again) = tokio::join!(scene.tokens.check(), scene.tokens.check());
        assert_eq!(scene.requests().await.len(), 2);
        assert_eq!(text(&found), text(&again));
        assert_eq!(text(&found), text(&also_again));
    }
}

fn text(found: &Result<(), HelpDeskError>) -> Option<String> {
    found.as_ref().err().map(|it| crate::scene::all_of(it))
}
