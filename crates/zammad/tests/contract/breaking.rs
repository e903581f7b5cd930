//! A Zammad that does not work is left alone for a while.

use std::time::Duration;

use family_plan_domain::ports::InviteTokens;
use family_plan_zammad::{BreakerState, Pace, ZammadClient, ZammadConfig, ZammadError};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::{
    raw_server::{Nobody, RawServer, Turn},
    scene::{FrozenClock, Scene, config, getting, minting, ok, page, rejected, tokens, unavailable},
};

const REST: Duration = Duration::from_secs(15);
const FAILURES: u16 = 5;

/// Times as they are in earnest, on a clock that stands still.
async fn scene() -> Scene {
    Scene::with(|it| it.pace = Pace { settling: Duration::ZERO, ..Pace::default() }).await
}

fn breakable(base_url: &str) -> ZammadConfig {
    let mut config = config(base_url);
    config.pace.failures = FAILURES;
    config
}

fn me() -> ResponseTemplate {
    ok(json!({"id": 3, "active": true}))
}

/// A Zammad that failed five times in a row, and answers from now on what it is told.
async fn broken() -> Scene {
    let scene = scene().await;
    getting("users/me").respond_with(page(502)).up_to_n_times(5).mount(&scene.zammad).await;
    for _ in 0..5 {
        assert_eq!(scene.client.breaker_state(), BreakerState::Closed);
        refused(&scene.client, 502).await;
    }
    assert_eq!(scene.client.breaker_state(), BreakerState::Open);
    scene
}

#[track_caller]
fn held_back<T>(outcome: Result<T, ZammadError>) -> Duration {
    match outcome {
        Err(ZammadError::BreakerOpen { retry_after }) => retry_after,
        Err(err) => panic!("{err}"),
        Ok(_) => panic!("it was not held back"),
    }
}

async fn refused(client: &ZammadClient, status: u16) {
    let err = client.me().await.unwrap_err();
    assert!(matches!(&err, ZammadError::Refused(it) if it.status == status), "{err}");
}

