//! What a test may see and change past the API.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use family_plan_zammad_simulator::{AGENT_TOKEN, Config, Failure, NewToken, NewUser, Operation, Simulator};
use reqwest::Method;
use serde_json::json;

use crate::helpdesk::Helpdesk;

#[tokio::test]
async fn requests_are_recorded_and_counted() {
    let desk = Helpdesk::start();
    desk.agent_post("user_access_token?x=1", &json!({"name": "n"})).await;
    desk.simulator.fail(Failure::Html502);
    desk.agent_get("users").await;
    let requests = desk.simulator.requests();
    let first = &requests[0];

    assert_eq!(requests.len(), 2);
    assert_eq!((first.operation, first.method.as_str()), (Operation::MintToken, "POST"));
    assert_eq!((first.path.as_str(), first.query.as_str()), ("/api/v1/user_access_token", "x=1"));
    assert_eq!(first.header("Authorization"), Some(format!("Token token={AGENT_TOKEN}").as_str()));
    assert_eq!(first.body, "{\"name\":\"n\"}");
    assert_eq!(desk.simulator.request_count(Operation::ListUsers), 1);
    desk.simulator.forget_requests();
    assert!(desk.simulator.requests().is_empty());
}

#[tokio::test]
async fn tokens_can_be_deleted_behind_the_clients_back() {
    let desk = Helpdesk::start();
    let token = desk.simulator.add_token(NewToken::new(4, "gone"));

    assert_eq!(desk.simulator.delete_tokens_named("gone"), 1);
    assert_eq!(desk.get_as(&token.value, "users/me").await.status, 401);
}

#[tokio::test]
async fn users_can_be_changed_and_removed_behind_the_clients_back() {
    let desk = Helpdesk::start();
    let user = desk.simulator.add_user(NewUser::customer("Zoe@example.org").named("Zoe", "King"));

    assert!(desk.simulator.edit_user(user.id, |it| it.active = false));
    assert_eq!(desk.agent_get(&format!("users/{}", user.id)).await.json()["active"], false);
    assert!(!desk.simulator.user("zoe@example.org").unwrap().active);
    assert!(desk.simulator.delete_user(user.id));
    assert!(!desk.simulator.delete_user(user.id));
    assert_eq!(desk.agent_get(&format!("users/{}", user.id)).await.status, 404);
}

#[tokio::test]
async fn an_address_can_be_given_and_is_free_after_a_stop() {
    let first = Simulator::start(&Config::default()).unwrap();
    let address = first.address();
    let taken = Simulator::start(&Config::default().bind(address));
    assert_eq!(taken.err().map(|it| it.kind()), Some(io::ErrorKind::AddrInUse));
    first.stop().await;

    let second = Simulator::start(&Config::default().bind(address)).unwrap();
    assert_eq!(second.address(), SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())));
}

#[test]
fn an_unknown_time_zone_is_refused() {
    let refused = Simulator::start(&Config::default().timezone_default("Mars/Olympus"));

    assert_eq!(refused.err().map(|it| it.kind()), Some(io::ErrorKind::InvalidInput));
}

#[tokio::test]
async fn the_default_clock_is_the_machines() {
    let simulator = Simulator::start(&Config::default()).unwrap();
    let desk = Helpdesk::start();
    let token = simulator.add_token(NewToken::new(4, "now"));

    assert!(desk.clock.now() < token.created_at);
    assert_eq!(desk.send(desk.request(Method::GET, "signshow")).await.status, 200);
}
