//! The events of all plans, as somebody who looks after all of them follows them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::{
    client::{Caller, text},
    shapes::assert_fields,
    world::{World, engines},
};

const FEED: &str = "/v1/events";

engines!(
    everything_is_told_to_whoever_looks_after_all_plans,
    a_place_in_the_feed_is_kept,
    only_those_who_look_after_all_plans_see_the_feed,
    every_type_of_event_tells_what_its_schema_says,
);

mod under_load {
    use super::*;

    engines!(replicated: whoever_follows_the_feed_misses_nothing_under_load);
}

async fn everything_is_told_to_whoever_looks_after_all_plans(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let empty = admin.get(FEED).await.ok(200);
    assert_fields(&empty, &["items", "next_cursor", "has_more"]);
    assert_eq!((&empty["items"], &empty["has_more"]), (&json!([]), &json!(false)));

    let closed = ann.opens("The Hills").await;
    let of_closed = ann.events(&closed).await;
    ann.delete(&format!("/v1/plans/{closed}")).await.ok(204);
    let plan = ann.opens("The Dales").await;
    admin.sets(&json!({"user_limit": 7})).await;
    admin.put("/v1/users/zoe/zammad-user", &json!({"zammad_user_id": 17})).await.ok(200);

    for (caller, limit) in [(admin, 1), (world.service(), 2), (world.service(), 100)] {
        let events = caller.all(FEED, limit).await;
        let of = |plan: &Value| -> Vec<Value> {
            events.iter().filter(|it| it["plan_id"] == *plan).cloned().collect()
        };
        assert_eq!(of(&json!(plan)), ann.events(&plan).await);
        let told = of(&json!(closed));
        assert_eq!(told[..2], of_closed);
        assert_eq!(told.last().unwrap()["type"], "plan.closed");
        let outside: Vec<String> = of(&Value::Null).iter().map(|it| text(it, "type")).collect();
        assert_eq!(
            BTreeSet::from_iter(outside),
            ["settings.updated", "zammad_user.linked"].map(str::to_owned).into()
        );
        for event in &events {
            assert_fields(
                event,
                &["id", "type", "timestamp", "plan_id", "actor", "reason", "request_id", "data"],
            );
            assert!(event["actor"].is_string() && event["request_id"].is_string(), "{event}");
        }
    }
}

async fn a_place_in_the_feed_is_kept(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let start = text(&admin.get(FEED).await.ok(200), "next_cursor");
    ann.opens("The Hills").await;
    let first = admin.get(&format!("{FEED}?cursor={start}")).await.ok(200);
    let end = text(&first, "next_cursor");
    let nothing = admin.get(&format!("{FEED}?cursor={end}")).await.ok(200);
    assert_eq!(nothing, json!({"items": [], "next_cursor": end, "has_more": false}));
    world.user("bob").opens("The Dales").await;
    for _ in 0..2 {
        let page = admin.get(&format!("{FEED}?cursor={end}&limit=1")).await.ok(200);
        assert_eq!((&page["items"][0]["data"]["owner_id"], &page["has_more"]), (&json!("bob"), &json!(true)));
        assert_eq!(
            admin.get(&format!("{FEED}?cursor={start}&limit=2")).await.ok(200)["items"],
            first["items"]
        );
    }
}

async fn only_those_who_look_after_all_plans_see_the_feed(world: &World) {
    world.anonymous().get(&format!("{FEED}?limit=x")).await.problem(401, "unauthenticated");
    world.user("ann").get(&format!("{FEED}?limit=x")).await.problem(403, "forbidden");
    let wrong = world.admin().get(&format!("{FEED}?limit=0&cursor=%00")).await;
    assert_eq!(wrong.invalid(), ["/query/cursor", "/query/limit"]);
}

