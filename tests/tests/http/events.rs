//! The history of a plan: everything, in order, with who, why and by which request.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    client::{Answer, text},
    world::{World, engines},
};

engines!(
    everything_that_happens_is_told_in_order,
    an_event_tells_of_the_request_that_caused_it,
    a_detachment_has_a_reason,
    a_membership_event_tells_the_plans_in_force,
    a_cursor_never_skips_an_event,
    nothing_that_failed_is_told,
);

fn kinds(events: &[Value]) -> Vec<String> {
    events.iter().map(|it| text(it, "type")).collect()
}

async fn everything_that_happens_is_told_in_order(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}");
    let invite = ann.invites(&plan).await;
    ann.patch(&path, &json!({"name": "The Dales"})).await.ok(200);
    world.admin().patch(&path, &json!({"user_limit": 7})).await.ok(200);
    world.user("bob").accepts(&invite.code).await.ok(200);
    ann.post_json(&format!("{path}/transfer"), &json!({"new_owner_id": "bob"})).await.ok(200);
    let bob = world.user("bob");
    let other = bob.invites(&plan).await;
    bob.delete(&format!("{path}/invites/{}", other.id)).await.ok(204);
    ann.detaches(&plan, "ann").await.ok(200);
    let events = bob.events(&plan).await;
    let kinds = kinds(&events);
    let expected = [
        "plan.created",
        "invite.created",
        "plan.renamed",
        "plan.limit_changed",
        "invite.accepted",
        "member.joined",
        "plan.owner_changed",
        "invite.created",
        "invite.revoked",
        "member.detached",
    ];
    let told: Vec<&str> = kinds.iter().map(String::as_str).filter(|it| expected.contains(it)).collect();
    // The owner's own membership may be told as well.
    let told: Vec<&str> = match told[..] {
        ["plan.created", "member.joined", ref rest @ ..] => [&["plan.created"], rest].concat(),
        _ => told,
    };
    assert_eq!(told, expected);
    let mut ids: Vec<String> = events.iter().map(|it| text(it, "id")).collect();
    let n = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n);
    // What changed nothing is not told.
    bob.patch(&path, &json!({"name": "The Dales"})).await.ok(200);
    bob.delete(&format!("{path}/invites/{}", other.id)).await.ok(204);
    world.admin().patch(&path, &json!({"user_limit": 7})).await.ok(200);
    assert_eq!(bob.events(&plan).await, events);
}

async fn an_event_tells_of_the_request_that_caused_it(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let request = ann.request(Method::POST, &format!("/v1/plans/{plan}/invites"));
    Answer::to(request.header("X-Request-Id", "the-request.7")).await.ok(201);
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"name": "x"})).await.ok(200);
    let events = ann.events(&plan).await;
    let created = events.iter().find(|it| it["type"] == "invite.created").unwrap();
    assert_eq!((&created["request_id"], &created["actor"]), (&json!("the-request.7"), &json!("ann")));
    let renamed = events.iter().find(|it| it["type"] == "plan.renamed").unwrap();
    assert_eq!(renamed["actor"], "ada");
    assert!(!text(renamed, "request_id").is_empty());
}

async fn a_detachment_has_a_reason(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for (user, by) in [("bob", "bob"), ("cid", "ann"), ("dan", "ada"), ("eve", "billing")] {
        let code = world.joins(user, &ann, &plan).await;
        let by = match by {
            "ada" => world.admin(),
            "billing" => world.service(),
            _ => world.user(by),
        };
        by.detaches(&plan, user).await.ok(200);
        world.user(user).accepts(&code).await.problem(403, "invite_barred");
    }
    let events = ann.events(&plan).await;
    let reasons: Vec<(String, String, String)> = events
        .iter()
        .filter(|it| it["type"] == "member.detached")
        .map(|it| (text(&it["data"], "user_id"), text(it, "actor"), text(it, "reason")))
        .collect();
    let expected = [
        ("bob", "bob", "left"),
        ("cid", "ann", "removed"),
        ("dan", "ada", "removed"),
        ("eve", "billing", "removed"),
    ];
    let expected = expected.map(|(user, by, why)| (user.to_owned(), by.to_owned(), why.to_owned()));
    assert_eq!(reasons, expected);
}

async fn a_membership_event_tells_the_plans_in_force(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.service().put("/v1/users/bob", &json!({"individual_plan": "free"})).await.ok(200);
    let invite = ann.invites(&plan).await;
    world.user("bob").accepts(&invite.code).await.ok(200);
    ann.detaches(&plan, "bob").await.ok(200);
    let events = ann.events(&plan).await;
    let of = |kind: &str| {
        let is_it = |it: &&Value| it["type"] == kind && it["data"]["user_id"] == "bob";
        events.iter().find(is_it).unwrap()["data"].clone()
    };
    let (joined, detached) = (of("member.joined"), of("member.detached"));
    for data in [&joined, &detached] {
        assert_eq!((&data["invite_id"], &data["zammad_user_id"]), (&json!(invite.id), &Value::Null));
        assert!(data.as_object().unwrap().contains_key("zammad_user_id"));
    }
    // Whatever the fields are called: what was in force before and after is there, both ways.
    let (family, own) =
        (json!({"kind": "family", "plan_id": plan}), json!({"kind": "individual", "code": "free"}));
    for data in [joined, detached] {
        let values: Vec<&Value> = data.as_object().unwrap().values().collect();
        assert!(values.contains(&&family) && values.contains(&&own), "{data}");
    }
}

async fn a_cursor_never_skips_an_event(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/events");
    let mut cursor = None::<String>;
    let mut read = Vec::new();
    for round in 0..4 {
        loop {
            let after = cursor.as_ref().map(|it| format!("&cursor={it}")).unwrap_or_default();
            let page = ann.get(&format!("{path}?limit=1{after}")).await.ok(200);
            read.extend(page["items"].as_array().unwrap().iter().cloned());
            cursor = Some(text(&page, "next_cursor"));
            if page["has_more"] == false {
                break;
            }
        }
        // At the end there is nothing more, and a place to go on from.
        let page = ann.get(&format!("{path}?cursor={}", cursor.as_ref().unwrap())).await.ok(200);
        assert_eq!((&page["items"], &page["has_more"]), (&json!([]), &json!(false)));
        cursor = Some(text(&page, "next_cursor"));
        world.joins(&format!("user{round}"), &ann, &plan).await;
    }
    let rest = ann.get(&format!("{path}?cursor={}", cursor.unwrap())).await.ok(200);
    read.extend(rest["items"].as_array().unwrap().iter().cloned());
    assert_eq!(read, ann.events(&plan).await);
}

async fn nothing_that_failed_is_told(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let before = ann.events(&plan).await;
    ann.accepts(&invite.code).await.problem(409, "own_plan");
    ann.detaches(&plan, "ann").await.problem(409, "owner_cannot_leave");
    ann.detaches(&plan, "bob").await.problem(404, "not_a_member");
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": ""})).await.problem(422, "invalid_request");
    let request = ann.request(Method::POST, &format!("/v1/plans/{plan}/invites"));
    let request = request.header(header::CONTENT_TYPE, "application/json").body("{");
    Answer::to(request).await.problem(400, "malformed_request");
    assert_eq!(ann.events(&plan).await, before);
}
