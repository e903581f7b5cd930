//! Who gets in, and with which rights.

use family_plan_zammad_simulator::{ADMIN_TOKEN, AGENT_TOKEN, NewToken, NewUser};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::json;
use time::Duration;

use crate::helpdesk::{Helpdesk, NOW, Reply};

async fn me_with(desk: &Helpdesk, authorization: &str) -> Reply {
    desk.send(desk.request(Method::GET, "users/me").header(AUTHORIZATION, authorization)).await
}

async fn on_behalf_of(desk: &Helpdesk, token: &str, header: &str, target: &str, path: &str) -> Reply {
    let request = desk.request(Method::GET, path).header(AUTHORIZATION, format!("Token token={token}"));
    desk.send(request.header(header, target)).await
}

#[tokio::test]
async fn every_form_of_the_header_is_taken() {
    let desk = Helpdesk::start();

    for header in [format!("Token token={AGENT_TOKEN}"), format!("Bearer {AGENT_TOKEN}")] {
        let reply = me_with(&desk, &header).await;
        assert_eq!((reply.status, reply.json()["id"].as_u64()), (200, Some(4)), "{header}");
    }
}

#[tokio::test]
async fn missing_credentials_are_403() {
    let desk = Helpdesk::start();
    let reply = desk.send(desk.request(Method::GET, "users/me")).await;

    assert_eq!((reply.status, reply.error().as_str()), (403, "Authentication required"));
    assert_eq!(reply.headers["x-failure"], "Authentication required");
}

#[tokio::test]
async fn creating_a_user_without_credentials_wants_a_csrf_token() {
    let desk = Helpdesk::start();
    let reply = desk.send(desk.request(Method::POST, "users").json(&json!({"email": "a@example.com"}))).await;

    assert_eq!((reply.status, reply.error().as_str()), (401, "CSRF token verification failed!"));
}

#[tokio::test]
async fn an_unknown_token_is_401_and_the_text_depends_on_its_form() {
    let desk = Helpdesk::start();
    let token = me_with(&desk, "Token token=nobody").await;
    let bearer = me_with(&desk, "Bearer nobody").await;

    assert_eq!((token.status, token.error().as_str()), (401, "Can't find User for Token"));
    assert_eq!(token.headers["x-failure"], "Can't find User for Token");
    assert!(!token.headers.contains_key("access-control-allow-origin"));
    assert_eq!((bearer.status, bearer.error().as_str()), (401, "The provided token is invalid."));
}

#[tokio::test]
async fn an_expired_token_is_401_and_its_last_use_moves() {
    let desk = Helpdesk::start();
    let token = desk.simulator.add_token(NewToken::new(4, "short").expires_at(NOW + Duration::hours(1)));

    assert_eq!(desk.get_as(&token.value, "users/me").await.status, 200);
    desk.clock.advance(Duration::hours(1));
    let reply = desk.get_as(&token.value, "users/me").await;

    assert_eq!((reply.status, reply.error().as_str()), (401, "Not authorized (token expired)!"));
    assert_eq!(desk.simulator.tokens_named("short")[0].last_used_at, Some(NOW + Duration::hours(1)));
}

#[tokio::test]
async fn the_token_of_an_inactive_user_is_401() {
    let desk = Helpdesk::start();
    let user = desk.simulator.add_user(NewUser::agent("gone@example.com").inactive());
    let reply = desk.get_as(&desk.token_of(user.id, &[]), "users/me").await;

    assert_eq!(reply.status, 401);
    assert!(reply.error().starts_with("Login failed."));
}

#[tokio::test]
async fn basic_takes_login_and_password() {
    let desk = Helpdesk::start();
    desk.simulator.add_user(NewUser::agent("Pat@example.com").password("secret"));
    let basic = |login: &'static str, password: &'static str| {
        desk.send(desk.request(Method::GET, "users/me").basic_auth(login, Some(password)))
    };

    assert_eq!(basic("PAT@example.com", "secret").await.status, 200);
    let wrong = basic("pat@example.com", "Secret").await;
    assert_eq!((wrong.status, wrong.error().as_str()), (401, "Invalid BasicAuth credentials"));
    assert_eq!(basic("nobody@example.com", "secret").await.status, 401);
}

#[tokio::test]
async fn basic_does_not_take_accounts_with_a_second_factor() {
    let desk = Helpdesk::start();
    desk.simulator.add_user(NewUser::agent("pat@example.com").password("secret").with_two_factor());
    let reply =
        desk.send(desk.request(Method::GET, "users/me").basic_auth("pat@example.com", Some("secret"))).await;

    assert_eq!(reply.status, 401);
    assert_eq!(reply.error(), "Two-factor authentication is not supported with HTTP BasicAuth.");
}

