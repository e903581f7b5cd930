//! Setting webhooks up over the API.

use family_plan_zammad_simulator::{ADMIN_TOKEN, Config, NewWebhook, ZammadVersion};
use reqwest::Method;
use serde_json::json;

use crate::helpdesk::Helpdesk;

#[tokio::test]
async fn secrets_are_masked_and_a_mask_sent_back_keeps_them() {
    let desk = Helpdesk::start_with(Config::default().version(ZammadVersion::V7_0));
    let body = json!({
        "name": "Plans", "endpoint": "https://plans.example.org/hook", "signature_token": "s3cr3t", "http_method": "put",
        "bearer_token": "t0k3n", "customized_payload": true, "custom_payload": "{}",
    });
    let created = desk.admin_post("webhooks", &body).await;
    assert_eq!((created.status, &created.json()["signature_token"]), (201, &json!("**********")));
    assert_eq!(desk.admin_get("webhooks").await.ids(), [1]);

    let mut changed = desk.admin_get("webhooks/1").await.json();
    changed["active"] = false.into();
    changed["bearer_token"] = "new".into();
    let updated = desk.json_as(ADMIN_TOKEN, Method::PUT, "webhooks/1", &changed).await;
    let webhook = desk.simulator.webhooks().remove(0);
    assert_eq!((updated.status, webhook.active), (200, false));
    assert_eq!(webhook.signature_token.as_deref(), Some("s3cr3t"));
    assert_eq!(webhook.bearer_token.as_deref(), Some("new"));
    assert_eq!(webhook.custom_payload.as_deref(), Some("{}"));

    let deleted = desk.json_as(ADMIN_TOKEN, Method::DELETE, "webhooks/1", &json!({})).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({})));
    assert_eq!(desk.admin_get("webhooks/1").await.status, 404);
}

#[tokio::test]
async fn only_administrators_see_webhooks() {
    let desk = Helpdesk::start();
    desk.simulator.add_webhook(NewWebhook::to("http://127.0.0.1:1/"));

    assert_eq!(desk.agent_get("webhooks").await.status, 403);
    assert_eq!(desk.agent_post("webhooks", &json!({"name": "x", "endpoint": "http://x"})).await.status, 403);
}

#[tokio::test]
async fn a_webhook_has_a_name_and_an_endpoint() {
    let desk = Helpdesk::start();
    let bad = [
        json!({"endpoint": "http://x"}),
        json!({"name": "x"}),
        json!({"name": "x", "endpoint": "ftp://x"}),
        json!({"name": "x", "endpoint": "http://x", "http_method": "get"}),
    ];

    for body in bad {
        assert_eq!(desk.admin_post("webhooks", &body).await.status, 422, "{body}");
    }
    assert!(desk.simulator.webhooks().is_empty());
}
