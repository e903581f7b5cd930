//! Every failure, switched on and off while the simulator runs.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use family_plan_zammad_simulator::{AGENT_TOKEN, Failure, Operation, Simulator};
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpdesk::{Helpdesk, Reply};

/// What a plain socket reads after sending `request`.
pub(crate) fn raw_exchange(simulator: &Simulator, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(simulator.address())?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn raw_mint(simulator: &Simulator) -> io::Result<String> {
    let body = mint_body().to_string();
    let request = format!(
        "POST /api/v1/user_access_token HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\
         Authorization: Token token={AGENT_TOKEN}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    raw_exchange(simulator, &request)
}

fn mint_body() -> Value {
    json!({"name": "probe", "permission": []})
}

async fn mint(desk: &Helpdesk) -> Reply {
    desk.agent_post("user_access_token", &mint_body()).await
}

fn minted(desk: &Helpdesk) -> usize {
    desk.simulator.tokens_named("probe").len()
}

#[tokio::test]
async fn refusals_look_like_the_real_ones() {
    let desk = Helpdesk::start();

    desk.simulator.fail(Failure::Unauthorized);
    let reply = mint(&desk).await;
    assert_eq!((reply.status, reply.error().as_str()), (401, "Can't find User for Token"));
    assert_eq!(reply.headers["x-failure"], "Can't find User for Token");

    desk.simulator.fail(Failure::Forbidden);
    let reply = mint(&desk).await;
    assert_eq!((reply.status, reply.error().as_str()), (403, "Token authorization failed."));

    for (failure, status) in [(Failure::MaskedUnprocessable, 422), (Failure::InternalError, 500)] {
        desk.simulator.fail(failure);
        let reply = mint(&desk).await;
        assert_eq!((reply.status, reply.is_masked()), (status, true));
    }
    assert_eq!(minted(&desk), 0);
}

#[tokio::test]
async fn too_many_requests_may_say_when_to_come_back() {
    let desk = Helpdesk::start();

    desk.simulator.fail(Failure::TooManyRequests { retry_after: Some(7) });
    let reply = mint(&desk).await;
    assert_eq!((reply.status, reply.text.as_str()), (429, "Retry later\n"));
    assert_eq!(reply.headers["retry-after"], "7");

    desk.simulator.fail(Failure::TooManyRequests { retry_after: None });
    assert!(!mint(&desk).await.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_proxy_in_front_answers_with_html() {
    let desk = Helpdesk::start();

    for (failure, status) in [(Failure::Html502, 502), (Failure::Html503, 503)] {
        desk.simulator.fail(failure);
        let reply = mint(&desk).await;
        assert_eq!((reply.status, &reply.headers["content-type"]), (status, &"text/html".parse().unwrap()));
        assert!(reply.text.contains("<center>nginx</center>"));
    }
}

#[tokio::test]
async fn bodies_may_be_garbage_or_missing() {
    let desk = Helpdesk::start();

    desk.simulator.fail(Failure::GarbageBody);
    let garbage = mint(&desk).await;
    assert_eq!(garbage.status, 200);
    assert!(serde_json::from_str::<Value>(&garbage.text).is_err());

    desk.simulator.fail(Failure::EmptyBody);
    let empty = mint(&desk).await;
    assert_eq!((empty.status, empty.text.as_str()), (200, ""));
}

#[tokio::test]
async fn disabled_token_access_shows_in_signshow_too() {
    let desk = Helpdesk::start();
    desk.simulator.fail(Failure::TokenAccessDisabled);
    let reply = mint(&desk).await;

    assert_eq!((reply.status, reply.error().as_str()), (403, "API token access disabled!"));
    let config = desk.send(desk.request(Method::GET, "signshow")).await.json()["config"].clone();
    assert_eq!(config.get("api_token_access"), None);
    desk.simulator.recover();
    assert_eq!(mint(&desk).await.status, 200);
}

#[tokio::test]
async fn a_slow_answer_is_right_in_the_end() {
    let desk = Helpdesk::start();
    desk.simulator.fail(Failure::Slow(Duration::from_millis(1)));

    assert_eq!(mint(&desk).await.status, 200);
}

#[tokio::test]
async fn a_reset_connection_is_an_error_and_nothing_happened() {
    let desk = Helpdesk::start();
    desk.simulator.fail(Failure::ConnectionReset);

    assert_eq!(raw_mint(&desk.simulator).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(minted(&desk), 0);
}

#[tokio::test]
async fn a_connection_reset_after_the_effect_leaves_a_token() {
    let desk = Helpdesk::start();
    desk.simulator.fail_next(1, Failure::ResetAfterEffect);

    assert_eq!(raw_mint(&desk.simulator).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(minted(&desk), 1);
    assert!(raw_mint(&desk.simulator).unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_request_hangs_until_recovery() {
    let desk = Helpdesk::start();
    desk.simulator.fail(Failure::Hang);
    let request = mint(&desk);
    let recovery = async {
        desk.simulator.wait_for_requests(Operation::MintToken, 1).await;
        assert_eq!(minted(&desk), 0);
        desk.simulator.recover();
    };

    let (reply, ()) = tokio::join!(request, recovery);
    assert_eq!((reply.status, minted(&desk)), (200, 1));
}

#[tokio::test]
async fn a_client_that_gives_up_may_have_got_its_way() {
    let desk = Helpdesk::start();
    desk.simulator.fail(Failure::HangAfterEffect);

    tokio::select! {
        _ = mint(&desk) => panic!("answered before the recovery"),
        () = desk.simulator.wait_for_requests(Operation::MintToken, 1) => (),
    }
    desk.simulator.recover();
    assert_eq!(desk.agent_get("user_access_token").await.status, 200);
    assert_eq!(minted(&desk), 1);
}

#[tokio::test]
async fn stopping_lets_go_of_what_hangs() {
    let desk = Helpdesk::start();
    let address = desk.simulator.address();
    desk.simulator.fail(Failure::Hang);
    let client = desk.bare_client().clone();
    let hanging = tokio::spawn(client.get(format!("{}/api/v1/signshow", desk.simulator.url())).send());
    desk.simulator.wait_for_requests(Operation::Signshow, 1).await;
    desk.simulator.stop().await;

    assert!(hanging.await.unwrap().is_err());
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_failure_may_concern_some_calls_only() {
    let desk = Helpdesk::start();
    desk.simulator.fail_on(&[Operation::MintToken], Failure::Html502);

    assert_eq!(mint(&desk).await.status, 502);
    assert_eq!(desk.agent_get("user_access_token").await.status, 200);
    desk.simulator.fail_on(Operation::USERS, Failure::Html503);
    assert_eq!(desk.agent_get("users/me").await.status, 503);
    assert_eq!(mint(&desk).await.status, 502);
}

#[tokio::test]
async fn a_failure_may_end_by_itself() {
    let desk = Helpdesk::start();
    desk.simulator.fail_next_on(2, &[Operation::MintToken], Failure::InternalError);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        assert_eq!(desk.agent_get("users/me").await.status, 200);
        statuses.push(mint(&desk).await.status);
    }

    assert_eq!(statuses, [500, 500, 200]);
}
