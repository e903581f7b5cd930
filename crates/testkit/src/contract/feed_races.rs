//! Several replicas at once, while others follow the feed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use family_plan_domain::{Event, EventCursor, FeedEvent, FeedPlace, PlanId, PlanName};
use uuid::Uuid;

use super::{
    Stores,
    feed::{extend, read_on},
    world::{World, at_once},
};

const N_PLANS: usize = 6;
const N_WRITERS: usize = 12;
const N_SAVES: usize = 12;

/// Each once, and those of each plan in their order.
fn check_order(read: &[FeedEvent]) -> BTreeMap<PlanId, usize> {
    assert!(read.is_sorted_by(|one, next| one.place < next.place));
    let ids: BTreeSet<Uuid> = read.iter().map(|it| it.event.id.into()).collect();
    assert_eq!(ids.len(), read.len(), "none comes twice");
    let mut last: BTreeMap<PlanId, EventCursor> = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for Event { plan, cursor, .. } in read.iter().map(|it| &it.event) {
        let Some(plan) = plan else { continue };
        let before = last.insert(*plan, *cursor);
        assert!(before < Some(*cursor), "{before:?} comes before {cursor:?} of the same plan");
        *counts.entry(*plan).or_default() += 1;
    }
    counts
}

pub async fn whoever_follows_the_feed_misses_nothing_while_others_save(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let mut plans = Vec::new();
    for n in 0..N_PLANS {
        plans.push(world.plan_of(&format!("owner{n}")).await);
    }
    let n_writing = Arc::new(AtomicUsize::new(N_WRITERS));
    let tasks = (0..N_WRITERS + 2).map(|n| {
        let (world, n_writing) = (Arc::clone(&world), Arc::clone(&n_writing));
        let plan = plans[n % N_PLANS];
        async move {
            if n < N_WRITERS {
                for save in 0..N_SAVES {
                    let name = PlanName::new(&format!("{n} {save}")).unwrap();
                    world.decide(plan, |plan, _| plan.rename(name.clone())).await;
                }
                n_writing.fetch_sub(1, Ordering::SeqCst);
                return Vec::new();
            }
            // Two follow, each from where it is, and give places as they go.
            let feed = &*world.stores.feed;
            let mut read: Vec<FeedEvent> = Vec::new();
            loop {
                let is_over = n_writing.load(Ordering::SeqCst) == 0;
                let n_placed = extend(feed).await;
                let more = read_on(feed, read.last().map_or(FeedPlace::START, |it| it.place), 7).await;
                if is_over && n_placed == 0 && more.is_empty() {
                    return read;
                }
                read.extend(more);
                tokio::task::yield_now().await;
            }
        }
    });
    let read = at_once(tasks).await;
    assert_eq!(read[N_WRITERS], read[N_WRITERS + 1], "both saw the same");
    let counts = check_order(&read[N_WRITERS]);
    for plan in plans {
        assert_eq!(counts[&plan], world.history(plan).await.len(), "nothing is missing");
    }
}

pub async fn what_waits_for_its_place_keeps_the_order_of_its_plan(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let plan = world.plan_of("ann").await;
    let saves = (0..8).map(|n| {
        let world = Arc::clone(&world);
        async move {
            for save in 0..8 {
                let name = PlanName::new(&format!("{n} {save}")).unwrap();
                world.decide(plan, |plan, _| plan.rename(name.clone())).await;
            }
        }
    });
    at_once(saves).await;
    // Everything waits by now; many give places, a few each time.
    let extensions = (0..6).map(|_| {
        let feed = Arc::clone(&world.stores.feed);
        async move { while 0 < feed.extend(3).await.unwrap() {} }
    });
    at_once(extensions).await;
    let read = read_on(&*world.stores.feed, FeedPlace::START, 100).await;
    check_order(&read);
    assert_eq!(read.into_iter().map(|it| it.event).collect::<Vec<_>>(), world.history(plan).await);
}
