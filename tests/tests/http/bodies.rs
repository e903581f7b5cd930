//! What each operation answers when all goes well: the status, the headers, every field.

use reqwest::{Method, header};
use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::{Answer, Invite, text},
    shapes::{
        ACCEPTANCE, DETACHMENT, EVENT, EVENT_LIST, INVITE, LIST, ME, MEMBER, MEMBER_WITH_EMAIL, NEW_INVITE,
        PLAN, PREVIEW, SEATS, SETTINGS, USER, assert_fields, instant,
    },
    world::{DASHBOARD_URL, PUBLIC_URL, World, engines},
};

engines!(
    a_plan_is_opened_shown_changed_and_closed,
    an_opened_plan_can_be_somebody_elses,
    an_invite_is_issued_listed_and_revoked,
    an_invite_is_previewed_and_accepted,
    members_are_listed_and_detached,
    the_caller_sees_who_they_are,
    a_user_is_told_about,
    the_settings_are_shown_and_replaced,
    a_history_is_told,
    plans_are_listed,
);

async fn a_plan_is_opened_shown_changed_and_closed(world: &World) {
    let ann = world.user("ann");
    let answer = ann.post_json("/v1/plans", &json!({"name": "  The Hills "})).await;
    let plan = answer.ok(201);
    assert_fields(&plan, PLAN);
    let id = text(&plan, "id");
    assert_eq!(answer.header("location"), Some(format!("{PUBLIC_URL}v1/plans/{id}").as_str()));
    assert_eq!(instant(&plan, "created_at"), world.now());
    let expected = json!({
        "id": id, "name": "The Hills", "owner_id": "ann", "user_limit": null, "limit": 5, "used": 1, "held": 0,
        "available": 4, "over_by": 0, "created_at": plan["created_at"],
    });
    assert_eq!(plan, expected);
    assert_eq!(ann.plan(&id).await, expected);

    let path = format!("/v1/plans/{id}");
    let renamed = ann.patch(&path, &json!({"name": "Ünder the 🏡"})).await.ok(200);
    assert_fields(&renamed, PLAN);
    assert_eq!(renamed["name"], "Ünder the 🏡");
    let limited = world.admin().patch(&path, &json!({"user_limit": 7})).await.ok(200);
    assert_eq!((&limited["user_limit"], &limited["limit"]), (&json!(7), &json!(7)));
    let cleared = world.admin().patch(&path, &json!({"user_limit": null})).await.ok(200);
    assert_eq!((&cleared["user_limit"], &cleared["limit"]), (&Value::Null, &json!(5)));
    assert_eq!(ann.plan(&id).await, cleared);
    assert_eq!(ann.patch(&path, &json!({})).await.ok(200), cleared);

    let closed = ann.delete(&path).await;
    assert_eq!((closed.status, closed.body.as_str()), (204, ""));
    ann.get(&path).await.problem(404, "plan_not_found");
    world.admin().get(&path).await.problem(404, "plan_not_found");
}

async fn an_opened_plan_can_be_somebody_elses(world: &World) {
    for (caller, owner) in [(world.admin(), "ann"), (world.service(), "bob"), (world.user("cid"), "cid")] {
        let body = json!({"name": "The Hills", "owner_id": owner});
        let plan = caller.post_json("/v1/plans", &body).await.ok(201);
        assert_eq!(plan["owner_id"], owner);
        assert_eq!(world.user(owner).plan(&text(&plan, "id")).await, plan);
        caller.post_json("/v1/plans", &body).await.problem(409, "already_in_plan");
    }
    let nobody = json!({"name": "The Hills"});
    assert_eq!(world.service().post_json("/v1/plans", &nobody).await.invalid(), ["/owner_id"]);
    let other = json!({"name": "The Hills", "owner_id": "eve"});
    world.user("dan").post_json("/v1/plans", &other).await.problem(403, "forbidden");
}