#[tokio::test]
async fn the_settings_shut_people_out() {
    let desk = Helpdesk::start();
    desk.simulator.add_user(NewUser::agent("pat@example.com").password("secret"));

    desk.simulator.change_settings(|it| it.api_token_access = false);
    let token = desk.agent_get("users/me").await;
    assert_eq!((token.status, token.error().as_str()), (403, "API token access disabled!"));
    let mint = desk.request(Method::POST, "user_access_token").basic_auth("pat@example.com", Some("secret"));
    let mint = desk.send(mint.json(&json!({"name": "x", "permission": []}))).await;
    assert_eq!((mint.status, mint.error().as_str()), (422, "API token access disabled!"));

    desk.simulator.change_settings(|it| it.api_password_access = false);
    let basic =
        desk.send(desk.request(Method::GET, "users/me").basic_auth("pat@example.com", Some("secret"))).await;
    assert_eq!((basic.status, basic.error().as_str()), (403, "API password access disabled!"));
}

#[tokio::test]
async fn maintenance_lets_only_administrators_in() {
    let desk = Helpdesk::start();
    desk.simulator.change_settings(|it| it.maintenance_mode = true);
    let agent = desk.agent_get("users/me").await;

    assert_eq!((agent.status, agent.error().as_str()), (403, "Maintenance mode enabled!"));
    assert_eq!(desk.admin_get("users/me").await.status, 200);
}

#[tokio::test]
async fn a_permission_must_be_held_by_user_and_token() {
    let desk = Helpdesk::start();
    let cases = [
        (3, ["admin"], 200),
        (3, ["admin.user"], 403),
        (3, ["ticket.agent"], 403),
        (4, ["admin"], 403),
        (4, ["user_preferences"], 403),
    ];

    for (owner, permissions, status) in cases {
        let reply = desk.get_as(&desk.token_of(owner, &permissions), "version").await;
        assert_eq!(reply.status, status, "user {owner}, token {permissions:?}");
    }
    assert_eq!(desk.get_as(&desk.token_of(4, &["user_preferences"]), "user_access_token").await.status, 200);
    assert_eq!(desk.get_as(&desk.token_of(4, &["ticket.agent"]), "user_access_token").await.status, 403);
}

#[tokio::test]
async fn the_text_says_whether_token_or_user_lacks_the_permission() {
    let desk = Helpdesk::start();
    desk.simulator.add_user(NewUser::customer("pat@example.com").password("secret"));
    let token = desk.get_as(&desk.token_of(4, &[]), "user_access_token").await;
    let basic = desk.request(Method::GET, "user_access_token").basic_auth("pat@example.com", Some("secret"));

    assert_eq!(token.error(), "Token authorization failed.");
    assert_eq!(token.headers["x-failure"], "Token authorization failed.");
    assert_eq!(desk.send(basic).await.error(), "User authorization failed.");
}

#[tokio::test]
async fn from_acts_for_an_id_a_login_or_an_address() {
    let desk = Helpdesk::start();

    for target in ["2", "nora.brandt@example.org", "  NORA.Brandt@example.org "] {
        let reply = on_behalf_of(&desk, ADMIN_TOKEN, "From", target, "users/me").await;
        assert_eq!((reply.status, reply.json()["id"].as_u64()), (200, Some(2)), "{target}");
    }
    assert_eq!(on_behalf_of(&desk, ADMIN_TOKEN, "X-On-Behalf-Of", "2", "users/me").await.json()["id"], 2);
}

#[tokio::test]
async fn from_wins_over_its_deprecated_alias() {
    let desk = Helpdesk::start();
    let request =
        desk.request(Method::GET, "users/me").header(AUTHORIZATION, format!("Token token={ADMIN_TOKEN}"));
    let reply = desk.send(request.header("X-On-Behalf-Of", "6").header("From", "2")).await;

    assert_eq!(reply.json()["id"], 2);
}

#[tokio::test]
async fn from_needs_admin_user_of_the_person_not_of_the_token() {
    let desk = Helpdesk::start();
    let narrow = desk.token_of(3, &[]);
    let refused = on_behalf_of(&desk, AGENT_TOKEN, "From", "2", "users/me").await;

    assert_eq!(on_behalf_of(&desk, &narrow, "From", "2", "users/me").await.status, 200);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.error(), "Current user has no permission to use 'From'/'X-On-Behalf-Of'!");
}

#[tokio::test]
async fn from_drops_the_limits_of_the_token() {
    let desk = Helpdesk::start();
    let narrow = desk.token_of(3, &[]);

    assert_eq!(desk.get_as(&narrow, "user_access_token").await.status, 403);
    assert_eq!(on_behalf_of(&desk, &narrow, "From", "5", "user_access_token").await.status, 200);
    // A customer does not hold the permission.
    let customer = on_behalf_of(&desk, &narrow, "From", "2", "user_access_token").await;
    assert_eq!((customer.status, customer.error().as_str()), (403, "User authorization failed."));
}

#[tokio::test]
async fn from_somebody_unknown_is_403() {
    let desk = Helpdesk::start();
    let reply = on_behalf_of(&desk, ADMIN_TOKEN, "From", "Nobody@example.com", "users/me").await;

    assert_eq!((reply.status, reply.error().as_str()), (403, "No such user 'Nobody@example.com'"));
}
