//! Requests with an `Idempotency-Key` have their effect once, however often they are sent.

use family_plan_zammad_simulator::{Failure, Operation};
use reqwest::{Method, header};
use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::{Answer, Caller, Invite, text},
    world::{PUBLIC_URL, World, engines},
};

pub(crate) const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

engines!(
    the_same_request_is_answered_the_same,
    an_answer_stays_the_same_when_state_moves_on,
    another_body_is_refused,
    a_key_belongs_to_a_caller_and_a_route,
    what_is_refused_is_not_kept,
    what_fails_is_not_kept,
    an_answer_is_kept_for_a_day,
);
impl Caller {
    /// Posts nothing under a key.
    pub(crate) async fn post_once(&self, key: &str, path: &str) -> Answer {
        Answer::to(self.request(Method::POST, path).header("Idempotency-Key", key)).await
    }

    /// Posts a JSON body under a key.
    pub(crate) async fn post_json_once(&self, key: &str, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }
}

/// The body of a first answer.
#[track_caller]
pub(crate) fn first(answer: &Answer) -> Value {
    assert_eq!(answer.header("idempotency-replayed"), None);
    answer.ok(201)
}

/// Checks that `answer` is that of `before` again.
#[track_caller]
pub(crate) fn assert_again(answer: &Answer, before: &Answer) {
    assert_eq!(answer.header("idempotency-replayed"), Some("true"), "{answer:?}");
    assert_eq!((answer.status, &answer.body), (before.status, &before.body));
    for name in ["content-type", "location", "cache-control"] {
        assert_eq!(answer.header(name), before.header(name), "{name}");
    }
}

async fn the_same_request_is_answered_the_same(world: &World) {
    let ann = world.user("ann");
    let plan = json!({"name": "The Hills"});
    let opened = ann.post_json_once(KEY, "/v1/plans", &plan).await;
    let id = text(&first(&opened), "id");
    assert_eq!(opened.header("location"), Some(&*format!("{PUBLIC_URL}v1/plans/{id}")));
    assert_again(&ann.post_json_once(KEY, "/v1/plans", &plan).await, &opened);
    assert_eq!(world.admin().all("/v1/plans", 100).await.len(), 1);

    let path = format!("/v1/plans/{id}/invites");
    let bound = json!({"recipient_email": "bob@example.com", "expires_in_seconds": 3600});
    let issued = ann.post_json_once(KEY, &path, &bound).await;
    let invite = Invite::of(&first(&issued));
    assert_again(&ann.post_json_once(KEY, &path, &bound).await, &issued);
    assert_eq!(world.zammad.request_count(Operation::MintToken), 1);

    let path = format!("{path}/{}/resend", invite.id);
    let resent = ann.post_once(KEY, &path).await;
    assert_ne!(Invite::of(&first(&resent)).id, invite.id);
    // The old one is revoked by now, and could be sent again.
    assert_again(&ann.post_once(KEY, &path).await, &resent);
    assert_eq!(world.zammad.request_count(Operation::MintToken), 2);
    assert_eq!(ann.all(&format!("/v1/plans/{id}/invites"), 100).await.len(), 2);
    let kinds: Vec<_> = ann.events(&id).await.iter().map(|it| text(it, "type")).collect();
    let [created, joined] = ["plan.created", "member.joined"];
    let [issued, revoked] = ["invite.created", "invite.revoked"];
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    assert_eq!(kinds[..3], [created, joined, issued]);
    assert!(kinds[3..].contains(&revoked.to_owned()) && kinds[3..].contains(&issued.to_owned()));
    world.user("bob").accepts(&Invite::of(&resent.json()).code).await.ok(200);
}

async fn an_answer_stays_the_same_when_state_moves_on(world: &World) {
    let ann = world.user("ann");
    let body = json!({"name": "The Hills"});
    let opened = ann.post_json_once(KEY, "/v1/plans", &body).await;
    let plan = text(&first(&opened), "id");
    let path = format!("/v1/plans/{plan}/invites");
    let issued = ann.post_once(KEY, &path).await;
    let invite = Invite::of(&first(&issued));
    let sending = format!("{path}/{}/resend", invite.id);
    let resent = ann.post_once(KEY, &sending).await;
    first(&resent);
    let check = async || {
        assert_again(&ann.post_json_once(KEY, "/v1/plans", &body).await, &opened);
        assert_again(&ann.post_once(KEY, &path).await, &issued);
        assert_again(&ann.post_once(KEY, &sending).await, &resent);
    };

    world.user("bob").accepts(&Invite::of(&resent.json()).code).await.ok(200);
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "Renamed"})).await.ok(200);
    world.admin().sets(&json!({"user_limit": 2, "pending_invites_hold_seats": false})).await;
    check().await;
    // Zammad is not needed for what is known already.
    world.zammad.fail(Failure::Html502);
    check().await;
    world.zammad.recover();
    world.advance(Duration::hours(12));
    let to_bob = json!({"new_owner_id": "bob"});
    ann.post_json(&format!("/v1/plans/{plan}/transfer"), &to_bob).await.ok(200);
    check().await;
    world.user("bob").detaches(&plan, "ann").await.ok(200);
    ann.post(&path).await.problem(404, "plan_not_found");
    check().await;
    world.user("bob").delete(&format!("/v1/plans/{plan}")).await.ok(204);
    check().await;
    world.user("cid").accepts(&invite.code).await.problem(404, "invite_not_found");
}

