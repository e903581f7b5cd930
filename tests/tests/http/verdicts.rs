//! What an invite means for whom: the order of verdicts, and that a preview tells what accepting does.

use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::{Caller, Invite, claims, text},
    world::{World, engines},
};

engines!(
    an_invite_is_accepted_once_and_accepting_again_answers_the_same,
    a_used_invite_stays_used_whatever_its_expiry,
    an_invite_expires_at_the_very_second,
    an_expired_invite_frees_its_seat,
    a_revoked_invite_is_gone,
    a_bound_invite_is_for_its_verified_recipient,
    the_owner_cannot_join_their_own_plan,
    nobody_is_in_two_plans,
    the_last_seat_goes_to_one,
    a_promised_seat_is_not_taken_by_others,
    a_reopened_invite_lets_others_in_but_not_those_detached,
    a_reopened_invite_needs_a_free_seat,
    a_reopened_invite_ends_at_its_original_expiry,
    a_bound_invite_is_revoked_when_its_recipient_is_detached,
    who_accepted_and_left_is_barred_even_if_others_came_in_between,
    a_closed_plan_has_no_invites,
    an_unknown_code_is_not_found,
    what_is_wrong_with_the_invite_comes_before_what_is_wrong_with_the_person,
    a_detached_user_can_come_back_by_another_invite,
    previewing_changes_nothing,
);

/// Checks that the preview tells what accepting does then, and answers what accepting did.
async fn verdict(caller: &Caller, code: &str) -> String {
    let preview = caller.get(&format!("/v1/invites/{code}")).await;
    let told = if preview.status == 404 { preview.outcome() } else { text(&preview.ok(200), "verdict") };
    let answer = caller.accepts(code).await;
    let done = answer.outcome();
    if done != "ok" {
        answer.problem(answer.status, &done);
    }
    let done = if done == "ok" { "accept".to_owned() } else { done };
    assert_eq!(told, done, "the preview tells what accepting does");
    done
}

async fn state(caller: &Caller, code: &str) -> String {
    text(&caller.get(&format!("/v1/invites/{code}")).await.ok(200), "state")
}

/// Somebody with a plan.
async fn owner(world: &World, id: &str) -> (Caller, String) {
    let owner = world.user(id);
    let plan = owner.opens("The Hills").await;
    (owner, plan)
}

async fn limit(world: &World, plan: &str, limit: u32) {
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": limit})).await.ok(200);
}

async fn an_invite_is_accepted_once_and_accepting_again_answers_the_same(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites(&plan).await;
    let bob = world.user("bob");
    assert_eq!(
        world.anonymous().get(&format!("/v1/invites/{}", invite.code)).await.ok(200)["verdict"],
        "unauthenticated"
    );
    world.anonymous().accepts(&invite.code).await.problem(401, "unauthenticated");
    assert_eq!(verdict(&bob, &invite.code).await, "accept");
    let first = bob.accepts(&invite.code).await.ok(200);
    let events = ann.events(&plan).await.len();
    world.advance(Duration::days(30));
    for _ in 0..2 {
        assert_eq!(verdict(&bob, &invite.code).await, "accept");
        assert_eq!(bob.accepts(&invite.code).await.ok(200), first);
    }
    assert_eq!(ann.events(&plan).await.len(), events, "a replay is nothing new");
    assert_eq!(verdict(&world.user("cid"), &invite.code).await, "invite_used");
    assert_eq!(verdict(&ann, &invite.code).await, "invite_used");
    assert_eq!(ann.seats(&plan).await, (5, 2, 0));
}

async fn a_used_invite_stays_used_whatever_its_expiry(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites(&plan).await;
    world.user("bob").accepts(&invite.code).await.ok(200);
    world.advance(Duration::days(3));
    assert_eq!(verdict(&world.user("cid"), &invite.code).await, "invite_used");
    assert_eq!(state(&ann, &invite.code).await, "used");
    // Taking it back changes nothing about it.
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.ok(204);
    assert_eq!(state(&ann, &invite.code).await, "used");
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "accept");
}

