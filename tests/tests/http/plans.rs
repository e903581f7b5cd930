//! The life of a plan: its seats, its limit, its owner, its end.

use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::{Invite, number, text},
    world::{World, engines},
};

engines!(
    with_limit_five_there_are_four_acceptances,
    seats_tell_who_has_them,
    a_lowered_limit_evicts_nobody_and_admits_nobody,
    a_limit_of_its_own_counts_before_the_settings,
    settings_bind_the_very_next_decision,
    invites_need_not_hold_seats,
    a_detached_members_invite_can_be_revoked_by_setting,
    a_plan_is_handed_over_to_a_member,
    closing_detaches_everybody_at_once,
    the_plan_in_force_follows_the_membership,
    resending_passes_the_seat_on,
    resending_what_holds_no_seat_needs_one,
    resending_a_used_invite_is_refused,
    a_full_plan_never_bothers_the_helpdesk,
    a_user_of_whom_nothing_is_known_is_a_user,
    a_token_tells_of_its_user,
);

async fn with_limit_five_there_are_four_acceptances(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for user in ["bob", "cid", "dan", "eve"] {
        world.joins(user, &ann, &plan).await;
    }
    assert_eq!(ann.seats(&plan).await, (5, 5, 0));
    let problem = ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(409, "plan_full");
    assert_eq!((&problem["limit"], &problem["used"], &problem["held"]), (&json!(5), &json!(5), &json!(0)));
    ann.detaches(&plan, "eve").await.ok(200);
    world.joins("fay", &ann, &plan).await;
}

async fn seats_tell_who_has_them(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.advance(Duration::seconds(1));
    world.joins("bob", &ann, &plan).await;
    world.advance(Duration::seconds(1));
    let invite = ann.invites(&plan).await;
    let seats = world.user("bob").get(&format!("/v1/plans/{plan}/seats")).await.ok(200);
    let whose: Vec<(String, &Value)> = seats["seats"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(it, "kind"), if it["kind"] == "invite" { &it["invite_id"] } else { &it["user_id"] }))
        .collect();
    let expected = [("owner", json!("ann")), ("member", json!("bob")), ("invite", json!(invite.id))];
    let expected: Vec<(String, &Value)> =
        expected.iter().map(|(kind, whose)| ((*kind).to_owned(), whose)).collect();
    assert_eq!(whose, expected);
    for (name, value) in [("limit", 5), ("used", 2), ("held", 1), ("available", 2), ("over_by", 0)] {
        assert_eq!(number(&seats, name), value, "{name}");
    }
}

async fn a_lowered_limit_evicts_nobody_and_admits_nobody(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for user in ["bob", "cid"] {
        world.joins(user, &ann, &plan).await;
    }
    let invite = ann.invites(&plan).await;
    let limited = world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 1})).await.ok(200);
    for (name, value) in [("limit", 1), ("used", 3), ("held", 1), ("available", 0), ("over_by", 2)] {
        assert_eq!(number(&limited, name), value, "{name}");
    }
    world.user("dan").accepts(&invite.code).await.problem(409, "plan_full");
    ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(409, "plan_full");
    assert_eq!(world.user("cid").plan(&plan).await["used"], 3);
    for user in ["bob", "cid"] {
        ann.detaches(&plan, user).await.ok(200);
    }
    assert_eq!(ann.plan(&plan).await["over_by"], 0);
    world.user("dan").accepts(&invite.code).await.problem(409, "plan_full");
}

async fn a_limit_of_its_own_counts_before_the_settings(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}");
    world.admin().patch(&path, &json!({"user_limit": 3})).await.ok(200);
    world.admin().sets(&json!({"user_limit": 9})).await;
    assert_eq!(ann.plan(&plan).await["limit"], 3);
    let cleared = world.admin().patch(&path, &json!({"user_limit": null})).await.ok(200);
    assert_eq!((&cleared["limit"], &cleared["user_limit"]), (&json!(9), &Value::Null));
    let listed = world.admin().get("/v1/plans").await.ok(200);
    assert_eq!(listed["items"][0]["limit"], 9);
}

async fn settings_bind_the_very_next_decision(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invites = [ann.invites(&plan).await, ann.invites(&plan).await];
    world.admin().sets(&json!({"user_limit": 1})).await;
    ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(409, "plan_full");
    let preview = world.user("bob").get(&format!("/v1/invites/{}", invites[0].code)).await.ok(200);
    assert_eq!(preview["verdict"], "plan_full");
    let problem = world.user("bob").accepts(&invites[0].code).await.problem(409, "plan_full");
    assert_eq!((&problem["limit"], &problem["used"], &problem["held"]), (&json!(1), &json!(1), &json!(2)));
    world.admin().sets(&json!({"user_limit": 2, "invite_ttl_seconds": 60})).await;
    world.user("bob").accepts(&invites[0].code).await.ok(200);
    world.user("cid").accepts(&invites[1].code).await.problem(409, "plan_full");
    world.admin().sets(&json!({"user_limit": 5})).await;
    let short = ann.invites(&plan).await;
    world.advance(Duration::seconds(60));
    world.user("dan").accepts(&short.code).await.problem(410, "invite_expired");
    // The one from before keeps what it was promised.
    world.user("cid").accepts(&invites[1].code).await.ok(200);
}

