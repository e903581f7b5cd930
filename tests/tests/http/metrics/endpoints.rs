//! Events that endpoints are told of, and those that wait for it.

use serde_json::json;
use time::Duration;

use super::{Scrape, gained, until};
use crate::{
    receiver::{ENDPOINTS, Reaction, Receiver},
    waiting::eventually,
    world::{World, engines},
};

const DELIVERIES: &[&str] = &["event_deliveries_total"];

engines!(telling: deliveries_are_counted_by_how_they_went_and_what_waits_is_seen);

async fn deliveries_are_counted_by_how_they_went_and_what_waits_is_seen(world: &World) {
    let (ann, admin, anonymous) = (world.user("ann"), world.admin(), world.anonymous());
    let receiver = Receiver::start().await;
    let (endpoint, _) = receiver.registered(&admin).await;
    let n_pending =
        async || admin.all(&format!("{ENDPOINTS}/{endpoint}/deliveries?state=pending"), 100).await.len();
    let before = Scrape::of(&anonymous).await;
    assert_eq!((before.get("outbox_depth"), before.get("outbox_oldest_seconds")), (Some(0), Some(0)));

    // A plan that is opened, and its owner, who is a member: two events.
    let plan = ann.opens("The Hills").await;
    until(&anonymous, "event_deliveries_total{outcome=\"ok\"}", 2).await;
    eventually("both are noted as told", async || n_pending().await == 0).await;
    assert_eq!(Scrape::anew(world).await.get("outbox_depth"), Some(0));

    receiver.reacts(|_| Reaction::Answer(500));
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "The Dales"})).await.ok(200);
    until(&anonymous, "event_deliveries_total{outcome=\"refused\"}", 1).await;
    world.advance(Duration::SECOND);
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "The Hills"})).await.ok(200);
    eventually("both wait", async || n_pending().await == 2).await;
    let scrape = Scrape::anew(world).await;
    assert_eq!((scrape.get("outbox_depth"), scrape.get("outbox_oldest_seconds")), (Some(2), Some(2)));

    receiver.reacts(|_| Reaction::Close);
    world.advance(Duration::seconds(10));
    until(&anonymous, "event_deliveries_total{outcome=\"failed\"}", 1).await;

    // It does not matter to what waits that nobody tries.
    let url = format!("{ENDPOINTS}/{endpoint}");
    admin.patch(&url, &json!({"enabled": false})).await.ok(200);
    world.advance(Duration::HOUR);
    let scrape = Scrape::of(&anonymous).await;
    assert_eq!((scrape.get("outbox_depth"), scrape.get("outbox_oldest_seconds")), (Some(2), Some(3612)));

    receiver.reacts(|_| Reaction::Answer(204));
    admin.patch(&url, &json!({"enabled": true})).await.ok(200);
    until(&anonymous, "event_deliveries_total{outcome=\"ok\"}", 4).await;
    eventually("all are noted as told", async || n_pending().await == 0).await;
    let after = Scrape::anew(world).await;
    assert_eq!(after.get("outbox_depth"), Some(0));
    assert_eq!(
        after.since(&before, DELIVERIES),
        gained(&[
            ("event_deliveries_total{outcome=\"ok\"}", 4),
            ("event_deliveries_total{outcome=\"refused\"}", 1),
            ("event_deliveries_total{outcome=\"failed\"}", 1),
        ]),
    );
}
