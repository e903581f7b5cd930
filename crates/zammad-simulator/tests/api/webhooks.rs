//! Webhooks on the wire: what is sent, and what happens when it is not taken.

use std::sync::Arc;

use family_plan_zammad_simulator::{
    Config, DeliveryState, Firing, NewArticle, NewTicket, NewUser, NewWebhook, WebhookMethod, ZammadVersion,
    hub_signature,
};
use serde_json::{Value, json};
use time::Duration;

use crate::helpdesk::Helpdesk;
use crate::receiver::Receiver;

const SECRET: &str = "s3cr3t-t0k3n";

/// A helpdesk that does not wait between attempts, and a receiver of its signed webhook.
async fn start() -> (Helpdesk, Receiver, u64) {
    start_with(Config::default().webhook_scale(0.0), |it| it.signed_with(SECRET)).await
}

async fn start_with(
    config: Config,
    setup: impl FnOnce(NewWebhook) -> NewWebhook,
) -> (Helpdesk, Receiver, u64) {
    let desk = Helpdesk::start_with(config);
    let (receiver, url) = Receiver::start().await;
    let webhook = desk.simulator.add_webhook(setup(NewWebhook::to(url)));
    (desk, receiver, webhook.id)
}

fn states(deliveries: &[family_plan_zammad_simulator::Delivery]) -> Vec<(DeliveryState, usize)> {
    deliveries.iter().map(|it| (it.state, it.attempts.len())).collect()
}

