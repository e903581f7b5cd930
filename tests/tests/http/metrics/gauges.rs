//! How full the plans are, and what waits.

use serde_json::{Value, json};
use time::Duration;

use super::{Scrape, until};
use crate::{
    client::text,
    hooks::{DELIVERIES, Hook, NOON, replay, sent, settled, zammad_user},
    world::{World, engines},
};

engines!(plans_and_seats_are_counted, what_waits_is_counted, a_database_that_fails_is_left_out);

/// Used, held, plans, and those over their limit.
async fn fullness(world: &World, expected: [u64; 4]) {
    let names = ["seats{state=\"used\"}", "seats{state=\"held\"}", "plans", "plans_over_limit"];
    for (name, expected) in names.into_iter().zip(expected) {
        until(&world.anonymous(), name, expected).await;
    }
}

async fn plans_and_seats_are_counted(world: &World) {
    fullness(world, [0, 0, 0, 0]).await;
    let (ann, eve) = (world.user("ann"), world.user("eve"));
    let (plan, other) = (ann.opens("The Hills").await, eve.opens("The Dales").await);
    fullness(world, [2, 0, 2, 0]).await;
    let invite = ann.invites(&plan).await;
    ann.invites_with(&plan, &json!({"expires_in_seconds": 60})).await;
    eve.invites(&other).await;
    fullness(world, [2, 3, 2, 0]).await;
    world.user("bob").accepts(&invite.code).await.ok(200);
    world.joins("cid", &ann, &plan).await;
    fullness(world, [4, 2, 2, 0]).await;

    // Nothing is saved when an invite expires.
    world.advance(Duration::MINUTE);
    fullness(world, [4, 1, 2, 0]).await;
    world.admin().sets(&json!({"user_limit": 2})).await;
    fullness(world, [4, 1, 2, 1]).await;
    let limit = world.admin().patch(&format!("/v1/plans/{other}"), &json!({"user_limit": 1})).await;
    limit.ok(200);
    fullness(world, [4, 1, 2, 1]).await;
    world.admin().sets(&json!({"pending_invites_hold_seats": false})).await;
    fullness(world, [4, 0, 2, 1]).await;
    world.admin().sets(&json!({"pending_invites_hold_seats": true})).await;

    // What is open again holds no seat; a closed plan has none.
    ann.detaches(&plan, "bob").await.ok(200);
    fullness(world, [3, 1, 2, 0]).await;
    eve.delete(&format!("/v1/plans/{other}")).await.ok(204);
    fullness(world, [2, 0, 1, 0]).await;
}

async fn what_waits_is_counted(world: &World) {
    let (admin, anonymous) = (world.admin(), world.anonymous());
    let depth = |state| format!("inbox_depth{{state=\"{state}\"}}");
    until(&anonymous, &depth("pending"), 0).await;
    assert_eq!(Scrape::of(&anonymous).await.get("inbox_oldest_seconds"), Some(0));

    // They cannot be applied for the time being.
    admin.get("/v1/me").await.ok(200);
    world.database.execute("ALTER TABLE zammad_users RENAME TO zammad_users_away").await;
    Hook::of(&zammad_user(17, "Zoe", NOON)).to(&anonymous).await.ok(202);
    world.advance(Duration::seconds(90));
    Hook::of(&zammad_user(18, "Zed", NOON)).to(&anonymous).await.ok(202);
    world.advance(Duration::seconds(30));
    let scrape = Scrape::of(&anonymous).await;
    assert_eq!(scrape.get(&depth("pending")), Some(2));
    assert_eq!(scrape.get("inbox_oldest_seconds"), Some(120));
    world.database.execute("ALTER TABLE zammad_users_away RENAME TO zammad_users").await;
    world.advance(Duration::MINUTE);
    settled(&admin).await;

    let (state, _) = sent(world, &Hook::signed("no JSON")).await;
    assert_eq!(state, "failed");
    let scrape = Scrape::of(&anonymous).await;
    assert_eq!((scrape.get(&depth("pending")), scrape.get(&depth("failed"))), (Some(0), Some(1)));
    assert_eq!(scrape.get("inbox_oldest_seconds"), Some(0));
    let failed: Value = admin.get(&format!("{DELIVERIES}?state=failed")).await.ok(200);
    assert_eq!(text(&failed["items"][0], "state"), "failed");
    replay(&admin, &failed["items"][0]).await;
    settled(&admin).await;
    assert_eq!(Scrape::anew(world).await.get(&depth("failed")), Some(1));
}

async fn a_database_that_fails_is_left_out(world: &World) {
    const KNOWN: [&str; 8] = [
        "seats",
        "plans",
        "plans_over_limit",
        "inbox_depth",
        "inbox_oldest_seconds",
        "outbox_depth",
        "outbox_oldest_seconds",
        "invites_issued_total",
    ];
    let there = async || {
        let text = Scrape::anew(world).await.text;
        KNOWN.map(|it| text.contains(&format!("# TYPE family_plan_{it} ")))
    };
    assert_eq!(there().await, [true; 8]);
    world.database.execute("ALTER TABLE zammad_deliveries RENAME TO zammad_deliveries_away").await;
    assert_eq!(there().await, [false, false, false, false, false, false, false, true]);
    world.database.execute("ALTER TABLE zammad_deliveries_away RENAME TO zammad_deliveries").await;
    assert_eq!(there().await, [true; 8]);
}
