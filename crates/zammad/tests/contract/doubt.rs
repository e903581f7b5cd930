//! Attempts whose outcome nobody knows.

use family_plan_domain::ports::InviteTokens;
use family_plan_zammad::{ZammadClient, ZammadError};
use serde_json::json;
use tokio::time::Instant;
use wiremock::{ResponseTemplate, matchers::method};

use crate::{
    raw_server::{Nobody, RawServer, Turn},
    scene::{
        DEADLINE, EXPIRES_AT, FrozenClock, Scene, TIMER_GRAIN, config, deleting, invite, list, listing,
        minting, ok, page, refusal, token_name, tokens, unavailable,
    },
};

const MINTED: &str = r#"{"token":"t0k3n"}"#;
/// Zammad made a token although nobody heard of it.
fn left_behind(n: u128) -> String {
    list(&[(41, "another"), (42, &token_name(n))]).to_string()
}

#[tokio::test]
async fn what_failed_attempts_left_is_deleted_all_at_once() {
    let scene = Scene::new().await;
    scene.answers_once(minting(), page(502)).await;
    scene.answers_once(minting(), page(504)).await;
    scene.answers(minting(), ok(json!({"token": "t0k3n"}))).await;
    let left = list(&[(1, "another"), (2, &token_name(1)), (3, &token_name(2)), (4, &token_name(3))]);
    scene.answers(listing(), ok(left)).await;
    scene.answers(deleting(), ok(json!({}))).await;

    assert_eq!(scene.mint().await.unwrap().invite, invite(3));
    scene.drain().await;

    assert_eq!(
        scene.journal().await[3..],
        [
            "GET /api/v1/user_access_token",
            "DELETE /api/v1/user_access_token/2",
            "DELETE /api/v1/user_access_token/3",
        ],
    );
}

#[tokio::test]
async fn deleting_is_tried_again_too() {
    let scene = Scene::with(|it| it.pace.attempts = 2).await;
    scene.answers_once(minting(), page(502)).await;
    scene.answers(minting(), ok(json!({"token": "t0k3n"}))).await;
    scene.answers_once(listing(), page(502)).await;
    scene.answers(listing(), ok(list(&[(2, &token_name(1))]))).await;
    scene.answers(deleting(), ok(json!({}))).await;

    scene.mint().await.unwrap();
    scene.drain().await;

    assert_eq!(scene.n_requests(method("DELETE")).await, 1);
}

