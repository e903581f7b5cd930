//! Telling endpoints of events: each at least once, those of one plan in order, whatever endpoints do.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::{Caller, number, text},
    hooks::eventually,
    receiver::{ENDPOINTS, Reaction, Received, Receiver},
    shapes::assert_fields,
    world::{Engine, SECRET_KEY, World, engines, on_sqlite},
};

const DELIVERY: &[&str] = &[
    "event_id",
    "type",
    "plan_id",
    "timestamp",
    "state",
    "attempts",
    "last_attempt_at",
    "status",
    "failure",
];

engines!(telling:
    an_endpoint_is_told_of_everything,
    a_failing_event_holds_back_its_plan_and_no_other,
    whoever_is_gone_is_left_alone_and_told_later,
    what_happened_can_be_told_again,
    an_event_that_nothing_helps_is_left_in_the_end,
    an_endpoint_that_takes_nothing_is_left_alone_in_the_end,
);

mod replicated {
    use super::*;

    engines!(telling_replicated: replicas_tell_of_each_event_once_and_in_order);
}

mod guarded {
    use super::*;

    on_sqlite!(nothing_is_sent_to_private_addresses);
}

mod on_one_engine {
    use super::*;

    on_sqlite!(telling:
        a_redirect_is_not_followed,
        an_endpoint_that_lies_or_hangs_delays_no_other,
        both_secrets_sign_for_a_day,
        an_endpoint_is_told_of_what_it_wants,
        nothing_is_told_to_an_endpoint_that_was_removed,
    );
}

async fn register(admin: &Caller, receiver: &Receiver) -> (String, String) {
    let (id, secret) = receiver.registered(admin).await;
    (format!("{ENDPOINTS}/{id}"), secret)
}

