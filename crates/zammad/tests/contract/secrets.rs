//! No token is ever shown.

use std::{
    io,
    num::NonZeroU32,
    sync::{Arc, Mutex},
};

use family_plan_domain::{
    ZammadUserId,
    ports::{HelpDeskUsers, InviteTokens},
};
use serde_json::json;
use tracing::{
    Dispatch, Level,
    subscriber::{DefaultGuard, set_default},
};
use tracing_subscriber::{
    Registry,
    fmt::{self, MakeWriter},
};
use wiremock::{
    Mock, ResponseTemplate,
    matchers::{method, path},
};

use crate::scene::{
    EXPIRES_AT, MINT_TOKEN, READ_TOKEN, Scene, all_of, deleting, getting, invite, list, listing, minting, ok,
    page, token_name, user,
};

const MINTED: &str = "M4oXJgB_8WiMNWzSdrDv3K3YXJywDh52BqC7IKV-NnM_Cf_bd_SkS6zyIWNZKJXw";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What this thread logs while the guards are there.
    fn listen() -> (Self, (Dispatch, DefaultGuard)) {
        let log = Self::default();
        // With a single subscriber, any test that comes to a place that logs before this one switches it off for all.
        let second = Dispatch::new(Registry::default());
        let subscriber = fmt::fmt().with_writer(log.clone()).with_max_level(Level::TRACE).finish();
        (log, (second, set_default(subscriber)))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[track_caller]
fn assert_no_secret(text: &str) {
    for secret in [READ_TOKEN, MINT_TOKEN, MINTED, &MINTED[..16]] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn errors_hold_no_secret_even_if_zammad_repeats_one() {
    let repeated = format!("unknown: Token token={MINT_TOKEN} or {READ_TOKEN}");
    for status in [401, 403, 404, 422, 429, 500, 503] {
        let in_envelope = ResponseTemplate::new(status).set_body_json(json!({"error": repeated}));
        for answer in [
            in_envelope.insert_header("X-Request-Id", MINT_TOKEN),
            ResponseTemplate::new(status).insert_header("X-Failure", &*repeated),
        ] {
            let scene = Scene::new().await;
            let putting = Mock::given(method("PUT"));
            let searching = Mock::given(method("POST")).and(path("/api/v1/users/search"));
            let reading = [getting("users/me"), getting("users"), getting("signshow"), getting("version")];
            for request in [minting(), listing(), putting, searching].into_iter().chain(reading) {
                scene.answers(request, answer.clone()).await;
            }

            assert_no_secret(&all_of(&scene.mint().await.unwrap_err()));
            assert_no_secret(&all_of(&scene.tokens.discard(invite(1)).await.unwrap_err()));
            assert_no_secret(&format!("{:?}", scene.tokens.check().await));
            assert_no_secret(&format!("{:?}", scene.client.me().await));
            assert_no_secret(&format!("{:?}", scene.client.capabilities().await));
            assert_no_secret(&format!("{:?}", scene.client.check_up(None).await));
            let directory = scene.directory();
            assert_no_secret(&all_of(&directory.page(NonZeroU32::MIN).await.unwrap_err()));
            let written = directory.write_plan_line(ZammadUserId(67), "family".to_owned()).await;
            assert_no_secret(&format!("{written:?}"));
            let changed = directory.changed_since(EXPIRES_AT, NonZeroU32::MIN).await;
            assert_no_secret(&format!("{changed:?}"));
        }
    }
}

#[tokio::test]
async fn an_unreadable_answer_is_not_quoted() {
    for answer in [
        ok(json!(MINTED)),
        ok(json!({"token": {MINTED: MINTED}})),
        ok(json!({"token": [MINTED]})),
        ok(json!({"token": MINTED, "name": [MINTED]})),
        ok(json!({"token": MINTED.repeat(100)})),
        ok(json!({"token": MINTED.repeat(10_000)})),
        ResponseTemplate::new(200).set_body_string(format!("{{\"token\":\"{MINTED}")),
        ResponseTemplate::new(200).set_body_string(MINTED).insert_header("X-Request-Id", MINT_TOKEN),
    ] {
        let scene = Scene::new().await;
        scene.answers(minting(), answer).await;

        assert_no_secret(&all_of(&scene.mint().await.unwrap_err()));
    }
}

#[tokio::test]
async fn logs_hold_no_secret() {
    let (log, _listening) = Log::listen();
    let scene = Scene::with(|it| it.time_zone = None).await;
    let repeated = format!("unknown: Token token={MINT_TOKEN} or {READ_TOKEN}");
    let failure = ResponseTemplate::new(500).set_body_json(json!({"error": repeated}));
    scene.answers(getting("signshow"), page(500)).await;
    scene.answers_once(minting(), failure.clone()).await;
    scene.answers(minting(), ok(json!({"token": MINTED}))).await;
    scene.answers(listing(), failure).await;

    let minted = scene.mint().await.unwrap();
    scene.drain().await;

    let log = log.text();
    for message in [
        "Zammad's time zone is unknown",
        "Zammad did not mint; trying again",
        "tokens nobody uses may stay behind in Zammad",
    ] {
        assert!(log.contains(message), "{log}");
    }
    assert_no_secret(&log);
    assert_no_secret(&format!("{minted:?}"));
}

#[tokio::test]
async fn deleting_names_tokens_by_their_ids() {
    let scene = Scene::new().await;
    scene.answers(listing(), ok(list(&[(4, &token_name(1))]))).await;
    scene.answers(deleting(), ok(json!({}))).await;

    scene.tokens.discard(invite(1)).await.unwrap();

    for request in scene.requests().await {
        assert_no_secret(request.url.as_str());
    }
}

#[tokio::test]
async fn what_is_logged_of_users_is_neither_a_secret_nor_an_address() {
    let (log, _listening) = Log::listen();
    let scene = Scene::new().await;
    let repeated = format!("unknown: Token token={READ_TOKEN}");
    scene
        .answers_once(getting("users"), ResponseTemplate::new(500).set_body_json(json!({"error": repeated})))
        .await;
    scene.answers(getting("users"), ok(json!([user(3, 1), user(4, 2)]))).await;
    let searching = || Mock::given(method("POST")).and(path("/api/v1/users/search"));
    scene.answers_once(searching(), ok(json!([user(3, 1)]))).await;
    scene.answers_once(searching(), ok(json!([]))).await;
    scene.answers(searching(), ok(json!([user(3, 1)]))).await;

    scene.directory().page(NonZeroU32::MIN).await.unwrap();
    assert_eq!(scene.directory().changed_since(EXPIRES_AT, NonZeroU32::MIN).await.unwrap(), None);

    let log = log.text();
    for message in ["Zammad did not do what it was asked", "Zammad's answer is not what was searched for"] {
        assert!(log.contains(message), "{log}");
    }
    assert_no_secret(&log);
    assert!(!log.to_lowercase().contains("@example.com"), "{log}");
}
