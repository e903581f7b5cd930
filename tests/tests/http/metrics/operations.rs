//! Inviting, joining and leaving, and what webhooks deliver: each request counts once, by what came of it.

use reqwest::Method;
use serde_json::json;

use super::{Scrape, gained};
use crate::{
    client::{Answer, Invite},
    hooks::{Hook, NOON, zammad_user},
    world::{DASHBOARD_URL, Engine, World, engines},
};

const OPERATIONS: &[&str] =
    &["invites_issued_total", "invites_accepted_total", "members_detached_total", "zammad_webhooks_total"];

engines!(a_known_sequence_is_counted_exactly);

async fn a_known_sequence_is_counted_exactly(world: &World) {
    let (ann, bob, cid, anonymous) =
        (world.user("ann"), world.user("bob"), world.user("cid"), world.anonymous());
    let plan = ann.opens("The Hills").await;
    let invites = format!("/v1/plans/{plan}/invites");
    let before = Scrape::of(&anonymous).await;

    // Four invites, one of them sent again, and one of them asked for twice by the same key.
    let (for_bob, for_cid) = (ann.invites(&plan).await, ann.invites(&plan).await);
    let kept = Invite::of(&ann.post_once("key", &invites).await.ok(201));
    assert_eq!(ann.post_once("key", &invites).await.header("idempotency-replayed"), Some("true"));
    ann.post(&format!("{invites}/{}/resend", kept.id)).await.ok(201);
    ann.invites(&plan).await;
    ann.post(&invites).await.problem(409, "plan_full");
    ann.post_json(&invites, &json!({"expires_in_seconds": 1})).await.problem(422, "invalid_request");
    bob.post(&invites).await.problem(404, "plan_not_found");
    anonymous.post(&invites).await.problem(401, "unauthenticated");

    // Bob joins through the API, Cid on the page; neither twice.
    bob.accepts(&for_bob.code).await.ok(200);
    bob.accepts(&for_bob.code).await.ok(200);
    let press = async |by: &crate::client::Caller, invite: &Invite| {
        let form = by.request(Method::POST, &invite.page());
        Answer::to(form.header("content-type", "application/x-www-form-urlencoded").body("")).await
    };
    assert_ne!(press(&anonymous, &for_cid).await.redirect(), DASHBOARD_URL);
    for _ in 0..2 {
        assert_eq!(press(&cid, &for_cid).await.redirect(), DASHBOARD_URL);
    }
    press(&world.user("dan"), &for_cid).await.page(409);
    press(&world.service(), &for_cid).await.page(403);
    // The form of another page.
    press(&world.user("dan").in_browser(), &for_cid).await.page(403);
    world.user("dan").accepts(&for_bob.code).await.problem(409, "invite_used");
    world.user("dan").accepts(&"A".repeat(43)).await.problem(404, "invite_not_found");
    anonymous.accepts(&for_bob.code).await.problem(401, "unauthenticated");
    // To look is not to accept.
    bob.get(&format!("/v1/invites/{}", for_bob.code)).await.ok(200);
    cid.in_browser().get(&for_cid.page()).await.redirect();

    ann.detaches(&plan, "bob").await.ok(200);
    ann.detaches(&plan, "bob").await.problem(404, "not_a_member");
    ann.detaches(&plan, "ann").await.problem(409, "owner_cannot_leave");
    cid.detaches(&plan, "cid").await.ok(200);

    let hook = Hook::of(&zammad_user(17, "Zoe", NOON));
    hook.to(&anonymous).await.ok(202);
    hook.to(&anonymous).await.ok(202);
    Answer::to(Hook::of(&zammad_user(18, "Zed", NOON)).request(&anonymous, Method::PUT)).await.ok(202);
    Hook::unsigned("{}").to(&anonymous).await.problem(401, "webhook_signature_invalid");
    Hook::signed_with("guess", "{}").to(&anonymous).await.problem(401, "webhook_signature_invalid");

    let after = Scrape::of(&anonymous).await;
    let expected = gained(&[
        ("invites_issued_total{outcome=\"ok\"}", 5),
        ("invites_issued_total{outcome=\"plan_full\"}", 1),
        ("invites_issued_total{outcome=\"invalid_request\"}", 1),
        ("invites_issued_total{outcome=\"plan_not_found\"}", 1),
        ("invites_issued_total{outcome=\"unauthenticated\"}", 1),
        ("invites_accepted_total{outcome=\"ok\"}", 2),
        ("invites_accepted_total{outcome=\"unauthenticated\"}", 2),
        ("invites_accepted_total{outcome=\"invite_used\"}", 2),
        ("invites_accepted_total{outcome=\"forbidden\"}", 2),
        ("invites_accepted_total{outcome=\"invite_not_found\"}", 1),
        ("members_detached_total{outcome=\"ok\"}", 2),
        ("members_detached_total{outcome=\"not_a_member\"}", 1),
        ("members_detached_total{outcome=\"owner_cannot_leave\"}", 1),
        ("zammad_webhooks_total{outcome=\"ok\"}", 2),
        ("zammad_webhooks_total{outcome=\"duplicate\"}", 1),
        ("zammad_webhooks_total{outcome=\"webhook_signature_invalid\"}", 2),
    ]);
    assert_eq!(after.since(&before, OPERATIONS), expected);
    // Whatever happened was there before, at zero.
    for series in expected.keys() {
        assert_eq!(before.get(series), Some(0), "{series}");
    }
    assert_eq!(Scrape::of(&anonymous).await.since(&after, OPERATIONS), gained(&[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_is_counted_as_such() {
    let world = World::with(Engine::Sqlite, &[("LIMITS__ISSUES_PER_CALLER", "1")]).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let before = Scrape::of(&ann).await;
    ann.invites(&plan).await;
    for _ in 0..3 {
        ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(429, "rate_limited");
    }
    let after = Scrape::of(&ann).await;
    let route = "method=\"POST\",route=\"/v1/plans/{plan_id}/invites\"";
    assert_eq!(
        after.since(&before, &["invites_issued_total", "http_requests_total"]),
        gained(&[
            ("invites_issued_total{outcome=\"ok\"}", 1),
            ("invites_issued_total{outcome=\"rate_limited\"}", 3),
            (&format!("http_requests_total{{{route},status=\"201\"}}"), 1),
            (&format!("http_requests_total{{{route},status=\"429\"}}"), 3),
            ("http_requests_total{method=\"GET\",route=\"/metrics\",status=\"200\"}", 1),
        ]),
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_in_one_process_count_for_themselves() {
    let world = World::replicated(Engine::Sqlite).await;
    let (here, there) = (world.user("ann"), world.user_at(1, "ann"));
    let before = [Scrape::of(&here).await, Scrape::of(&there).await];
    let plan = here.opens("The Hills").await;
    here.invites(&plan).await;
    let gained_here = Scrape::of(&here).await.since(&before[0], OPERATIONS);
    assert_eq!(gained_here, gained(&[("invites_issued_total{outcome=\"ok\"}", 1)]));
    assert_eq!(Scrape::of(&there).await.since(&before[1], OPERATIONS), gained(&[]));
    world.end().await;
}