async fn an_invite_expires_at_the_very_second(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites_with(&plan, &json!({"expires_in_seconds": 60})).await;
    let other = ann.invites_with(&plan, &json!({"expires_in_seconds": 60})).await;
    world.advance(Duration::milliseconds(59_999));
    assert_eq!(state(&ann, &invite.code).await, "open");
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "accept");
    world.advance(Duration::milliseconds(1));
    assert_eq!(state(&ann, &other.code).await, "expired");
    for caller in [world.user("cid"), world.user("bob"), ann.clone()] {
        assert_eq!(verdict(&caller, &other.code).await, "invite_expired");
    }
    world.user("cid").accepts(&other.code).await.problem(410, "invite_expired");
    let expired = ann.get(&format!("/v1/plans/{plan}/invites?state=expired")).await.ok(200);
    assert_eq!(expired["items"][0]["id"], other.id);
    assert_eq!(expired["items"][0]["holds_seat"], false);
}

async fn an_expired_invite_frees_its_seat(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    limit(world, &plan, 2).await;
    ann.invites_with(&plan, &json!({"expires_in_seconds": 60})).await;
    let problem = ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(409, "plan_full");
    assert_eq!((&problem["limit"], &problem["used"], &problem["held"]), (&json!(2), &json!(1), &json!(1)));
    world.advance(Duration::seconds(60));
    assert_eq!(ann.seats(&plan).await, (2, 1, 0));
    ann.invites(&plan).await;
}

async fn a_revoked_invite_is_gone(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites(&plan).await;
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.ok(204);
    for caller in [world.user("bob"), ann.clone()] {
        assert_eq!(verdict(&caller, &invite.code).await, "invite_revoked");
        caller.accepts(&invite.code).await.problem(410, "invite_revoked");
    }
    world.advance(Duration::days(3));
    assert_eq!(state(&ann, &invite.code).await, "revoked");
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "invite_revoked");
    assert_eq!(ann.seats(&plan).await, (5, 1, 0));
}

async fn a_bound_invite_is_for_its_verified_recipient(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let body = json!({"recipient_email": "Bob@Example.com"});
    let claiming = |changes: Value| {
        let mut claims = claims("bob");
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        world.anonymous().claiming(&claims)
    };
    let invite = ann.invites_with(&plan, &body).await;
    for barred in [
        json!({"email_verified": false}),
        json!({"email_verified": null}),
        json!({"email": null}),
        json!({"email": "bobby@example.com"}),
        json!({"email": "bob@example.com.evil.example"}),
    ] {
        assert_eq!(verdict(&claiming(barred.clone()), &invite.code).await, "invite_barred", "{barred}");
    }
    assert_eq!(verdict(&world.user("eve"), &invite.code).await, "invite_barred");
    assert_eq!(verdict(&ann, &invite.code).await, "invite_barred");
    // What a service says of an address does not verify it.
    world.service().put("/v1/users/eve", &json!({"email": "bob@example.com"})).await.ok(200);
    assert_eq!(verdict(&world.user("eve"), &invite.code).await, "invite_barred");
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
    assert_eq!(verdict(&claiming(json!({"email": "bOB@eXAMPLE.COM"})), &invite.code).await, "accept");
}

async fn the_owner_cannot_join_their_own_plan(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites(&plan).await;
    assert_eq!(verdict(&ann, &invite.code).await, "own_plan");
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
}

async fn nobody_is_in_two_plans(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let (bob, other) = owner(world, "bob").await;
    world.joins("cid", &ann, &plan).await;
    let invite = ann.invites(&plan).await;
    assert_eq!(verdict(&bob, &invite.code).await, "already_in_plan");
    assert_eq!(verdict(&world.user("cid"), &invite.code).await, "already_in_plan");
    let others = bob.invites(&other).await;
    assert_eq!(verdict(&world.user("cid"), &others.code).await, "already_in_plan");
    let body = json!({"name": "x"});
    world.user("cid").post_json("/v1/plans", &body).await.problem(409, "already_in_plan");
    assert_eq!(verdict(&ann, &others.code).await, "already_in_plan");
    world.user("cid").detaches(&plan, "cid").await.ok(200);
    assert_eq!(verdict(&world.user("cid"), &others.code).await, "accept");
}