async fn an_invite_is_issued_listed_and_revoked(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    let body = json!({"recipient_email": "Bob@Example.com", "expires_in_seconds": 60});
    let issued = ann.post_json(&path, &body).await.ok(201);
    assert_fields(&issued, NEW_INVITE);
    let invite = Invite::of(&issued);
    assert_eq!(invite.code.len(), 43);
    assert_eq!(invite.url, format!("{PUBLIC_URL}join/{}", invite.code));
    assert_eq!(instant(&issued, "created_at"), world.now());
    assert_eq!(instant(&issued, "expires_at"), world.now() + Duration::seconds(60));
    let expected = json!({
        "id": invite.id, "plan_id": plan, "state": "open", "holds_seat": true, "recipient_email": "Bob@Example.com",
        "issued_by": "ann", "created_at": issued["created_at"], "expires_at": issued["expires_at"],
        "used_by": null, "used_at": null,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&issued[name], value, "{name}");
    }

    let list = ann.get(&path).await.ok(200);
    assert_fields(&list, LIST);
    assert_fields(&list["items"][0], INVITE);
    assert_eq!(list, json!({"items": [expected], "next_cursor": null}));

    let seats = ann.get(&format!("/v1/plans/{plan}/seats")).await.ok(200);
    assert_fields(&seats, SEATS);
    let [owner, held] = &seats["seats"].as_array().unwrap()[..] else { panic!("{seats}") };
    assert_fields(owner, &["kind", "user_id", "since"]);
    assert_fields(held, &["kind", "invite_id", "since"]);
    assert_eq!((&held["kind"], text(held, "invite_id")), (&json!("invite"), invite.id.clone()));
    assert_eq!(instant(held, "since"), world.now());

    let default = ann.post(&path).await.ok(201);
    assert_eq!(instant(&default, "expires_at"), world.now() + Duration::days(2));
    assert_eq!(default["recipient_email"], Value::Null);

    for _ in 0..2 {
        let revoked = ann.delete(&format!("{path}/{}", invite.id)).await;
        assert_eq!((revoked.status, revoked.body.as_str()), (204, ""));
    }
    let revoked = ann.get(&format!("{path}?state=revoked")).await.ok(200);
    assert_eq!(revoked["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&revoked["items"][0]["state"], &revoked["items"][0]["holds_seat"]),
        (&json!("revoked"), &json!(false))
    );

    let resent = ann.post(&format!("{path}/{}/resend", invite.id)).await.ok(201);
    assert_fields(&resent, NEW_INVITE);
    assert_eq!(resent["recipient_email"], "Bob@Example.com");
}

async fn an_invite_is_previewed_and_accepted(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let path = format!("/v1/invites/{}", invite.code);
    let preview = world.anonymous().get(&path).await.ok(200);
    assert_fields(&preview, PREVIEW);
    assert_eq!(instant(&preview, "expires_at"), world.now() + Duration::days(2));
    let expected = |verdict: &str| {
        json!({
            "plan_name": "The Hills", "invited_by": "ANN Hill", "state": "open",
            "expires_at": preview["expires_at"], "verdict": verdict,
        })
    };
    assert_eq!(preview, expected("unauthenticated"));
    let bob = world.user("bob");
    assert_eq!(bob.get(&path).await.ok(200), expected("accept"));

    world.advance(Duration::minutes(1));
    let acceptance = bob.accepts(&invite.code).await.ok(200);
    assert_fields(&acceptance, ACCEPTANCE);
    assert_eq!(
        (text(&acceptance, "plan_id"), &acceptance["redirect_to"]),
        (plan.clone(), &json!(DASHBOARD_URL))
    );
    let membership = &acceptance["membership"];
    assert_fields(membership, if membership.get("email").is_some() { MEMBER_WITH_EMAIL } else { MEMBER });
    assert_eq!(instant(membership, "joined_at"), world.now());
    for (name, value) in [
        ("user_id", json!("bob")),
        ("name", json!("BOB Hill")),
        ("role", json!("member")),
        ("invite_id", json!(invite.id)),
    ] {
        assert_eq!(membership[name], value, "{name}");
    }
    let used = ann.get(&format!("/v1/plans/{plan}/invites")).await.ok(200)["items"][0].clone();
    assert_fields(&used, INVITE);
    assert_eq!(
        (&used["state"], &used["used_by"], &used["holds_seat"]),
        (&json!("used"), &json!("bob"), &json!(false))
    );
    assert_eq!(instant(&used, "used_at"), world.now());
}

async fn members_are_listed_and_detached(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.service().put("/v1/users/bob", &json!({"individual_plan": "free"})).await.ok(200);
    world.advance(Duration::seconds(1));
    world.joins("bob", &ann, &plan).await;
    let path = format!("/v1/plans/{plan}/members");
    let bob = world.user("bob");
    for (caller, fields) in [
        (&ann, MEMBER_WITH_EMAIL),
        (&world.admin(), MEMBER_WITH_EMAIL),
        (&world.service(), MEMBER_WITH_EMAIL),
        (&bob, MEMBER),
    ] {
        let list = caller.get(&path).await.ok(200);
        assert_fields(&list, LIST);
        let members = list["items"].as_array().unwrap();
        assert_eq!(members.len(), 2);
        for (member, (id, role)) in members.iter().zip([("ann", "owner"), ("bob", "member")]) {
            assert_fields(member, fields);
            assert_eq!((&member["user_id"], &member["role"]), (&json!(id), &json!(role)));
            assert_eq!(member["zammad_user_id"], Value::Null);
        }
        assert_eq!(members[0]["invite_id"], Value::Null);
    }
    let member = ann.get(&path).await.ok(200)["items"][1].clone();
    assert_eq!(member["email"], "bob@example.com");

    world.advance(Duration::seconds(1));
    let detachment = ann.detaches(&plan, "bob").await.ok(200);
    assert_fields(&detachment, DETACHMENT);
    assert_eq!(instant(&detachment, "detached_at"), world.now());
    let expected = json!({
        "plan_id": plan, "user_id": "bob", "detached_at": detachment["detached_at"],
        "invite_id": member["invite_id"], "invite_state": "open",
        "plan_in_force": {"kind": "individual", "code": "free"},
    });
    assert_eq!(detachment, expected);
    ann.detaches(&plan, "bob").await.problem(404, "not_a_member");
    ann.detaches(&plan, "ann").await.problem(409, "owner_cannot_leave");
}

async fn the_caller_sees_who_they_are(world: &World) {
    let ann = world.user("ann");
    let me = ann.get("/v1/me").await.ok(200);
    assert_fields(&me, ME);
    let expected = json!({
        "user_id": "ann", "email": "ann@example.com", "name": "ANN Hill", "individual_plan": null,
        "plan_in_force": null, "family_plan": null, "zammad_user_id": null,
    });
    assert_eq!(me, expected);
    world.service().put("/v1/users/ann", &json!({"individual_plan": "free"})).await.ok(200);
    let me = ann.get("/v1/me").await.ok(200);
    assert_eq!(me["plan_in_force"], json!({"kind": "individual", "code": "free"}));

    let plan = ann.opens("The Hills").await;
    let me = ann.get("/v1/me").await.ok(200);
    assert_eq!(me["plan_in_force"], json!({"kind": "family", "plan_id": plan}));
    assert_eq!(me["individual_plan"], "free");
    assert_eq!(me["family_plan"], json!({"plan_id": plan, "name": "The Hills", "role": "owner"}));
}

async fn a_user_is_told_about(world: &World) {
    let all = json!({"email": "bob@example.org", "name": "Bob", "individual_plan": "premium"});
    let user = world.service().put("/v1/users/bob", &all).await.ok(200);
    assert_fields(&user, USER);
    let expected = json!({
        "user_id": "bob", "email": "bob@example.org", "name": "Bob", "individual_plan": "premium",
        "plan_in_force": {"kind": "individual", "code": "premium"}, "zammad_user_id": null,
        "zammad_user_state": null,
    });
    assert_eq!(user, expected);
    assert_eq!(world.admin().put("/v1/users/bob", &json!({})).await.ok(200), expected);
    let cleared = world.admin().put("/v1/users/bob", &json!({"individual_plan": null})).await.ok(200);
    assert_eq!((&cleared["individual_plan"], &cleared["plan_in_force"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared["name"], "Bob");
}

async fn the_settings_are_shown_and_replaced(world: &World) {
    let ada = world.admin();
    let answer = ada.get("/v1/settings").await;
    let settings = answer.ok(200);
    assert_fields(&settings, SETTINGS);
    for (name, value) in [
        ("user_limit", json!(5)),
        ("invite_ttl_seconds", json!(172_800)),
        ("pending_invites_hold_seats", json!(true)),
        ("detached_invites", json!("reopen")),
        ("updated_by", Value::Null),
    ] {
        assert_eq!(settings[name], value, "{name}");
    }
    let etag = answer.header("etag").unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");

    let new = json!({
        "user_limit": 7, "invite_ttl_seconds": 3600, "pending_invites_hold_seats": false,
        "detached_invites": "revoke",
    });
    world.advance(Duration::seconds(1));
    let request = ada.request(Method::PUT, "/v1/settings").header(header::IF_MATCH, etag).json(&new);
    let replaced = Answer::to(request).await;
    let settings = replaced.ok(200);
    assert_fields(&settings, SETTINGS);
    for (name, value) in new.as_object().unwrap() {
        assert_eq!(&settings[name], value, "{name}");
    }
    assert_eq!(settings["updated_by"], "ada");
    assert_eq!(instant(&settings, "updated_at"), world.now());
    let again = ada.get("/v1/settings").await;
    assert_eq!((again.ok(200), again.header("etag")), (settings, replaced.header("etag")));
    assert_ne!(again.header("etag"), Some(etag));
}

async fn a_history_is_told(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let page = ann.get(&format!("/v1/plans/{plan}/events")).await.ok(200);
    assert_fields(&page, EVENT_LIST);
    assert_eq!(page["has_more"], false);
    assert!(page["next_cursor"].is_string());
    let events = page["items"].as_array().unwrap();
    assert!(!events.is_empty());
    for event in events {
        assert_fields(event, EVENT);
        assert_eq!(instant(event, "timestamp"), world.now());
        assert_eq!((text(event, "plan_id"), &event["actor"]), (plan.clone(), &json!("ann")));
    }
    assert_eq!(events[0]["type"], "plan.created");
}

async fn plans_are_listed(world: &World) {
    let plan = world.user("ann").opens("The Hills").await;
    let other = world.user("bob").opens("The Dales").await;
    for caller in [world.admin(), world.service()] {
        let list = caller.get("/v1/plans").await.ok(200);
        assert_fields(&list, LIST);
        let plans = list["items"].as_array().unwrap();
        assert_eq!(plans.len(), 2);
        for (listed, id) in plans.iter().zip([&plan, &other]) {
            assert_fields(listed, PLAN);
            assert_eq!(*listed, caller.plan(id).await);
        }
        let owned = caller.get("/v1/plans?owner_id=bob").await.ok(200);
        assert_eq!(owned["items"], json!([plans[1]]));
        let none = caller.get("/v1/plans?owner_id=cid").await.ok(200);
        assert_eq!(none, json!({"items": [], "next_cursor": null}));
    }
}