async fn invites_need_not_hold_seats(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.admin().sets(&json!({"user_limit": 2, "pending_invites_hold_seats": false})).await;
    let mut invites = Vec::new();
    for _ in 0..4 {
        invites.push(ann.invites(&plan).await);
    }
    assert_eq!(ann.seats(&plan).await, (2, 1, 0));
    world.user("bob").accepts(&invites[0].code).await.ok(200);
    world.user("cid").accepts(&invites[1].code).await.problem(409, "plan_full");
    world.admin().sets(&json!({"user_limit": 4, "pending_invites_hold_seats": true})).await;
    assert_eq!(ann.seats(&plan).await, (4, 2, 3), "open invites hold seats again, even too many");
    world.user("cid").accepts(&invites[1].code).await.ok(200);
    world.user("dan").accepts(&invites[2].code).await.ok(200);
    world.user("eve").accepts(&invites[3].code).await.problem(409, "plan_full");
}

async fn a_detached_members_invite_can_be_revoked_by_setting(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let code = world.joins("bob", &ann, &plan).await;
    world.admin().sets(&json!({"detached_invites": "revoke"})).await;
    let detachment = ann.detaches(&plan, "bob").await.ok(200);
    assert_eq!(detachment["invite_state"], "revoked");
    world.user("cid").accepts(&code).await.problem(410, "invite_revoked");
}

async fn a_plan_is_handed_over_to_a_member(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.joins("bob", &ann, &plan).await;
    let path = format!("/v1/plans/{plan}/transfer");
    for nobody in ["cid", "unknown"] {
        ann.post_json(&path, &json!({"new_owner_id": nobody})).await.problem(404, "not_a_member");
    }
    assert_eq!(ann.post_json(&path, &json!({"new_owner_id": "ann"})).await.ok(200)["owner_id"], "ann");
    let handed = ann.post_json(&path, &json!({"new_owner_id": "bob"})).await.ok(200);
    assert_eq!((&handed["owner_id"], &handed["used"]), (&json!("bob"), &json!(2)));
    ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(403, "forbidden");
    let bob = world.user("bob");
    bob.invites(&plan).await;
    bob.detaches(&plan, "bob").await.problem(409, "owner_cannot_leave");
    let members = bob.all(&format!("/v1/plans/{plan}/members"), 100).await;
    let roles: Vec<_> = members.iter().map(|it| (text(it, "user_id"), text(it, "role"))).collect();
    assert!(roles.contains(&("ann".to_owned(), "member".to_owned())), "{roles:?}");
    assert!(roles.contains(&("bob".to_owned(), "owner".to_owned())), "{roles:?}");
    let detachment = ann.detaches(&plan, "ann").await.ok(200);
    assert_eq!((&detachment["invite_id"], &detachment["invite_state"]), (&Value::Null, &Value::Null));
    let events = bob.events(&plan).await;
    let changed = events.iter().filter(|it| it["type"] == "plan.owner_changed").count();
    assert_eq!(changed, 1, "handing over to oneself is no change");
}

async fn closing_detaches_everybody_at_once(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.service().put("/v1/users/bob", &json!({"individual_plan": "free"})).await.ok(200);
    world.joins("bob", &ann, &plan).await;
    let path = format!("/v1/plans/{plan}");
    ann.invites(&plan).await;
    ann.delete(&path).await.ok(204);
    for caller in [&ann, &world.user("bob"), &world.admin(), &world.service()] {
        caller.get(&path).await.problem(404, "plan_not_found");
        caller.delete(&path).await.problem(404, "plan_not_found");
        for list in ["seats", "members", "invites", "events"] {
            caller.get(&format!("{path}/{list}")).await.problem(404, "plan_not_found");
        }
        caller.post(&format!("{path}/invites")).await.problem(404, "plan_not_found");
    }
    assert_eq!(world.admin().get("/v1/plans").await.ok(200)["items"], json!([]));
    let me = world.user("bob").get("/v1/me").await.ok(200);
    assert_eq!(me["plan_in_force"], json!({"kind": "individual", "code": "free"}));
    assert_eq!(me["family_plan"], Value::Null);
    for user in ["ann", "bob"] {
        world.user(user).opens("Anew").await;
    }
}