async fn the_last_seat_goes_to_one(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invites = [ann.invites(&plan).await, ann.invites(&plan).await];
    limit(world, &plan, 2).await;
    assert_eq!(ann.plan(&plan).await["over_by"], 0);
    assert_eq!(verdict(&world.user("bob"), &invites[0].code).await, "accept");
    assert_eq!(verdict(&world.user("cid"), &invites[1].code).await, "plan_full");
    let problem = world.user("cid").accepts(&invites[1].code).await.problem(409, "plan_full");
    assert_eq!((&problem["limit"], &problem["used"], &problem["held"]), (&json!(2), &json!(2), &json!(1)));
    limit(world, &plan, 3).await;
    assert_eq!(verdict(&world.user("cid"), &invites[1].code).await, "accept");
}

/// An invite that is open again after its user was detached.
async fn reopened(world: &World, ann: &Caller, plan: &str, user: &str) -> Invite {
    let invite = ann.invites(plan).await;
    world.user(user).accepts(&invite.code).await.ok(200);
    let detachment = ann.detaches(plan, user).await.ok(200);
    assert_eq!(
        (text(&detachment, "invite_id"), &detachment["invite_state"]),
        (invite.id.clone(), &json!("open"))
    );
    invite
}

async fn a_promised_seat_is_not_taken_by_others(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    limit(world, &plan, 2).await;
    let old = reopened(world, &ann, &plan, "bob").await;
    let promised = ann.invites(&plan).await;
    assert_eq!(verdict(&world.user("cid"), &old.code).await, "plan_full");
    assert_eq!(verdict(&world.user("dan"), &promised.code).await, "accept");
}

async fn a_reopened_invite_lets_others_in_but_not_those_detached(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = reopened(world, &ann, &plan, "bob").await;
    assert_eq!(ann.seats(&plan).await, (5, 1, 0));
    let listed = ann.get(&format!("/v1/plans/{plan}/invites")).await.ok(200)["items"][0].clone();
    assert_eq!((&listed["state"], &listed["holds_seat"]), (&json!("open"), &json!(false)));
    assert_eq!((&listed["used_by"], &listed["used_at"]), (&Value::Null, &Value::Null));
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "invite_barred");
    assert_eq!(verdict(&world.user("cid"), &invite.code).await, "accept");
    // Leaving counts as well.
    world.user("cid").detaches(&plan, "cid").await.ok(200);
    for barred in ["bob", "cid"] {
        assert_eq!(verdict(&world.user(barred), &invite.code).await, "invite_barred");
    }
    assert_eq!(verdict(&world.user("dan"), &invite.code).await, "accept");
}

async fn a_reopened_invite_needs_a_free_seat(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = reopened(world, &ann, &plan, "bob").await;
    limit(world, &plan, 1).await;
    assert_eq!(verdict(&world.user("cid"), &invite.code).await, "plan_full");
    limit(world, &plan, 2).await;
    assert_eq!(verdict(&world.user("cid"), &invite.code).await, "accept");
}

async fn a_reopened_invite_ends_at_its_original_expiry(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites(&plan).await;
    world.advance(Duration::days(1));
    world.user("bob").accepts(&invite.code).await.ok(200);
    ann.detaches(&plan, "bob").await.ok(200);
    world.advance(Duration::days(1) - Duration::milliseconds(1));
    assert_eq!(state(&ann, &invite.code).await, "open");
    world.advance(Duration::milliseconds(1));
    assert_eq!(verdict(&world.user("cid"), &invite.code).await, "invite_expired");
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "invite_expired");

    let other = ann.invites(&plan).await;
    world.user("dan").accepts(&other.code).await.ok(200);
    world.advance(Duration::days(2));
    let detachment = ann.detaches(&plan, "dan").await.ok(200);
    assert_eq!(detachment["invite_state"], "expired");
    assert_eq!(state(&ann, &other.code).await, "expired");
}

async fn a_bound_invite_is_revoked_when_its_recipient_is_detached(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites_with(&plan, &json!({"recipient_email": "bob@example.com"})).await;
    world.user("bob").accepts(&invite.code).await.ok(200);
    let detachment = world.user("bob").detaches(&plan, "bob").await.ok(200);
    assert_eq!(detachment["invite_state"], "revoked");
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "invite_revoked");
    let events = ann.events(&plan).await;
    let revoked = events.iter().find(|it| it["type"] == "invite.revoked").unwrap();
    assert_eq!(revoked["data"]["invite_id"], invite.id);
}

