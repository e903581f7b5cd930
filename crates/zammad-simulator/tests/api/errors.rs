//! Envelopes, error pages and headers.

use family_plan_zammad_simulator::AGENT_TOKEN;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

use crate::helpdesk::Helpdesk;

#[tokio::test]
async fn an_unknown_page_is_404_without_a_login() {
    let desk = Helpdesk::start();

    for path in ["tickets", "user_access_tokens", "users/1/2"] {
        let reply = desk.send(desk.request(Method::GET, path)).await;
        assert_eq!((reply.status, reply.error().as_str()), (404, "This page doesn't exist."), "{path}");
    }
}

#[tokio::test]
async fn refusals_are_pages_for_those_who_prefer_html() {
    let desk = Helpdesk::start();
    let url = format!("{}/api/v1/users/me", desk.simulator.url());
    let browser = desk.send(desk.bare_client().get(&url).header(ACCEPT, "text/html,*/*;q=0.8")).await;
    let anything = desk.send(desk.bare_client().get(&url).header(ACCEPT, "*/*")).await;

    assert_eq!(
        (browser.status, &browser.headers[CONTENT_TYPE]),
        (403, &"text/html; charset=utf-8".parse().unwrap())
    );
    assert!(browser.text.contains("<p>Authentication required</p>"));
    assert_eq!(browser.headers["x-failure"], "Authentication required");
    assert_eq!(anything.error(), "Authentication required");
}

#[tokio::test]
async fn refusals_are_pages_for_those_who_accept_nothing_in_particular() {
    let desk = Helpdesk::start();
    let reply = crate::failures::raw_exchange(
        &desk.simulator,
        "GET /api/v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );

    assert!(reply.unwrap().contains("content-type: text/html"));
}

#[tokio::test]
async fn successes_are_json_for_everybody() {
    let desk = Helpdesk::start();
    let request = desk.bare_client().get(format!("{}/api/v1/users/me", desk.simulator.url()));
    let request =
        request.header(ACCEPT, "text/html").header(AUTHORIZATION, format!("Token token={AGENT_TOKEN}"));
    let reply = desk.send(request).await;

    assert_eq!(reply.json()["id"], 4);
    for header in
        ["etag", "x-request-id", "x-runtime", "vary", "cache-control", "access-control-allow-origin"]
    {
        assert!(reply.headers.contains_key(header), "{header}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_400() {
    let desk = Helpdesk::start();
    let request = desk.request(Method::POST, "user_access_token").header(CONTENT_TYPE, "application/json");
    let request = request.header(AUTHORIZATION, format!("Token token={AGENT_TOKEN}")).body("{\"name\":");

    assert_eq!(desk.send(request).await.status, 400);
}

#[tokio::test]
async fn a_body_that_does_not_say_it_is_json_is_not_read() {
    let desk = Helpdesk::start();
    let request = desk.request(Method::POST, "user_access_token");
    let request = request.header(AUTHORIZATION, format!("Token token={AGENT_TOKEN}"));
    let reply = desk.send(request.body(json!({"name": "x", "permission": []}).to_string())).await;

    assert_eq!(reply.error(), "The required parameter 'name' is missing.");
}

#[tokio::test]
async fn signshow_is_public_and_leaves_out_what_is_false() {
    let desk = Helpdesk::start();
    desk.simulator.change_settings(|it| it.api_token_access = false);
    let reply = desk.send(desk.request(Method::GET, "signshow")).await;
    let body = reply.json();

    assert_eq!((reply.status, &body["error"]), (200, &json!("no valid session")));
    assert_eq!(body["config"]["timezone_default"], "UTC");
    assert_eq!(body["config"]["api_password_access"], true);
    assert_eq!(body["config"].get("api_token_access"), None);
}

#[tokio::test]
async fn getting_started_is_public() {
    let desk = Helpdesk::start();

    assert_eq!(desk.send(desk.request(Method::GET, "getting_started")).await.json()["setup_done"], true);
}