async fn another_body_is_refused(world: &World) {
    let ann = world.user("ann");
    let opened = ann.post_json_once(KEY, "/v1/plans", &json!({"name": "The Hills"})).await;
    let plan = text(&first(&opened), "id");
    let reused = ann.post_json_once(KEY, "/v1/plans", &json!({"name": "The Dales"})).await;
    reused.problem(422, "idempotency_key_reused");
    // A body counts byte for byte.
    let request = ann.request(Method::POST, "/v1/plans").header("Idempotency-Key", KEY);
    let spaced = request.header(header::CONTENT_TYPE, "application/json").body(r#"{ "name": "The Hills" }"#);
    Answer::to(spaced).await.problem(422, "idempotency_key_reused");

    let path = format!("/v1/plans/{plan}/invites");
    let issued = ann.post_once(KEY, &path).await;
    first(&issued);
    let bound = json!({"recipient_email": "bob@example.com"});
    ann.post_json_once(KEY, &path, &bound).await.problem(422, "idempotency_key_reused");
    // What is wrong by itself is told before.
    let wrong = ann.post_json_once(KEY, &path, &json!({"recipient_email": 1})).await;
    assert_eq!(wrong.invalid(), ["/recipient_email"]);
    assert_again(&ann.post_once(KEY, &path).await, &issued);
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
}

async fn a_key_belongs_to_a_caller_and_a_route(world: &World) {
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let body = json!({"name": "The Hills"});
    let mut plans = Vec::new();
    for caller in [&ann, &bob, &world.user("Ann")] {
        plans.push(text(&first(&caller.post_json_once(KEY, "/v1/plans", &body).await), "id"));
    }
    let mut invites = Vec::new();
    for (caller, plan, key) in [
        (&ann, &plans[0], KEY),
        (&ann, &plans[0], &*KEY.to_uppercase()),
        (&bob, &plans[1], KEY),
        (&world.admin(), &plans[0], KEY),
        (&world.admin(), &plans[1], KEY),
    ] {
        let issued = caller.post_once(key, &format!("/v1/plans/{plan}/invites")).await;
        invites.push(Invite::of(&first(&issued)));
    }
    let path = format!("/v1/plans/{}/invites", plans[0]);
    for invite in &invites[..2] {
        first(&ann.post_once(KEY, &format!("{path}/{}/resend", invite.id)).await);
    }
    // Nobody is told what another's key led to.
    bob.post_once(KEY, &path).await.problem(404, "plan_not_found");
    world.anonymous().post_once(KEY, &path).await.problem(401, "unauthenticated");
}

async fn what_is_refused_is_not_kept(world: &World) {
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    for _ in 0..2 {
        bob.post_once(KEY, &path).await.problem(404, "plan_not_found");
    }
    world.joins("bob", &ann, &plan).await;
    for _ in 0..2 {
        bob.post_once(KEY, &path).await.problem(403, "forbidden");
    }
    ann.post_json(&format!("/v1/plans/{plan}/transfer"), &json!({"new_owner_id": "bob"})).await.ok(200);
    let issued = bob.post_once(KEY, &path).await;
    first(&issued);

    world.admin().sets(&json!({"user_limit": 3})).await;
    for _ in 0..2 {
        bob.post_once("more", &path).await.problem(409, "plan_full");
    }
    world.admin().sets(&json!({"user_limit": 4})).await;
    first(&bob.post_once("more", &path).await);

    let body = json!({"name": "My own"});
    for _ in 0..2 {
        ann.post_json_once(KEY, "/v1/plans", &body).await.problem(409, "already_in_plan");
    }
    bob.detaches(&plan, "ann").await.ok(200);
    let wrong = ann.post_json_once(KEY, "/v1/plans", &json!({"name": ""})).await;
    assert_eq!(wrong.invalid(), ["/name"]);
    first(&ann.post_json_once(KEY, "/v1/plans", &body).await);
    let unknown = format!("{path}/{plan}/resend");
    bob.post_once(KEY, &unknown).await.problem(404, "invite_not_found");
}

async fn what_fails_is_not_kept(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    for (failure, status, code) in
        [(Failure::Html502, 503, "zammad_unavailable"), (Failure::Unauthorized, 502, "zammad_rejected")]
    {
        world.zammad.fail_on(&[Operation::MintToken], failure);
        ann.post_once(code, &path).await.problem(status, code);
        world.zammad.recover();
        let issued = ann.post_once(code, &path).await;
        first(&issued);
        assert_again(&ann.post_once(code, &path).await, &issued);
    }
    assert_eq!(ann.seats(&plan).await, (5, 1, 2));
}

async fn an_answer_is_kept_for_a_day(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    let issued = ann.post_once(KEY, &path).await;
    first(&issued);
    world.advance(Duration::DAY - Duration::MILLISECOND);
    assert_again(&ann.post_once(KEY, &path).await, &issued);
    world.advance(Duration::MILLISECOND);
    let anew = ann.post_once(KEY, &path).await;
    assert_ne!(Invite::of(&first(&anew)).id, Invite::of(&issued.json()).id);
    assert_again(&ann.post_once(KEY, &path).await, &anew);
}