#[tokio::test]
async fn a_new_ticket_is_told_of_with_its_article() {
    let (desk, receiver, _) = start().await;
    let ticket = NewTicket::of(2).titled("Café <b>").opened_with(NewArticle::by(2, "a & b\u{2028}").html());
    let ticket = desk.simulator.add_ticket(ticket);
    let deliveries = desk.simulator.wait_for_deliveries().await;
    let hooks = receiver.received();
    let (hook, body) = (&hooks[0], hooks[0].json());

    assert_eq!(states(&deliveries), [(DeliveryState::Delivered, 1)]);
    assert_eq!((hooks.len(), hook.method.as_str()), (1, "POST"));
    assert_eq!(body["ticket"]["id"], ticket.id);
    assert_eq!(body["ticket"]["customer"]["email"], "nora.brandt@example.org");
    assert_eq!(body["ticket"]["customer"]["organization"], "Example Foundation");
    assert_eq!(body["ticket"]["customer"]["roles"], json!(["Customer"]));
    assert_eq!(body["ticket"]["organization"]["members"][0], "nora.brandt@example.org");
    assert_eq!(
        (&body["article"]["sender"], &body["article"]["content_type"]),
        (&json!("Customer"), &json!("text/html"))
    );
    assert_eq!(body["article"]["accounted_time"].to_string(), "0.0");
    let text = std::str::from_utf8(&hook.body).unwrap();
    assert!(
        text.contains(r#""title":"Café \u003cb\u003e""#) && text.contains(r#""body":"a \u0026 b\u2028""#)
    );
}

#[tokio::test]
async fn the_headers_are_those_of_zammad() {
    let (desk, receiver, _) =
        start_with(Config::default(), |it| it.signed_with(SECRET).trigger("Täglich")).await;
    desk.simulator.add_ticket(NewTicket::of(2));
    let deliveries = desk.simulator.wait_for_deliveries().await;
    let hook = &receiver.received()[0];

    assert_eq!(hook.header("user-agent"), Some("Zammad User Agent"));
    assert_eq!(hook.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(hook.header("x-zammad-trigger"), Some("Täglich"));
    assert_eq!(hook.header("x-zammad-delivery"), Some(deliveries[0].id.as_str()));
    assert_eq!(hook.header("x-hub-signature"), Some(hub_signature(SECRET, &hook.body).as_str()));
    assert_eq!(hook.header("authorization"), None);
}

#[tokio::test]
async fn nothing_barred_is_told_of_a_user() {
    let (desk, receiver, _) = start().await;
    desk.simulator.add_user_attribute("plan_code");
    desk.simulator.edit_user(2, |it| drop(it.details.insert("plan_code".to_owned(), "family".into())));
    desk.simulator.add_ticket(NewTicket::of(2));
    desk.simulator.wait_for_deliveries().await;
    let body = receiver.received()[0].json();
    let customer = body["ticket"]["customer"].as_object().unwrap();
    let barred = [
        "last_login",
        "login_failed",
        "password",
        "preferences",
        "group_ids",
        "groups",
        "authorization_ids",
        "authorizations",
    ];

    assert_eq!(customer["plan_code"], "family");
    assert!(customer.keys().is_sorted());
    assert!(barred.iter().all(|it| !customer.contains_key(*it)), "{customer:?}");
}

#[tokio::test]
async fn a_change_of_attributes_comes_without_an_article() {
    let (desk, receiver, _) = start().await;
    let user = desk.simulator.add_user(NewUser::customer("zoe@example.org"));
    let ticket = desk.simulator.add_ticket(NewTicket::of(user.id));
    desk.simulator.wait_for_deliveries().await;
    desk.clock.advance(Duration::MINUTE);
    assert!(desk.simulator.edit_ticket(ticket.id, |it| it.state_id = 4));
    desk.simulator.wait_for_deliveries().await;
    let body = receiver.received()[1].json();

    assert_eq!(body["article"], json!({}));
    assert_eq!((&body["ticket"]["state"], &body["ticket"]["organization"]), (&json!("closed"), &json!({})));
    assert_eq!(body["ticket"]["updated_at"], "2026-01-10T12:01:00.000Z");
    assert_eq!(body["ticket"]["customer"].get("organization"), None);
    assert_eq!(body["ticket"]["owner"]["login"], "-");
}

#[tokio::test]
async fn a_retry_has_the_same_id_and_what_is_new() {
    let (desk, receiver, _) = start().await;
    let desk = Arc::new(desk);
    receiver.answer([500]);
    let renaming = Arc::clone(&desk);
    receiver.react(move || {
        renaming.simulator.edit_user(2, |it| it.lastname.push('!'));
    });
    desk.simulator.add_ticket(NewTicket::of(2));
    let deliveries = desk.simulator.wait_for_deliveries().await;
    let hooks = receiver.received();
    let name = |it: usize| hooks[it].json()["ticket"]["customer"]["lastname"].clone();

    assert_eq!(states(&deliveries), [(DeliveryState::Delivered, 2)]);
    assert_eq!(hooks[0].header("x-zammad-delivery"), hooks[1].header("x-zammad-delivery"));
    assert_ne!(hooks[0].header("x-hub-signature"), hooks[1].header("x-hub-signature"));
    assert_eq!((name(0), name(1)), (json!("Brandt"), json!("Brandt!")));
}

#[tokio::test]
async fn whatever_is_not_2xx_is_tried_five_times() {
    let (desk, receiver, _) = start().await;
    receiver.answer([404, 302, 429, 410, 503]);
    desk.simulator.add_ticket(NewTicket::of(2));
    let deliveries = desk.simulator.wait_for_deliveries().await;
    let statuses: Vec<Option<u16>> = deliveries[0].attempts.iter().map(|it| it.status).collect();

    assert_eq!(deliveries[0].state, DeliveryState::Failed);
    assert_eq!(statuses, [404, 302, 429, 410, 503].map(Some));
    assert_eq!(receiver.received().len(), 5);
}

#[tokio::test]
async fn nobody_there_is_a_failure_too() {
    let desk = Helpdesk::start_with(Config::default().webhook_scale(0.0));
    desk.simulator.add_webhook(NewWebhook::to("http://127.0.0.1:1/hook"));
    desk.simulator.add_ticket(NewTicket::of(2));
    let deliveries = desk.simulator.wait_for_deliveries().await;

    assert_eq!(states(&deliveries), [(DeliveryState::Failed, 5)]);
    assert!(deliveries[0].attempts.iter().all(|it| it.status.is_none()));
}

#[tokio::test]
async fn retries_can_wait_for_an_order() {
    let config = Config::default().webhook_retries_on_demand();
    let (desk, receiver, _) = start_with(config, |it| it).await;
    receiver.answer([503, 503]);
    desk.simulator.add_ticket(NewTicket::of(2));
    let id = desk.simulator.deliveries()[0].id.clone();

    for count in 1..=2 {
        let delivery = desk.simulator.wait_for_attempts(&id, count).await.unwrap();
        assert_eq!((delivery.state, delivery.attempts.len()), (DeliveryState::UnderWay, count));
        desk.simulator.retry_webhooks();
    }
    assert_eq!(states(&desk.simulator.wait_for_deliveries().await), [(DeliveryState::Delivered, 3)]);
}

#[tokio::test]
async fn what_is_gone_is_not_delivered() {
    let config = Config::default().webhook_retries_on_demand();
    let (desk, receiver, webhook) = start_with(config, |it| it).await;
    receiver.answer([503, 503]);
    let ticket = desk.simulator.add_ticket(NewTicket::of(2));
    desk.simulator.wait_for_attempts(&desk.simulator.deliveries()[0].id, 1).await;
    desk.simulator.add_ticket(NewTicket::of(2));
    desk.simulator.wait_for_attempts(&desk.simulator.deliveries()[1].id, 1).await;
    desk.simulator.delete_ticket(ticket.id);
    desk.simulator.edit_webhook(webhook, |it| it.active = false);
    desk.simulator.retry_webhooks();
    let deliveries = desk.simulator.wait_for_deliveries().await;

    assert_eq!(states(&deliveries), [(DeliveryState::Ended, 1), (DeliveryState::Ended, 1)]);
    assert!(desk.simulator.fire(Firing::ticket(2)).is_empty());
}

#[tokio::test]
async fn without_a_key_nothing_is_signed() {
    let (desk, receiver, _) = start_with(Config::default(), |it| it).await;
    desk.simulator.add_ticket(NewTicket::of(2));
    desk.simulator.wait_for_deliveries().await;

    assert_eq!(receiver.received()[0].header("x-hub-signature"), None);
}

#[tokio::test]
async fn methods_and_bearer_tokens_exist_since_7_0() {
    let setup = |it: NewWebhook| it.method(WebhookMethod::Put).basic("zammad", "pass").bearer("t0k3n");
    let cases = [
        (ZammadVersion::V7_0, "PUT", Some("Bearer t0k3n")),
        (ZammadVersion::V6_5, "POST", Some("Basic emFtbWFkOnBhc3M=")),
        (ZammadVersion::V5_4, "POST", None),
    ];

    for (version, method, authorization) in cases {
        let (desk, receiver, _) = start_with(Config::default().version(version), setup).await;
        desk.simulator.add_ticket(NewTicket::of(2));
        desk.simulator.wait_for_deliveries().await;
        let hook = &receiver.received()[0];
        assert_eq!((hook.method.as_str(), hook.header("authorization")), (method, authorization));
    }
}

#[tokio::test]
async fn a_custom_payload_need_not_know_of_a_ticket() {
    let cases = [
        (r##"{"text": "#{ticket.title} <3"}"##, "Help!", json!({"text": "Help! <3"})),
        (r##"{"text": "#{ticket.title}"}"##, "Say \"no\"", Value::Null),
    ];

    for (template, title, expected) in cases {
        let (desk, receiver, _) =
            start_with(Config::default(), |it| it.signed_with(SECRET).custom_payload(template)).await;
        desk.simulator.add_ticket(NewTicket::of(2).titled(title));
        desk.simulator.wait_for_deliveries().await;
        let hook = &receiver.received()[0];
        assert_eq!(hook.header("x-hub-signature"), Some(hub_signature(SECRET, &hook.body).as_str()));
        match expected {
            Value::Null => assert!(hook.json()["error"].is_string()),
            expected => assert_eq!(hook.json(), expected),
        }
    }
}

#[tokio::test]
async fn an_empty_payload_has_no_body_and_no_signature() {
    let (desk, receiver, _) =
        start_with(Config::default(), |it| it.signed_with(SECRET).custom_payload("{}")).await;
    desk.simulator.add_ticket(NewTicket::of(2));
    desk.simulator.wait_for_deliveries().await;
    let hook = &receiver.received()[0];

    assert_eq!((hook.body.len(), hook.header("x-hub-signature")), (0, None));
}

#[tokio::test]
async fn requests_can_be_sent_late_and_twice() {
    let (desk, receiver, webhook) =
        start_with(Config::default(), |it| it.signed_with(SECRET).inactive()).await;
    let ticket = desk.simulator.add_ticket(NewTicket::of(2));
    let early = desk.simulator.webhook_request(webhook, Firing::ticket(ticket.id)).unwrap();
    desk.simulator.edit_user(2, |it| it.lastname.push('!'));
    let late = desk.simulator.webhook_request(webhook, Firing::ticket(ticket.id)).unwrap();
    for request in [&late, &early, &early] {
        assert_eq!(desk.simulator.send_webhook(request).await.status, Some(200));
    }
    let hooks = receiver.received();
    let names: Vec<Value> =
        hooks.iter().map(|it| it.json()["ticket"]["customer"]["lastname"].clone()).collect();

    assert_eq!(names, ["Brandt!", "Brandt", "Brandt"]);
    assert_eq!(hooks[1].body, hooks[2].body);
    assert_eq!(hooks[1].header("x-zammad-delivery"), hooks[2].header("x-zammad-delivery"));
    assert_ne!(early.header("x-zammad-delivery"), late.header("x-zammad-delivery"));
    assert!(desk.simulator.deliveries().is_empty());
}

#[tokio::test]
async fn a_ticket_makes_its_customer_look_changed() {
    let desk = Helpdesk::start();
    desk.clock.advance(Duration::DAY);
    desk.simulator.add_ticket(NewTicket::of(9));
    let user = desk.agent_get("users/9").await.json();

    assert_eq!(user["updated_at"], "2026-01-11T12:00:00.000Z");
    assert_eq!(user["preferences"]["tickets_open"], 1);
}

#[tokio::test]
async fn a_merged_user_is_gone_and_the_tickets_are_somebody_elses() {
    let desk = Helpdesk::start();
    let user = desk.simulator.add_user(NewUser::customer("zoe@example.org"));
    let ticket = desk.simulator.add_ticket(NewTicket::of(user.id));

    assert!(!desk.simulator.merge_user(user.id, user.id));
    assert!(!desk.simulator.merge_user(user.id, 4711));
    assert!(desk.simulator.merge_user(user.id, 9));
    assert_eq!(desk.agent_get(&format!("users/{}", user.id)).await.status, 404);
    assert_eq!(desk.simulator.tickets()[0].id, ticket.id);
    assert_eq!(desk.simulator.tickets()[0].customer_id, 9);
}
