//! Deliveries as Zammad sends them: late, twice, tried again with what is new.

use std::collections::BTreeSet;

use family_plan_zammad_simulator::{
    Attempt, Config, DeliveryState, Firing, NewArticle, NewTicket, NewUser, NewWebhook, Simulator,
    WebhookMethod, ZammadVersion,
};
use time::Duration;

use crate::{
    client::text,
    hooks::{SECRET, WEBHOOK, eventually, known, outcomes, settled},
    world::{Engine, World, clock_and_zammad, engines},
};

engines!(
    what_zammad_tells_of_a_ticket_is_applied,
    a_delivery_that_is_tried_again_tells_the_newest,
    one_that_was_refused_at_first_is_taken_once_the_secret_is_mended,
    two_states_under_one_delivery_id_are_two_deliveries,
    late_and_double_requests_change_nothing,
);

fn endpoint(world: &World) -> String {
    format!("{}{WEBHOOK}", world.base(0))
}

fn statuses(attempts: &[Attempt]) -> Vec<Option<u16>> {
    attempts.iter().map(|it| it.status).collect()
}

/// Changes a user, who is "Zoë" from now on.
fn rename(zammad: &Simulator, user: u64) {
    assert!(zammad.edit_user(user, |it| "Zoë".clone_into(&mut it.firstname)));
}

async fn what_zammad_tells_of_a_ticket_is_applied(world: &World) {
    let (zammad, admin) = (&world.zammad, world.admin());
    zammad.add_webhook(NewWebhook::to(endpoint(world)).signed_with(SECRET).basic("zammad", "pass"));
    let user = zammad.add_user(NewUser::customer("zoe@example.com"));
    let ticket = zammad.add_ticket(
        NewTicket::of(user.id)
            .titled("Café <b>")
            .opened_with(NewArticle::by(user.id, "a & b\u{2028}").html()),
    );
    zammad.wait_for_deliveries().await;
    world.advance(Duration::MINUTE);
    rename(zammad, user.id);
    zammad.edit_ticket(ticket.id, |it| it.owner_id = 5);
    zammad.add_article(ticket.id, NewArticle::by(3, "We look into it."));
    let told = zammad.wait_for_deliveries().await;
    assert!(told.iter().all(|it| statuses(&it.attempts) == [Some(202)]), "{told:?}");

    let deliveries = settled(&admin).await;
    let ids: BTreeSet<String> = deliveries.iter().map(|it| text(it, "delivery_id")).collect();
    assert_eq!(ids, told.iter().map(|it| it.id.clone()).collect());
    assert!(deliveries.iter().all(|it| it["state"] == "applied"), "{deliveries:?}");
    for (id, name) in [(user.id, "Zoë"), (5, "Tomás"), (3, "Ada")] {
        assert_eq!(known(&admin, id).await.as_deref(), Some(name));
    }
    admin.get("/v1/zammad/users/1").await.problem(404, "not_found");
}

async fn a_delivery_that_is_tried_again_tells_the_newest(world: &World) {
    let (zammad, admin) = (&world.zammad, world.admin());
    // Nobody listens there.
    let webhook = zammad.add_webhook(NewWebhook::to("http://127.0.0.1:1/").signed_with(SECRET));
    let user = zammad.add_user(NewUser::customer("zoe@example.com"));
    zammad.add_ticket(NewTicket::of(user.id));
    let id = zammad.deliveries()[0].id.clone();
    zammad.wait_for_attempts(&id, 1).await;
    world.advance(Duration::MINUTE);
    rename(zammad, user.id);
    zammad.edit_webhook(webhook.id, |it| it.endpoint = endpoint(world));
    zammad.retry_webhooks();
    let told = zammad.wait_for_deliveries().await;
    assert_eq!(
        (told[0].state, statuses(&told[0].attempts)),
        (DeliveryState::Delivered, vec![None, Some(202)])
    );

    let [delivery] = &settled(&admin).await[..] else { panic!("not one delivery") };
    assert_eq!((delivery["state"].as_str(), text(delivery, "delivery_id")), (Some("applied"), id));
    assert_eq!(known(&admin, user.id).await.as_deref(), Some("Zoë"));
}

async fn one_that_was_refused_at_first_is_taken_once_the_secret_is_mended(world: &World) {
    let (zammad, admin) = (&world.zammad, world.admin());
    let webhook = zammad.add_webhook(NewWebhook::to(endpoint(world)).signed_with("mistyped"));
    let user = zammad.add_user(NewUser::customer("zoe@example.com"));
    zammad.add_ticket(NewTicket::of(user.id));
    zammad.wait_for_attempts(&zammad.deliveries()[0].id, 1).await;
    zammad.edit_webhook(webhook.id, |it| it.signature_token = Some(SECRET.to_owned()));
    zammad.retry_webhooks();
    let told = zammad.wait_for_deliveries().await;
    assert_eq!(statuses(&told[0].attempts), [Some(401), Some(202)]);
    assert_eq!(outcomes(&admin).await, [("applied".to_owned(), 1)].into());
    assert!(known(&admin, user.id).await.is_some());
}

