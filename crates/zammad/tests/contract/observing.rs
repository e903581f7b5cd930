//! Who observes requests is told of each of them once: what it asked for, and how it went.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use family_plan_zammad::{RequestObserver, RequestOperation as Op, RequestOutcome as Outcome, ZammadClient};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::{
    raw_server::{RawServer, Turn},
    scene::{Scene, config, getting, list, listing, minting, ok, page, refusal},
};

#[derive(Default)]
struct Journal(Mutex<Vec<(Op, Outcome)>>);

impl RequestObserver for Journal {
    fn requested(&self, operation: Op, outcome: Outcome, _took: Duration) {
        self.0.lock().unwrap().push((operation, outcome));
    }
}

impl Journal {
    fn take(&self) -> Vec<(Op, Outcome)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn each_attempt_is_told_with_its_outcome() {
    for (answer, expected) in [
        (ok(json!({"token": "t0k3n"})), Outcome::Ok),
        (refusal(422, "no"), Outcome::Refused),
        (page(302), Outcome::Refused),
        (refusal(429, "slow down"), Outcome::RateLimited),
        (page(502), Outcome::ServerError),
        (ResponseTemplate::new(200).set_body_string("<html>"), Outcome::Unreadable),
        (ok(json!({"token": "t0k3n"})).set_delay(Duration::from_mins(1)), Outcome::TimedOut),
    ] {
        let journal = Arc::new(Journal::default());
        let scene = Scene::with(|it| {
            it.observer = Some(journal.clone());
            it.pace.attempts = 1;
            it.pace.deadline = Duration::from_millis(500);
        })
        .await;
        scene.answers(minting(), answer).await;
        scene.answers(listing(), ok(list(&[]))).await;

        let _ = scene.mint().await;

        assert_eq!(journal.take(), [(Op::MintToken, expected)]);
        // What may have been left behind is looked for.
        scene.drain().await;
        assert!(journal.take().iter().all(|it| *it == (Op::ListTokens, Outcome::Ok)));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_or_does_not_come_about_is_told_as_such() {
    let server = RawServer::start(vec![Turn::HangUp]).await;
    for (base_url, expected) in
        [(server.base_url.as_str(), Outcome::Interrupted), ("http://127.0.0.1:1", Outcome::Unreachable)]
    {
        let journal = Arc::new(Journal::default());
        let mut config = config(base_url);
        config.observer = Some(journal.clone());

        ZammadClient::new(config).unwrap().me().await.unwrap_err();

        assert_eq!(journal.take(), [(Op::ReadAccount, expected)]);
    }
}

#[tokio::test]
async fn what_is_held_back_is_no_request_and_what_nobody_waits_for_is_abandoned() {
    let journal = Arc::new(Journal::default());
    let scene = Scene::with(|it| {
        it.observer = Some(journal.clone());
        it.pace.failures = 1;
        it.pace.deadline = Duration::from_mins(2);
    })
    .await;
    let slow = ok(json!({"id": 3})).set_delay(Duration::from_mins(1));
    scene.answers_once(getting("users/me"), slow).await;
    scene.answers(getting("users/me"), page(502)).await;

    {
        let asking = tokio::time::timeout(Duration::from_millis(100), scene.client.me());
        asking.await.unwrap_err();
    }
    assert_eq!(journal.take(), [(Op::ReadAccount, Outcome::Abandoned)]);

    scene.client.me().await.unwrap_err();
    assert_eq!(journal.take(), [(Op::ReadAccount, Outcome::ServerError)]);
    scene.client.me().await.unwrap_err();
    assert_eq!(journal.take(), []);
}
