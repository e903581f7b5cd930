//! Deliveries that come at once, at two servers.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use time::Duration;

use crate::{
    client::{Answer, number},
    hooks::{Hook, NOON, known, links, outcomes, settled, zammad_user},
    world::{World, engines},
};

engines!(
    replicated: the_same_body_is_one_delivery_however_often_it_comes,
    a_user_is_associated_once_however_many_deliveries_tell_of_them,
    the_newest_counts_when_servers_race,
);

async fn the_same_body_is_one_delivery_however_often_it_comes(world: &World) {
    let admin = world.admin();
    let hook = Hook::of(&zammad_user(11, "Ann", NOON));
    let send = |n: usize| {
        let (hook, zammad) =
            (hook.clone().named(format!("attempt {n}")), world.anonymous().at(world.base(n)));
        let method = [Method::POST, Method::PUT, Method::PATCH][n % 3].clone();
        async move { Answer::to(hook.request(&zammad, method)).await.ok(202) }
    };
    join_all((0..12).map(send)).await;
    let [delivery] = &settled(&admin).await[..] else { panic!("not one delivery") };
    assert_eq!((delivery["state"].as_str(), number(delivery, "attempts")), (Some("applied"), 1));
    // It is not forgotten once it was applied.
    world.advance(Duration::HOUR);
    send(12).await;
    assert_eq!(settled(&admin).await, std::slice::from_ref(delivery));
    // A single other byte makes another one.
    let other = Hook::signed([&hook.body[..], b" "].concat());
    other.to(&world.anonymous()).await.ok(202);
    assert_eq!(settled(&admin).await.len(), 2);
}

async fn a_user_is_associated_once_however_many_deliveries_tell_of_them(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let send = |n: usize| {
        let mut user = zammad_user(11, &format!("Ann {n}"), NOON + Duration::seconds(n.try_into().unwrap()));
        user["email"] = json!("ann@example.com");
        let (hook, zammad) = (Hook::of(&user), world.anonymous().at(world.base(n)));
        async move { hook.to(&zammad).await.ok(202) }
    };
    join_all((0..24).map(send)).await;
    let admin = world.admin();
    assert_eq!(outcomes(&admin).await, [("applied".to_owned(), 24)].into());
    assert_eq!(known(&admin, 11).await.as_deref(), Some("Ann 23"));
    assert_eq!(links(&ann, &plan).await.len(), 1);
    assert_eq!(ann.get("/v1/me").await.ok(200)["zammad_user_id"], 11);
}

async fn the_newest_counts_when_servers_race(world: &World) {
    let users: Vec<u64> = (11..19).collect();
    let send = |(n, id): (usize, u64)| {
        let at = NOON + Duration::seconds(n.try_into().unwrap());
        // Several people in one delivery, in changing order, so that rows are written in any order.
        let other = users[n % users.len()];
        let ticket = json!({
            "customer": zammad_user(id, &format!("Version {n}"), at),
            "owner": zammad_user(other, &format!("Version {n}"), at),
        });
        let hook = Hook::signed(json!({"ticket": ticket}).to_string());
        let zammad = world.anonymous().at(world.base(n));
        async move { hook.to(&zammad).await.ok(202) }
    };
    let versions = (0..16).flat_map(|n| users.iter().map(move |id| ((n * 7) % 16, *id)));
    join_all(versions.map(send)).await;
    let admin = world.admin();
    assert_eq!(outcomes(&admin).await, [("applied".to_owned(), 128)].into());
    for id in &users {
        assert_eq!(known(&admin, *id).await.as_deref(), Some("Version 15"), "{id}");
    }
}