#[tokio::test(start_paused = true)]
async fn after_five_failures_in_a_row_requests_fail_at_once() {
    let clock = FrozenClock::new();
    let scene = broken().await;

    assert_eq!(held_back(scene.client.me().await), REST);
    clock.advance(Duration::from_secs(14)).await;
    assert!(held_back(scene.client.me().await) <= Duration::from_secs(1));

    assert_eq!(scene.requests().await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn clones_share_what_they_know() {
    let _clock = FrozenClock::new();
    let scene = broken().await;

    let clone = scene.client.clone();

    assert_eq!(clone.breaker_state(), BreakerState::Open);
    held_back(clone.me().await);
}

#[tokio::test]
async fn four_failures_and_a_success_are_no_reason() {
    let scene = Scene::with(|it| it.pace.failures = FAILURES).await;
    for _ in 0..3 {
        for status in [500, 502, 503, 504] {
            scene.answers_once(getting("users/me"), page(status)).await;
            refused(&scene.client, status).await;
        }
        scene.answers_once(getting("users/me"), me()).await;
        scene.client.me().await.unwrap();
    }

    assert_eq!(scene.client.breaker_state(), BreakerState::Closed);
}

#[tokio::test]
async fn other_answers_are_no_reason() {
    for answer in [
        page(200),
        ok(json!({})),
        page(302),
        page(400),
        page(401),
        page(403),
        page(404),
        page(408),
        page(422),
        page(429),
        page(429).insert_header("Retry-After", "9"),
    ] {
        let scene = Scene::with(|it| it.pace.failures = FAILURES).await;
        for _ in 0..4 {
            scene.answers_once(getting("users/me"), page(502)).await;
            refused(&scene.client, 502).await;
        }
        scene.answers(getting("users/me"), answer).await;

        for _ in 0..6 {
            scene.client.me().await.unwrap_err();
        }

        assert_eq!(scene.client.breaker_state(), BreakerState::Closed);
    }
}

#[tokio::test]
async fn a_zammad_that_cannot_be_reached_is_left_alone() {
    let nobody = Nobody::new();
    let client = ZammadClient::new(breakable(&nobody.base_url)).unwrap();

    for _ in 0..5 {
        assert!(matches!(client.me().await.unwrap_err(), ZammadError::Unreachable(_)));
    }

    held_back(client.me().await);
}

#[tokio::test]
async fn a_zammad_that_breaks_off_is_left_alone_even_if_its_answers_begin_well() {
    let half = || Turn::Send("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"id\":3".to_owned());
    let turns = vec![half(), Turn::HangUp, half(), Turn::HangUp, half()];
    let zammad = RawServer::start(turns).await;
    let client = ZammadClient::new(breakable(&zammad.base_url)).unwrap();

    for _ in 0..5 {
        let err = client.me().await.unwrap_err();
        assert!(matches!(err, ZammadError::Interrupted(_)), "{err}");
    }

    assert_eq!(client.breaker_state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_zammad_that_hangs_is_left_alone() {
    let clock = FrozenClock::new();
    let mut zammad = RawServer::start(vec![Turn::Hang, Turn::Hang, Turn::Hang, Turn::Hang, Turn::Hang]).await;
    let config = breakable(&zammad.base_url);
    let patience = config.pace.deadline;
    let client = ZammadClient::new(config).unwrap();

    for _ in 0..5 {
        let same = client.clone();
        let me = tokio::spawn(async move { same.me().await });
        zammad.heard().await;
        clock.advance(patience).await;
        assert!(matches!(me.await.unwrap().unwrap_err(), ZammadError::TimedOut));
    }

    assert_eq!(client.breaker_state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn a_short_look_that_takes_too_long_says_nothing() {
    let clock = FrozenClock::new();
    let hanging: Vec<Turn> = (0..6).map(|_| Turn::Hang).collect();
    let mut zammad = RawServer::start(hanging).await;
    let config = breakable(&zammad.base_url);
    let patience = config.pace.checking;
    let client = ZammadClient::new(config).unwrap();

    for _ in 0..6 {
        let (tokens, _) = tokens(&client);
        let check = tokio::spawn(async move { tokens.check().await });
        zammad.heard().await;
        clock.advance(patience).await;
        check.await.unwrap().unwrap_err();
        assert_eq!(client.breaker_state(), BreakerState::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_minted_while_zammad_is_left_alone() {
    let _clock = FrozenClock::new();
    let scene = broken().await;

    let err = scene.mint().await.unwrap_err();

    assert!(matches!(unavailable(&err), (Some(REST), ZammadError::BreakerOpen { .. })), "{err:?}");
    assert!(scene.background.is_empty());
    assert_eq!(scene.requests().await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_mint_waits_if_zammad_is_left_alone_for_a_moment_only() {
    let clock = FrozenClock::new();
    let scene = broken().await;
    scene.answers(minting(), ok(json!({"token": "t0k3n"}))).await;
    clock.advance(Duration::from_secs(11)).await;

    let waiting = async {
        tokio::task::yield_now().await;
        assert_eq!(scene.requests().await.len(), 5);
        clock.advance(Duration::from_secs(4)).await;
    };
    let (minted, ()) = tokio::join!(scene.mint(), waiting);

    minted.unwrap();
    assert_eq!(scene.requests().await.len(), 6);
    assert_eq!(scene.client.breaker_state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn one_of_many_finds_out_that_zammad_works_again() {
    let clock = FrozenClock::new();
    let scene = broken().await;
    scene.answers(getting("users/me"), me()).await;
    clock.advance(REST).await;
    assert_eq!(scene.client.breaker_state(), BreakerState::HalfOpen);

    // The first one has not even connected when the others come.
    let many: Vec<_> = (0..20)
        .map(|_| {
            let client = scene.client.clone();
            tokio::spawn(async move { client.me().await })
        })
        .collect();
    let mut n_successes = 0;
    for it in many {
        match it.await.unwrap() {
            Ok(_) => n_successes += 1,
            outcome => assert_eq!(held_back(outcome), Duration::from_secs(1)),
        }
    }

    assert_eq!(n_successes, 1);
    assert_eq!(scene.requests().await.len(), 6);
    assert_eq!(scene.client.breaker_state(), BreakerState::Closed);
    scene.client.me().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn any_answer_but_a_failure_shows_that_zammad_works_again() {
    for status in [401, 403, 404, 422, 429] {
        let clock = FrozenClock::new();
        let scene = broken().await;
        scene.answers(getting("users/me"), page(status)).await;
        clock.advance(REST).await;

        refused(&scene.client, status).await;

        assert_eq!(scene.client.breaker_state(), BreakerState::Closed, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_zammad_that_still_fails_is_left_alone_for_longer() {
    let clock = FrozenClock::new();
    let scene = broken().await;
    scene.answers(getting("users/me"), page(503)).await;

    let mut rest = REST;
    for seconds in [30, 60, 120, 120] {
        clock.advance(rest).await;
        refused(&scene.client, 503).await;

        rest = Duration::from_secs(seconds);
        assert_eq!(held_back(scene.client.me().await), rest);
    }
    assert_eq!(scene.requests().await.len(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_waits_for_makes_room_for_another() {
    let clock = FrozenClock::new();
    let failure =
        || Turn::Send("HTTP/1.1 502 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned());
    let mut turns: Vec<Turn> = (0..5).map(|_| failure()).collect();
    turns.push(Turn::Hang);
    turns.push(Turn::ok(r#"{"id":3,"active":true}"#));
    let mut zammad = RawServer::start(turns).await;
    let client = ZammadClient::new(breakable(&zammad.base_url)).unwrap();
    for _ in 0..5 {
        refused(&client, 502).await;
        zammad.heard().await;
    }
    clock.advance(REST).await;

    let same = client.clone();
    let gone = tokio::spawn(async move { same.me().await });
    zammad.heard().await;
    held_back(client.me().await);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());

    client.me().await.unwrap();
    assert_eq!(client.breaker_state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn while_zammad_is_left_alone_it_is_not_ready_and_not_asked() {
    let clock = FrozenClock::new();
    let scene = broken().await;

    for seconds in [15, 13, 11] {
        let err = scene.tokens.check().await.unwrap_err();
        let (retry_after, cause) = unavailable(&err);
        assert!(matches!(cause, ZammadError::BreakerOpen { .. }), "{cause}");
        let remaining = Duration::from_secs(seconds);
        assert!(retry_after.is_some_and(|it| it <= remaining && remaining < it + Duration::from_secs(1)));
        clock.advance(Duration::from_secs(2)).await;
    }

    assert_eq!(scene.requests().await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_look_whether_minting_works_finds_out_that_zammad_works_again() {
    for answer in [me(), page(200), ResponseTemplate::new(204), page(404)] {
        let clock = FrozenClock::new();
        let scene = broken().await;
        scene.answers(getting("users/me"), answer).await;
        clock.advance(REST).await;

        scene.tokens.check().await.unwrap();

        assert_eq!(scene.client.breaker_state(), BreakerState::Closed);
        assert_eq!(scene.requests().await.len(), 6);
    }
}

#[tokio::test(start_paused = true)]
async fn a_zammad_that_refuses_the_account_works_but_is_not_ready() {
    let clock = FrozenClock::new();
    let scene = broken().await;
    scene.answers(getting("users/me"), page(401)).await;
    clock.advance(REST).await;

    rejected(&scene.tokens.check().await.unwrap_err());

    assert_eq!(scene.client.breaker_state(), BreakerState::Closed);
}
