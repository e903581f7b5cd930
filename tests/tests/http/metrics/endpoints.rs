//! Events that endpoints are told of, and those that wait for it.

use serde_json::json;
use time::Duration;

use super::{Scrape, gained, until};
use crate::{
    hooks::eventually,
    receiver::{ENDPOINTS, Reaction, Receiver},
    world::{World, engines},
};

const DELIVERIES: &[&str] = &["event_deliveries_total"];

engines!(telling: deliveries_are_counted_by_how_they_went_and_what_waits_is_seen);

async fn deliveries_are_counted_by_how_they_went_and_what_waits_is_seen(world: &World) {
    let (ann, admin, anonymous) = (world.user("ann"), world.admin(), world.anonymous());
    let receiver = Receiver::start().await;
    let (endpoint, _) = receiver.registered(&admin).await;
    let before = Scrape::of(&anonymous).await;
    assert_eq!((before.get("outbox_depth"), before.get("outbox_oldest_seconds")), (Some(0), Some(0)));

    // A plan that is opened, and its owner, who is a member: two events.
    let plan = ann.opens("The Hills").await;
    until(&anonymous, "event_deliveries_total{outcome=\"ok\"}", 2).await;
    until(&anonymous, "outbox_depth", 0).await;

    receiver.reacts(|_| Reaction::Answer(500));
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "The Dales"})).await.ok(200);
    until(&anonymous, "event_deliveries_total{outcome=\"refused\"}", 1).await;
    world.advance(Duration::SECOND);
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "The Hills"})).await.ok(200);
    until(&anonymous, "outbox_depth", 2).await;
    until(&anonymous, "outbox_oldest_seconds", 1).await;

    receiver.reacts(|_| Reaction::Close);
    world.advance(Duration::seconds(10));
    until(&anonymous, "event_deliveries_total{outcome=\"failed\"}", 1).await;

    // It does not matter to what waits that nobody tries.
    let url = format!("{ENDPOINTS}/{endpoint}");
    admin.patch(&url, &json!({"enabled": false})).await.ok(200);
    world.advance(Duration::HOUR);
    let scrape = Scrape::of(&anonymous).await;
    assert_eq!((scrape.get("outbox_depth"), scrape.get("outbox_oldest_seconds")), (Some(2), Some(3611)));

    receiver.reacts(|_| Reaction::Answer(204));
    admin.patch(&url, &json!({"enabled": true})).await.ok(200);
    until(&anonymous, "outbox_depth", 0).await;
    let n_taken = eventually(|| async {
        let gained = Scrape::of(&anonymous).await.since(&before, DELIVERIES);
        gained.get("event_deliveries_total{outcome=\"ok\"}").copied().filter(|it| *it == 4)
    })
    .await;
    assert_eq!(
        Scrape::of(&anonymous).await.since(&before, DELIVERIES),
        gained(&[
            ("event_deliveries_total{outcome=\"ok\"}", n_taken),
            ("event_deliveries_total{outcome=\"refused\"}", 1),
            ("event_deliveries_total{outcome=\"failed\"}", 1),
        ]),
    );
}