/// Whether `value` is what an OpenAPI schema says, as far as the schemas of events go.
fn fits(value: &Value, schema: &Value, document: &Value) -> bool {
    if value.is_null() {
        return schema["nullable"] == true;
    }
    if let Some(reference) = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str()) {
        return fits(
            value,
            &document["components"]["schemas"][reference.rsplit('/').next().unwrap()],
            document,
        );
    }
    if let Some(names) = schema["enum"].as_array() {
        return names.contains(value);
    }
    match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("object") => {
            let (fields, properties) = (value.as_object().unwrap(), &schema["properties"]);
            let required = schema["required"].as_array().into_iter().flatten();
            required.into_iter().all(|it| fields.contains_key(it.as_str().unwrap()))
                && fields.iter().all(|(name, value)| fits(value, &properties[name], document))
        }
        _ => false,
    }
}

async fn every_type_of_event_tells_what_its_schema_says(world: &World) {
    let (admin, ann) = (world.admin(), world.user("ann"));
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}");
    for (user, zammad_user) in [("bob", 17), ("bob", 18), ("zoe", 19)] {
        let link = json!({"zammad_user_id": zammad_user});
        admin.put(&format!("/v1/users/{user}/zammad-user"), &link).await.ok(200);
    }
    admin.put("/v1/users/bob", &json!({"individual_plan": "free"})).await.ok(200);
    world.joins("bob", &ann, &plan).await;
    world.joins("cid", &ann, &plan).await;
    ann.invites_with(&plan, &json!({"recipient_email": "dan@example.com"})).await;
    ann.detaches(&plan, "cid").await.ok(200);
    ann.patch(&path, &json!({"name": "The Dales"})).await.ok(200);
    for limit in [json!(7), Value::Null] {
        admin.patch(&path, &json!({"user_limit": limit})).await.ok(200);
    }
    admin.sets(&json!({"user_limit": 7, "detached_invites": "revoke"})).await;
    ann.post_json(&format!("{path}/transfer"), &json!({"new_owner_id": "bob"})).await.ok(200);
    world.user("bob").delete(&path).await.ok(204);

    let document = world.anonymous().get("/openapi.json").await.ok(200);
    let schemas = &document["components"]["schemas"];
    let mut types = BTreeSet::new();
    for event in admin.all(FEED, 100).await {
        let kind = text(&event, "type");
        let words = kind.split(['.', '_']).map(|it| it[..1].to_uppercase() + &it[1..]);
        let schema = &schemas[words.collect::<String>() + "Data"];
        assert!(fits(&event["data"], schema, &document), "{event} is not {schema}");
        types.insert(kind);
    }
    let described = schemas["Event"]["properties"]["data"]["anyOf"].as_array().unwrap();
    assert_eq!(types.len(), described.len(), "each of them happened: {types:?}");
}

/// Reads on until the writers are done and there is nothing more.
async fn follow(reader: &Caller, n_writing: &AtomicUsize) -> Vec<Value> {
    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let is_over = n_writing.load(Ordering::SeqCst) == 0;
        let page = reader.get(&format!("{FEED}?limit=5{cursor}")).await.ok(200);
        let items = page["items"].as_array().unwrap();
        read.extend(items.iter().cloned());
        cursor = format!("&cursor={}", text(&page, "next_cursor"));
        if is_over && items.is_empty() {
            return read;
        }
    }
}

async fn whoever_follows_the_feed_misses_nothing_under_load(world: &World) {
    const N_OWNERS: usize = 8;
    const N_INVITES: usize = 10;
    let n_writing = AtomicUsize::new(N_OWNERS);
    let write = async |n: usize| {
        let owner = world.user_at(n, &format!("owner{n}"));
        let plan = owner.opens("The Hills").await;
        for _ in 0..N_INVITES {
            let invite = owner.invites(&plan).await;
            owner.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.ok(204);
        }
        n_writing.fetch_sub(1, Ordering::SeqCst);
        (plan.clone(), owner.events(&plan).await)
    };
    let writing = join_all((0..N_OWNERS).map(write));
    let readers = [0, 1].map(|n| world.admin().at(world.base(n)));
    let following = join_all(readers.iter().map(|it| follow(it, &n_writing)));
    let (written, read) = join(writing, following).await;
    assert_eq!(read[0], read[1], "every replica tells the same");
    let mut by_plan: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in &read[0] {
        by_plan.entry(text(event, "plan_id")).or_default().push(event.clone());
    }
    assert_eq!(by_plan, written.into_iter().collect());
}