/// Waits until an endpoint is to be told nothing more for now.
async fn settled(admin: &Caller, endpoint: &str) -> Vec<Value> {
    admin.get("/v1/events").await.ok(200);
    let pending = format!("{endpoint}/deliveries?state=pending&limit=1");
    eventually(|| async {
        admin.get(&pending).await.ok(200)["items"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    admin.all(&format!("{endpoint}/deliveries"), 100).await
}

fn of_plan(events: &[Value], plan: &str) -> Vec<Value> {
    events.iter().filter(|it| it["plan_id"] == plan).cloned().collect()
}

async fn an_endpoint_is_told_of_everything(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let before = ann.opens("The Hills").await;
    ann.delete(&format!("/v1/plans/{before}")).await.ok(204);
    let receiver = Receiver::start().await;
    admin.get("/v1/events").await.ok(200);
    let (endpoint, secret) = register(&admin, &receiver).await;
    let plan = ann.opens("The Dales").await;
    world.joins("bob", &ann, &plan).await;
    admin.sets(&json!({"user_limit": 7})).await;
    let deliveries = settled(&admin, &endpoint).await;

    let told = receiver.events();
    assert_eq!(of_plan(&told, &plan), ann.events(&plan).await);
    assert_eq!(of_plan(&told, &before), Vec::<Value>::new());
    let feed = admin.all("/v1/events", 100).await;
    assert!(told.iter().all(|it| feed.contains(it)), "it is told what can be read");
    assert!(told.iter().any(|it| it["type"] == "settings.updated"));
    for received in receiver.received() {
        assert_eq!(received.request_line, "POST /hook HTTP/1.1");
        assert_eq!(received.header("webhook-id"), text(&received.event(), "id"));
        assert_eq!(received.header("content-type"), "application/json");
        assert_eq!(received.header("webhook-timestamp"), world.now().unix_timestamp().to_string());
        assert!(received.is_signed_with(&secret), "{received:?}");
        assert_eq!(received.header("webhook-signature").split(' ').count(), 1);
    }
    assert_eq!(deliveries.len(), told.len());
    for delivery in &deliveries {
        assert_fields(delivery, DELIVERY);
        assert_eq!((&delivery["state"], &delivery["status"]), (&json!("delivered"), &json!(204)));
        assert_eq!((&delivery["attempts"], &delivery["failure"]), (&json!(1), &Value::Null));
    }
    assert!(admin.get(&endpoint).await.ok(200)["last_success_at"].is_string());
}

async fn a_failing_event_holds_back_its_plan_and_no_other(world: &World) {
    let (admin, ann, zoe) = (world.admin(), world.user("ann"), world.user("zoe"));
    let receiver = Receiver::start().await;
    let is_fixed = Arc::new(AtomicBool::new(false));
    let looking = Arc::clone(&is_fixed);
    receiver.reacts(move |it| {
        let is_poison = it.body.contains("plan.created") && it.body.contains("\"ann\"");
        if is_poison && !looking.load(Ordering::SeqCst) {
            Reaction::Answer(500)
        } else {
            Reaction::Answer(200)
        }
    });
    let (endpoint, _) = register(&admin, &receiver).await;
    let held_back = ann.opens("The Hills").await;
    ann.invites(&held_back).await;
    let other = zoe.opens("The Dales").await;
    zoe.invites(&other).await;
    let n_of_other = zoe.events(&other).await.len();
    let all = async |plan: &str, n: usize| {
        eventually(|| async { Some(of_plan(&receiver.events(), plan)).filter(|it| it.len() == n) }).await
    };
    assert_eq!(all(&other, n_of_other).await, zoe.events(&other).await);
    let tried = all(&held_back, 1).await;
    assert_eq!(tried[0]["type"], "plan.created");
    let first = eventually(|| async {
        let pending = admin.all(&format!("{endpoint}/deliveries?state=pending"), 100).await;
        pending.last().filter(|it| it["attempts"] == 1).cloned()
    })
    .await;
    assert_eq!((&first["type"], &first["status"]), (&json!("plan.created"), &json!(500)));
    assert!(text(&first, "failure").contains("500"));

    // Again after five seconds, and a few minutes.
    world.advance(Duration::seconds(7));
    all(&held_back, 2).await;
    is_fixed.store(true, Ordering::SeqCst);
    world.advance(Duration::minutes(7));
    settled(&admin, &endpoint).await;
    let told = of_plan(&receiver.events(), &held_back);
    assert_eq!(told[2..], ann.events(&held_back).await);
    assert!(told[..2].iter().all(|it| *it == told[2]), "the same each time");
}

async fn whoever_is_gone_is_left_alone_and_told_later(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let receiver = Receiver::start().await;
    receiver.reacts(|_| Reaction::Answer(410));
    let (endpoint, _) = register(&admin, &receiver).await;
    let plan = ann.opens("The Hills").await;
    let disabled = eventually(|| async {
        let endpoint = admin.get(&endpoint).await.ok(200);
        (endpoint["enabled"] == false).then_some(endpoint)
    })
    .await;
    assert_eq!(disabled["disabled_reason"], "gone");
    let n_tried = receiver.received().len();
    ann.invites(&plan).await;
    world.advance(Duration::DAY);
    admin.get("/v1/events").await.ok(200);
    let kept = admin.all(&format!("{endpoint}/deliveries?state=pending"), 100).await;
    assert_eq!(kept.len(), ann.events(&plan).await.len());
    assert_eq!(receiver.received().len(), n_tried);

    receiver.reacts(|_| Reaction::Answer(200));
    admin.patch(&endpoint, &json!({"enabled": true})).await.ok(200);
    settled(&admin, &endpoint).await;
    assert_eq!(receiver.events()[n_tried..], ann.events(&plan).await);
}

async fn what_happened_can_be_told_again(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let receiver = Receiver::start().await;
    let (endpoint, _) = register(&admin, &receiver).await;
    let plan = ann.opens("The Hills").await;
    world.advance(Duration::HOUR);
    let since = world.now();
    ann.invites(&plan).await;
    settled(&admin, &endpoint).await;
    let told = receiver.events();

    let first = json!({"event_id": told[0]["id"]});
    assert_eq!(admin.post_json(&format!("{endpoint}/replay"), &first).await.status, 202);
    settled(&admin, &endpoint).await;
    assert_eq!(receiver.events()[told.len()..], told[..1]);
    let since = since.format(&time::format_description::well_known::Rfc3339).unwrap();
    assert_eq!(admin.post_json(&format!("{endpoint}/replay"), &json!({"since": since})).await.status, 202);
    let deliveries = settled(&admin, &endpoint).await;
    assert_eq!(receiver.events()[told.len() + 1..], told[told.len() - 1..]);
    let attempts: Vec<u64> = deliveries.iter().map(|it| number(it, "attempts")).collect();
    assert_eq!(attempts, [2, 1, 2], "the latest first");
    let everything = json!({"since": "2020-01-01T00:00:00+01:00"});
    assert_eq!(admin.post_json(&format!("{endpoint}/replay"), &everything).await.status, 202);
    settled(&admin, &endpoint).await;
    assert_eq!(receiver.events()[told.len() + 2..], told);
}

/// Lets all the time pass that a failing event is tried again for: the clock goes on whenever an attempt was written down.
async fn let_days_pass(world: &World, endpoint: &str, is_over: impl AsyncFn() -> bool) {
    let n_seen = AtomicU64::new(0);
    eventually(|| async {
        let deliveries = world.admin().all(&format!("{endpoint}/deliveries"), 100).await;
        let n_attempts = deliveries.iter().map(|it| number(it, "attempts")).sum();
        if n_seen.swap(n_attempts, Ordering::SeqCst) < n_attempts {
            world.advance(Duration::hours(30));
        }
        is_over().await.then_some(())
    })
    .await;
}

async fn an_event_that_nothing_helps_is_left_in_the_end(world: &World) {
    let (admin, ann, zoe) = (world.admin(), world.user("ann"), world.user("zoe"));
    let receiver = Receiver::start().await;
    let is_poison = |it: &Received| it.body.contains("plan.created") && it.body.contains("\"ann\"");
    receiver.reacts(move |it| Reaction::Answer(if is_poison(it) { 422 } else { 200 }));
    let (endpoint, _) = register(&admin, &receiver).await;
    let plan = ann.opens("The Hills").await;
    let deliveries = format!("{endpoint}/deliveries");
    let is_noted = |it: &Value| it["attempts"] != 0;
    eventually(|| async { admin.all(&deliveries, 10).await.iter().any(is_noted).then_some(()) }).await;
    world.advance(Duration::minutes(2));
    // Others are taken meanwhile.
    let other = zoe.opens("The Dales").await;
    let n_of_other = zoe.events(&other).await.len();
    eventually(|| async { (of_plan(&receiver.events(), &other).len() == n_of_other).then_some(()) }).await;
    let failed = format!("{endpoint}/deliveries?state=failed");
    let_days_pass(world, &endpoint, async || !admin.all(&failed, 10).await.is_empty()).await;
    let deliveries = settled(&admin, &endpoint).await;
    let failed: Vec<&Value> = deliveries.iter().filter(|it| it["state"] == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["attempts"], &failed[0]["status"]), (&json!(10), &json!(422)));
    assert_eq!(admin.get(&endpoint).await.ok(200)["enabled"], true);
    let told = of_plan(&receiver.events(), &plan);
    assert_eq!(told.len(), 9 + ann.events(&plan).await.len(), "those after it went on");
}

async fn an_endpoint_that_takes_nothing_is_left_alone_in_the_end(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let receiver = Receiver::start().await;
    receiver.reacts(|_| Reaction::Close);
    let (endpoint, _) = register(&admin, &receiver).await;
    let plan = ann.opens("The Hills").await;
    let_days_pass(world, &endpoint, async || admin.get(&endpoint).await.ok(200)["enabled"] == false).await;
    let disabled = admin.get(&endpoint).await.ok(200);
    assert_eq!(disabled["disabled_reason"], "exhausted");
    assert_eq!(admin.all(&format!("{endpoint}/deliveries?state=failed"), 10).await, Vec::<Value>::new());
    receiver.reacts(|_| Reaction::Answer(200));
    let n_tried = receiver.received().len();
    admin.patch(&endpoint, &json!({"enabled": true})).await.ok(200);
    settled(&admin, &endpoint).await;
    assert_eq!(receiver.events()[n_tried..], ann.events(&plan).await, "nothing is lost");
}

async fn replicas_tell_of_each_event_once_and_in_order(world: &World) {
    const N_PLANS: usize = 6;
    let admin = world.admin();
    let receivers = [Receiver::start().await, Receiver::start().await];
    let mut endpoints = Vec::new();
    for receiver in &receivers {
        endpoints.push(register(&admin, receiver).await.0);
    }
    // One of them fails now and then.
    let n_requests = AtomicUsize::new(0);
    receivers[1].reacts(move |_| {
        let n = n_requests.fetch_add(1, Ordering::SeqCst);
        Reaction::Answer(if n.is_multiple_of(5) { 503 } else { 200 })
    });
    let open = async |n: usize| {
        let owner = world.user_at(n, &format!("owner{n}"));
        let plan = owner.opens("The Hills").await;
        for _ in 0..3 {
            owner.invites(&plan).await;
        }
        (owner.clone(), plan)
    };
    let plans = futures_util::future::join_all((0..N_PLANS).map(open)).await;
    let deliveries = settled(&admin, &endpoints[0]).await;
    assert!(deliveries.iter().all(|it| it["attempts"] == 1), "each once: {deliveries:?}");
    let pending = format!("{}/deliveries?state=pending&limit=1", endpoints[1]);
    eventually(|| async {
        world.advance(Duration::minutes(10));
        admin.get(&pending).await.ok(200)["items"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
    for (owner, plan) in plans {
        let history = owner.events(&plan).await;
        assert_eq!(of_plan(&receivers[0].events(), &plan), history);
        // The same, if one looks only at the last time each was sent.
        let mut told: Vec<Value> = of_plan(&receivers[1].events(), &plan);
        told.dedup();
        assert_eq!(told, history);
    }
}

async fn nothing_is_sent_to_private_addresses(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let receiver = Receiver::start().await;
    // It was allowed when it was added.
    let added = admin.post_json(ENDPOINTS, &json!({"url": "https://1.1.1.1/"})).await.ok(201);
    world.database.execute(&format!("UPDATE webhook_endpoints SET url = '{}'", receiver.url)).await;
    let endpoint = format!("{ENDPOINTS}/{}", text(&added, "id"));
    ann.opens("The Hills").await;
    let failed = eventually(|| async {
        admin.get("/v1/events").await.ok(200);
        let deliveries = admin.all(&format!("{endpoint}/deliveries"), 10).await;
        deliveries.into_iter().find(|it| it["attempts"] == 1)
    })
    .await;
    assert_eq!((&failed["state"], &failed["status"]), (&json!("pending"), &Value::Null));
    assert!(receiver.received().is_empty());
    // Names are looked up when something is sent.
    let port = receiver.url.rsplit(':').next().unwrap();
    world.database.execute(&format!("UPDATE webhook_endpoints SET url = 'https://localhost:{port}'")).await;
    world.advance(Duration::seconds(7));
    let failed = eventually(|| async {
        let deliveries = admin.all(&format!("{endpoint}/deliveries"), 10).await;
        deliveries.into_iter().find(|it| it["attempts"] == 2)
    })
    .await;
    assert!(text(&failed, "failure").contains("no public address"), "{failed}");
    assert!(receiver.received().is_empty());
}

async fn a_redirect_is_not_followed(world: &World) {
    let admin = world.admin();
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let to = elsewhere.url.clone();
    receiver.reacts(move |_| Reaction::Redirect(to.clone()));
    let (endpoint, _) = register(&admin, &receiver).await;
    world.user("ann").opens("The Hills").await;
    receiver.has(1).await;
    let first = eventually(|| async {
        let deliveries = admin.all(&format!("{endpoint}/deliveries"), 10).await;
        deliveries.into_iter().find(|it| it["attempts"] == 1)
    })
    .await;
    assert_eq!((&first["state"], &first["status"]), (&json!("pending"), &json!(307)));
    assert!(elsewhere.received().is_empty());
}

async fn an_endpoint_that_lies_or_hangs_delays_no_other(world: &World) {
    let admin = world.admin();
    let [hanging, lying, healthy] =
        [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    hanging.reacts(|_| Reaction::Hang);
    lying.reacts(|_| Reaction::Lie);
    let mut endpoints = Vec::new();
    for receiver in [&hanging, &lying, &healthy] {
        endpoints.push(register(&admin, receiver).await.0);
    }
    // More than one endpoint is told at once.
    for n in 0..12 {
        world.user(&format!("owner{n}")).opens("The Hills").await;
    }
    for endpoint in &endpoints[1..] {
        let deliveries = settled(&admin, endpoint).await;
        assert!(deliveries.iter().all(|it| it["state"] == "delivered"));
    }
    assert_eq!(healthy.received().len(), lying.received().len());
    assert!(!hanging.received().is_empty() && hanging.received().len() <= 8, "as many as there is room for");
}

async fn both_secrets_sign_for_a_day(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let receiver = Receiver::start().await;
    let (endpoint, old) = register(&admin, &receiver).await;
    let rotated = admin.post(&format!("{endpoint}/rotate-secret")).await.ok(200);
    let new = text(&rotated, "secret");
    let plan = ann.opens("The Hills").await;
    settled(&admin, &endpoint).await;
    let n_received = receiver.received().len();
    for received in receiver.received() {
        assert_eq!(received.header("webhook-signature").split(' ').count(), 2);
        assert!(received.is_signed_with(&old) && received.is_signed_with(&new));
    }
    world.advance(Duration::DAY);
    ann.invites(&plan).await;
    settled(&admin, &endpoint).await;
    let last = &receiver.received()[n_received];
    assert!(last.is_signed_with(&new) && !last.is_signed_with(&old), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_outlives_the_servers_key() {
    const NEW: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
    let mut world = World::telling(Engine::Sqlite).await;
    let receiver = Receiver::start().await;
    let (endpoint, secret) = register(&world.admin(), &receiver).await;
    let mut n_received = 0;
    // Once it was read with the former key, the new one will do.
    for (previous, owner) in [(SECRET_KEY, "ann"), ("", "zoe")] {
        let changes = [("SERVER__SECRET_KEY", NEW), ("SERVER__PREVIOUS_SECRET_KEYS", previous)];
        world.restart_with(&changes).await;
        world.user(owner).opens("The Hills").await;
        settled(&world.admin(), &endpoint).await;
        let requests = receiver.received();
        assert!(n_received < requests.len());
        assert!(requests[n_received..].iter().all(|it| it.is_signed_with(&secret)), "{requests:?}");
        n_received = requests.len();
    }
    world.end().await;
}

async fn an_endpoint_is_told_of_what_it_wants(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let receiver = Receiver::start().await;
    let wanted = json!({"url": receiver.url, "event_types": ["invite.created"]});
    let added = admin.post_json(ENDPOINTS, &wanted).await.ok(201);
    let endpoint = format!("{ENDPOINTS}/{}", text(&added, "id"));
    let plan = ann.opens("The Hills").await;
    ann.invites(&plan).await;
    settled(&admin, &endpoint).await;
    admin.patch(&endpoint, &json!({"event_types": ["plan.renamed"]})).await.ok(200);
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "The Dales"})).await.ok(200);
    settled(&admin, &endpoint).await;
    let kinds: Vec<String> = receiver.events().iter().map(|it| text(it, "type")).collect();
    assert_eq!(kinds, ["invite.created", "plan.renamed"]);
}

async fn nothing_is_told_to_an_endpoint_that_was_removed(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let [removed, other] = [Receiver::start().await, Receiver::start().await];
    removed.reacts(|_| Reaction::Answer(500));
    let (endpoint, _) = register(&admin, &removed).await;
    let (other_endpoint, _) = register(&admin, &other).await;
    let plan = ann.opens("The Hills").await;
    removed.has(1).await;
    settled(&admin, &other_endpoint).await;
    admin.delete(&endpoint).await.ok(204);
    ann.invites(&plan).await;
    world.advance(Duration::DAY);
    settled(&admin, &other_endpoint).await;
    assert_eq!(removed.received().len(), 1);
    admin.get(&format!("{endpoint}/deliveries")).await.problem(404, "not_found");
}
