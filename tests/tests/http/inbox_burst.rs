//! Far more deliveries than can be applied at once, many of them twice, at two servers.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use time::Duration;
use tokio::time::Instant;

use crate::{
    client::text,
    hooks::{Hook, NOON, known, links, settled, zammad_user},
    world::{World, engines},
};

engines!(replicated: every_delivery_of_a_burst_is_applied_once);

const N_SENT: usize = 5_000;
/// The others are sent twice.
const N_BODIES: usize = 3_334;
const N_AT_ONCE: usize = 50;
const N_USERS: usize = 64;
/// Those of them who stand for users of ours.
const N_ASSOCIATED: usize = 8;
const FIRST_ID: u64 = 100;
/// Has no divisor in common with [`N_SENT`], so that each delivery has its turn, far away from its neighbours.
const STRIDE: usize = 2_147;

/// The `n`th body tells of one customer in a state that no other body tells of.
fn hook(n: usize) -> Hook {
    let (user, version) = (n % N_USERS, n / N_USERS);
    let at = NOON + Duration::seconds(version.try_into().unwrap());
    let mut customer = zammad_user(FIRST_ID + user as u64, &format!("Version {version}"), at);
    customer["email"] = json!(format!("user{user}@example.com"));
    Hook::of(&customer).named(format!("delivery {n}"))
}

fn last_version(user: usize) -> usize {
    (N_BODIES - 1 - user) / N_USERS
}

async fn every_delivery_of_a_burst_is_applied_once(world: &World) {
    let admin = world.admin();
    let mut plans = Vec::new();
    for user in 0..N_ASSOCIATED {
        plans.push(world.user(&format!("user{user}")).opens("The Hills").await);
    }

    let began = Instant::now();
    let sending = stream::iter(0..N_SENT).map(|n| async move {
        let zammad = world.anonymous().at(world.base(n));
        hook(n * STRIDE % N_SENT % N_BODIES).to(&zammad).await.ok(202);
    });
    sending.buffer_unordered(N_AT_ONCE).collect::<()>().await;
    let taken = began.elapsed();
    let deliveries = settled(&admin).await;
    let applied = began.elapsed();

    assert_eq!(deliveries.len(), N_BODIES);
    let names: BTreeSet<String> = deliveries.iter().map(|it| text(it, "delivery_id")).collect();
    assert_eq!(names.len(), N_BODIES);
    let odd: Vec<&Value> =
        deliveries.iter().filter(|it| it["state"] != "applied" || it["attempts"] != 1).collect();
    assert!(odd.is_empty(), "{} of them: {:?}", odd.len(), odd[0]);
    for user in 0..N_USERS {
        let expected = format!("Version {}", last_version(user));
        assert_eq!(known(&admin, FIRST_ID + user as u64).await, Some(expected), "{user}");
    }
    for plan in plans {
        assert_eq!(links(&admin, &plan).await.len(), 1);
    }
    // For information only.
    println!("{N_SENT} deliveries were taken in {taken:.1?}, and {N_BODIES} applied in {applied:.1?}");
}