async fn two_states_under_one_delivery_id_are_two_deliveries(world: &World) {
    let (zammad, admin) = (&world.zammad, world.admin());
    let webhook = zammad.add_webhook(NewWebhook::to(endpoint(world)).signed_with(SECRET).inactive()).id;
    let user = zammad.add_user(NewUser::customer("zoe@example.com"));
    let ticket = zammad.add_ticket(NewTicket::of(user.id)).id;
    // The answer to the first attempt was lost, so Zammad tries again, with what is new.
    let first = zammad.webhook_request(webhook, Firing::ticket(ticket)).unwrap();
    world.advance(Duration::MINUTE);
    rename(zammad, user.id);
    let mut second = zammad.webhook_request(webhook, Firing::ticket(ticket)).unwrap();
    let id = first.header("X-Zammad-Delivery").unwrap().to_owned();
    for (name, value) in &mut second.headers {
        if name == "X-Zammad-Delivery" {
            value.clone_from(&id);
        }
    }
    assert_ne!(first.body, second.body);
    for request in [&second, &first] {
        assert_eq!(zammad.send_webhook(request).await.status, Some(202));
    }
    let deliveries = settled(&admin).await;
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries.iter().all(|it| it["state"] == "applied" && it["delivery_id"] == id.as_str()));
    assert_eq!(known(&admin, user.id).await.as_deref(), Some("Zoë"));
}

async fn late_and_double_requests_change_nothing(world: &World) {
    let (zammad, admin) = (&world.zammad, world.admin());
    let webhook = zammad.add_webhook(NewWebhook::to(endpoint(world)).signed_with(SECRET)).id;
    let user = zammad.add_user(NewUser::customer("zoe@example.com"));
    let ticket = zammad.add_ticket(NewTicket::of(user.id)).id;
    let early = zammad.webhook_request(webhook, Firing::ticket(ticket)).unwrap();
    world.advance(Duration::MINUTE);
    rename(zammad, user.id);
    zammad.edit_ticket(ticket, |it| it.state_id = 4);
    zammad.wait_for_deliveries().await;
    eventually(async || (known(&admin, user.id).await.as_deref() == Some("Zoë")).then_some(())).await;
    for _ in 0..2 {
        assert_eq!(zammad.send_webhook(&early).await.status, Some(202));
    }
    assert_eq!(outcomes(&admin).await, [("applied".to_owned(), 3)].into());
    assert_eq!(known(&admin, user.id).await.as_deref(), Some("Zoë"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_that_zammad_has_to_send_is_understood() {
    for (version, method, sent_as) in [
        (ZammadVersion::V5_4, WebhookMethod::Post, "POST"),
        (ZammadVersion::V6_5, WebhookMethod::Put, "POST"),
        (ZammadVersion::V7_0, WebhookMethod::Put, "PUT"),
        (ZammadVersion::V7_0, WebhookMethod::Patch, "PATCH"),
    ] {
        let (clock, zammad) = clock_and_zammad(Config::default().version(version));
        let world = World::with_zammad(Engine::Sqlite, &[], clock, zammad).await;
        let webhook = NewWebhook::to(endpoint(&world)).signed_with(SECRET).method(method).bearer("t0k3n");
        world.zammad.add_webhook(webhook);
        world.zammad.add_ticket(NewTicket::of(2));
        let told = world.zammad.wait_for_deliveries().await;
        assert_eq!(statuses(&told[0].attempts), [Some(202)]);
        assert_eq!(told[0].attempts[0].request.method, sent_as);
        assert_eq!(outcomes(&world.admin()).await, [("applied".to_owned(), 1)].into());
        assert_eq!(known(&world.admin(), 2).await.as_deref(), Some("Nora"));
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_of_ones_own_need_not_know_of_a_ticket() {
    for (template, title, expected) in [
        (r##"{"text": "#{ticket.title} <3"}"##, "Help!", "ignored"),
        (r##"{"text": "#{ticket.title}"}"##, "Say \"no\"", "failed"),
    ] {
        let (clock, zammad) = clock_and_zammad(Config::default());
        let world = World::with_zammad(Engine::Sqlite, &[], clock, zammad).await;
        let webhook = NewWebhook::to(endpoint(&world)).signed_with(SECRET).custom_payload(template);
        world.zammad.add_webhook(webhook);
        world.zammad.add_ticket(NewTicket::of(2).titled(title));
        let told = world.zammad.wait_for_deliveries().await;
        assert_eq!(statuses(&told[0].attempts), [Some(202)]);
        assert_eq!(outcomes(&world.admin()).await, [(expected.to_owned(), 1)].into());
        world.end().await;
    }
}