#[tokio::test]
async fn deleting_comes_to_an_end() {
    for (answer, n_requests) in [(page(502), 3), (refusal(403, "Token authorization failed."), 1)] {
        let scene = Scene::new().await;
        scene.answers_once(minting(), page(502)).await;
        scene.answers(minting(), ok(json!({"token": "t0k3n"}))).await;
        scene.answers(listing(), answer).await;

        scene.mint().await.unwrap();
        scene.drain().await;

        assert_eq!(scene.n_requests(method("GET")).await, n_requests);
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_given_time_to_settle_before_its_token_is_looked_for() {
    let clock = FrozenClock::new();
    let scene = Scene::with(|it| it.pace.settling = DEADLINE).await;
    scene.answers_once(minting(), page(502)).await;
    scene.answers(minting(), ok(json!({"token": "t0k3n"}))).await;
    scene.answers(listing(), ok(list(&[]))).await;

    scene.mint().await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(scene.n_requests(method("GET")).await, 0);

    clock.advance(DEADLINE).await;
    scene.drain().await;
    assert_eq!(scene.n_requests(method("GET")).await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_leaves_time_for_another_and_is_cleaned_up() {
    let clock = FrozenClock::new();
    let turns = vec![Turn::Hang, Turn::ok(MINTED), Turn::ok(&left_behind(1)), Turn::ok("{}")];
    let mut zammad = RawServer::start(turns).await;
    let (tokens, background) = tokens(&ZammadClient::new(config(&zammad.base_url)).unwrap());

    let mint = tokio::spawn(async move { tokens.mint(EXPIRES_AT).await });
    assert!(zammad.heard().await.contains(&token_name(1)));
    clock.advance(DEADLINE / 2).await;
    assert!(zammad.heard().await.contains(&token_name(2)));

    assert_eq!(mint.await.unwrap().unwrap().invite, invite(2));
    background.close();
    background.wait().await;
    assert!(zammad.heard().await.starts_with("GET /api/v1/user_access_token "));
    assert!(zammad.heard().await.starts_with("DELETE /api/v1/user_access_token/42 "));
}

#[tokio::test(start_paused = true)]
async fn a_zammad_that_always_hangs_is_given_up_at_the_deadline() {
    let clock = FrozenClock::new();
    let turns = vec![Turn::Hang, Turn::Hang, Turn::Hang, Turn::ok(&left_behind(3)), Turn::ok("{}")];
    let mut zammad = RawServer::start(turns).await;
    let (tokens, background) = tokens(&ZammadClient::new(config(&zammad.base_url)).unwrap());
    let before = Instant::now();

    let mint = tokio::spawn(async move { tokens.mint(EXPIRES_AT).await });
    for (n, part) in [(1, 2), (2, 4), (3, 4)] {
        assert!(zammad.heard().await.contains(&token_name(n)));
        clock.advance(DEADLINE / part).await;
    }

    let err = mint.await.unwrap().unwrap_err();
    assert!(matches!(unavailable(&err), (None, ZammadError::TimedOut)));
    assert!(before.elapsed() <= DEADLINE + 3 * TIMER_GRAIN);
    background.close();
    background.wait().await;
    assert!(zammad.heard().await.starts_with("GET "));
    assert!(zammad.heard().await.starts_with("DELETE "));
}

#[tokio::test]
async fn a_connection_that_is_lost_is_tried_again_and_cleaned_up() {
    let lost = [
        Turn::HangUp,
        Turn::Send("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"token\":\"t0k".to_owned()),
        Turn::Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{\"token\":\"t0k".to_owned()),
        Turn::Send("HTTP/1.1 20".to_owned()),
        Turn::Send("SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned()),
    ];
    for turn in lost {
        let turns = vec![turn, Turn::ok(MINTED), Turn::ok(&left_behind(1)), Turn::ok("{}")];
        let mut zammad = RawServer::start(turns).await;
        let (tokens, background) = tokens(&ZammadClient::new(config(&zammad.base_url)).unwrap());

        assert_eq!(tokens.mint(EXPIRES_AT).await.unwrap().invite, invite(2));
        background.close();
        background.wait().await;

        assert!(zammad.heard().await.contains(&token_name(1)));
        assert!(zammad.heard().await.contains(&token_name(2)));
        assert!(zammad.heard().await.starts_with("GET "));
        assert!(zammad.heard().await.starts_with("DELETE /api/v1/user_access_token/42 "));
    }
}

#[tokio::test]
async fn connections_that_are_always_lost_make_zammad_unavailable() {
    let turns = vec![Turn::HangUp, Turn::HangUp, Turn::HangUp, Turn::ok(&list(&[]).to_string())];
    let zammad = RawServer::start(turns).await;
    let (tokens, _) = tokens(&ZammadClient::new(config(&zammad.base_url)).unwrap());

    let err = tokens.mint(EXPIRES_AT).await.unwrap_err();

    assert!(matches!(unavailable(&err), (None, ZammadError::Interrupted(_))), "{err:?}");
}

#[tokio::test]
async fn what_was_never_sent_left_nothing() {
    let nobody = Nobody::new();
    let (tokens, background) = tokens(&ZammadClient::new(config(&nobody.base_url)).unwrap());

    let err = tokens.mint(EXPIRES_AT).await.unwrap_err();

    assert!(matches!(unavailable(&err), (None, ZammadError::Unreachable(_))), "{err:?}");
    assert!(background.is_empty());
}

#[tokio::test]
async fn a_refusal_whose_text_is_lost_is_still_a_refusal() {
    let broken = "HTTP/1.1 403 Forbidden\r\nContent-Length: 90\r\n\r\n{\"error\":\"No";
    let mut zammad = RawServer::start(vec![Turn::Send(broken.to_owned())]).await;
    let (tokens, background) = tokens(&ZammadClient::new(config(&zammad.base_url)).unwrap());

    let err = tokens.mint(EXPIRES_AT).await.unwrap_err();

    assert_eq!(crate::scene::rejected(&err).to_string(), "Zammad answered 403");
    assert!(background.is_empty());
    zammad.heard().await;
    assert!(!zammad.heard_more());
}

#[tokio::test]
async fn a_success_leaves_nothing_to_clean_up() {
    let scene = Scene::new().await;
    scene.answers(minting(), ResponseTemplate::new(200).set_body_string(MINTED)).await;

    scene.mint().await.unwrap();

    assert!(scene.background.is_empty());
}