async fn the_plan_in_force_follows_the_membership(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let bob = world.user("bob");
    world.service().put("/v1/users/bob", &json!({"individual_plan": "free"})).await.ok(200);
    world.joins("bob", &ann, &plan).await;
    let me = bob.get("/v1/me").await.ok(200);
    assert_eq!(
        (&me["plan_in_force"], &me["individual_plan"]),
        (&json!({"kind": "family", "plan_id": plan}), &json!("free"))
    );
    assert_eq!(me["family_plan"]["role"], "member");
    // What one has alone may change meanwhile.
    let told = world.service().put("/v1/users/bob", &json!({"individual_plan": "premium"})).await.ok(200);
    assert_eq!(told["plan_in_force"], json!({"kind": "family", "plan_id": plan}));
    let detachment = bob.detaches(&plan, "bob").await.ok(200);
    assert_eq!(detachment["plan_in_force"], json!({"kind": "individual", "code": "premium"}));
    assert_eq!(bob.get("/v1/me").await.ok(200)["plan_in_force"], detachment["plan_in_force"]);
    world.joins("cid", &ann, &plan).await;
    assert_eq!(ann.detaches(&plan, "cid").await.ok(200)["plan_in_force"], Value::Null);
}

async fn resending_passes_the_seat_on(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 2})).await.ok(200);
    let body = json!({"recipient_email": "bob@example.com", "expires_in_seconds": 60});
    let old = ann.invites_with(&plan, &body).await;
    world.advance(Duration::seconds(30));
    let path = format!("/v1/plans/{plan}/invites/{}/resend", old.id);
    let answer = ann.post(&path).await.ok(201);
    let new = Invite::of(&answer);
    assert_ne!((&new.id, &new.code), (&old.id, &old.code));
    assert_eq!(answer["recipient_email"], "bob@example.com");
    let lifetime = crate::shapes::instant(&answer, "expires_at") - world.now();
    assert!(Duration::seconds(60) <= lifetime, "a fresh lifetime: {lifetime}");
    assert_eq!(ann.seats(&plan).await, (2, 1, 1));
    world.user("bob").accepts(&old.code).await.problem(410, "invite_revoked");
    world.user("bob").accepts(&new.code).await.ok(200);
    let events = ann.events(&plan).await;
    let revoked = events.iter().find(|it| it["type"] == "invite.revoked").unwrap();
    let created = events.iter().rfind(|it| it["type"] == "invite.created").unwrap();
    assert_eq!((text(&revoked["data"], "invite_id"), text(&created["data"], "invite_id")), (old.id, new.id));
    assert_eq!(revoked["request_id"], created["request_id"], "in the same step");
}

async fn resending_what_holds_no_seat_needs_one(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 2})).await.ok(200);
    let revoked = ann.invites(&plan).await;
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", revoked.id)).await.ok(204);
    let expired = ann.invites_with(&plan, &json!({"expires_in_seconds": 60})).await;
    world.advance(Duration::seconds(60));
    let holder = ann.invites(&plan).await;
    for old in [&revoked, &expired] {
        let path = format!("/v1/plans/{plan}/invites/{}/resend", old.id);
        ann.post(&path).await.problem(409, "plan_full");
    }
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", holder.id)).await.ok(204);
    let new = Invite::of(&ann.post(&format!("/v1/plans/{plan}/invites/{}/resend", expired.id)).await.ok(201));
    world.user("bob").accepts(&new.code).await.ok(200);
}

async fn resending_a_used_invite_is_refused(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    world.user("bob").accepts(&invite.code).await.ok(200);
    let n_tokens = world.zammad.tokens().len();
    let path = format!("/v1/plans/{plan}/invites/{}/resend", invite.id);
    ann.post(&path).await.problem(409, "invite_used");
    assert_eq!(world.zammad.tokens().len(), n_tokens);
    world.user("bob").accepts(&invite.code).await.ok(200);
}

async fn a_full_plan_never_bothers_the_helpdesk(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 1})).await.ok(200);
    let n_tokens = world.zammad.tokens().len();
    for _ in 0..3 {
        ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(409, "plan_full");
    }
    let minted = world.zammad.request_count(family_plan_zammad_simulator::Operation::MintToken);
    assert_eq!((minted, world.zammad.tokens().len()), (0, n_tokens));
}

async fn a_user_of_whom_nothing_is_known_is_a_user(world: &World) {
    let ghost = world.anonymous().claiming(&json!({"sub": "ghost", "exp": crate::jwt::NEVER}));
    let me = ghost.get("/v1/me").await.ok(200);
    assert_eq!((&me["email"], &me["name"], &me["plan_in_force"]), (&Value::Null, &Value::Null, &Value::Null));
    let plan = ghost.opens("The Ghosts").await;
    let invite = ghost.invites(&plan).await;
    let preview = world.user("bob").get(&format!("/v1/invites/{}", invite.code)).await.ok(200);
    assert!(!preview["invited_by"].to_string().contains('@'), "{preview}");
}

async fn a_token_tells_of_its_user(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let named = world.anonymous().claiming(&json!({
        "sub": "ann", "exp": crate::jwt::NEVER, "name": "ann@example.com", "email": "new@example.com",
    }));
    assert_eq!(named.plan(&plan).await["owner_id"], "ann");
    let me = named.get("/v1/me").await.ok(200);
    assert_eq!(me["email"], "new@example.com");
    let preview = world.anonymous().get(&format!("/v1/invites/{}", invite.code)).await.ok(200);
    assert!(!preview.to_string().contains('@'), "never an address: {preview}");
}