async fn who_accepted_and_left_is_barred_even_if_others_came_in_between(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = reopened(world, &ann, &plan, "bob").await;
    world.user("cid").accepts(&invite.code).await.ok(200);
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "invite_used");
    ann.detaches(&plan, "cid").await.ok(200);
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "invite_barred");
    // A new owner is barred from what they were detached from, too, before it is their own plan.
    world.joins("cid", &ann, &plan).await;
    ann.post_json(&format!("/v1/plans/{plan}/transfer"), &json!({"new_owner_id": "cid"})).await.ok(200);
    assert_eq!(verdict(&world.user("cid"), &invite.code).await, "invite_barred");
    assert_eq!(verdict(&ann, &invite.code).await, "already_in_plan");
}

async fn a_closed_plan_has_no_invites(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let open = ann.invites(&plan).await;
    let used = world.joins("bob", &ann, &plan).await;
    ann.delete(&format!("/v1/plans/{plan}")).await.ok(204);
    for code in [&open.code, &used] {
        for caller in [world.user("bob"), world.user("cid"), ann.clone(), world.admin()] {
            assert_eq!(verdict(&caller, code).await, "invite_not_found");
            caller.accepts(code).await.problem(404, "invite_not_found");
        }
        world.anonymous().get(&format!("/v1/invites/{code}")).await.problem(404, "invite_not_found");
        world.anonymous().accepts(code).await.problem(401, "unauthenticated");
    }
    world.user("bob").opens("The Dales").await;
}

async fn an_unknown_code_is_not_found(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites(&plan).await;
    let mut flipped = invite.code.clone();
    let last = flipped.pop().unwrap();
    flipped.push(if last == 'A' { 'B' } else { 'A' });
    let lower = invite.code.to_lowercase();
    for code in
        [flipped.as_str(), &lower, &invite.code[..42], &format!("{}A", invite.code), &invite.id, "%00", "x"]
    {
        assert_eq!(verdict(&world.user("bob"), code).await, "invite_not_found", "{code}");
    }
    assert_eq!(verdict(&world.user("bob"), &invite.code).await, "accept");
}

async fn what_is_wrong_with_the_invite_comes_before_what_is_wrong_with_the_person(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let (bob, _) = owner(world, "bob").await;
    let bound = ann.invites_with(&plan, &json!({"recipient_email": "dan@example.com"})).await;
    let open = ann.invites(&plan).await;
    limit(world, &plan, 1).await;
    // Bob is barred, has a plan, and the plan is full.
    assert_eq!(verdict(&bob, &bound.code).await, "invite_barred");
    assert_eq!(verdict(&ann, &bound.code).await, "invite_barred");
    // Now he only has a plan, and the plan is full.
    assert_eq!(verdict(&bob, &open.code).await, "already_in_plan");
    assert_eq!(verdict(&ann, &open.code).await, "own_plan");
    assert_eq!(verdict(&world.user("eve"), &open.code).await, "plan_full");
    world.advance(Duration::days(2));
    for caller in [&ann, &bob] {
        assert_eq!(verdict(caller, &bound.code).await, "invite_expired");
        assert_eq!(verdict(caller, &open.code).await, "invite_expired");
    }
    // Taking back an expired one changes nothing: it was not open any more.
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", open.id)).await.ok(204);
    assert_eq!(state(&ann, &open.code).await, "expired");
}

async fn a_detached_user_can_come_back_by_another_invite(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    reopened(world, &ann, &plan, "bob").await;
    let another = ann.invites(&plan).await;
    assert_eq!(verdict(&world.user("bob"), &another.code).await, "accept");
    assert_eq!(ann.seats(&plan).await, (5, 2, 0));
}

async fn previewing_changes_nothing(world: &World) {
    let (ann, plan) = owner(world, "ann").await;
    let invite = ann.invites(&plan).await;
    let before = (ann.plan(&plan).await, ann.events(&plan).await);
    for caller in [world.anonymous(), world.user("bob"), ann.clone(), world.service()] {
        for _ in 0..3 {
            let path = format!("/v1/invites/{}", invite.code);
            caller.get(&path).await.ok(200);
            assert_eq!(caller.head(&path).await.status, 200);
        }
    }
    // A token that is no good is none.
    let forged = world.anonymous().with_token("x.y.z").get(&format!("/v1/invites/{}", invite.code)).await;
    assert_eq!(forged.ok(200)["verdict"], "unauthenticated");
    assert_eq!((ann.plan(&plan).await, ann.events(&plan).await), before);
}
