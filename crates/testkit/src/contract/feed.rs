//! The events of all plans in one order.

use family_plan_domain::{
    Capacity, Event, EventKind, FeedEvent, FeedPlace, LinkReason, PlanName, ZammadUserId, ports::EventFeed,
};

use super::{Stores, world::World};
use crate::fixtures::{origin, user_id};

/// Gives everything its place.
pub(super) async fn extend(feed: &dyn EventFeed) -> usize {
    let mut n_events = 0;
    while let n_more = feed.extend(100).await.unwrap()
        && 0 < n_more
    {
        n_events += n_more;
    }
    n_events
}

/// Everything after a place that can be read now, page by page.
pub(super) async fn read_on(feed: &dyn EventFeed, after: FeedPlace, limit: usize) -> Vec<FeedEvent> {
    let mut read: Vec<FeedEvent> = Vec::new();
    loop {
        let page = feed.read(read.last().map_or(after, |it| it.place), limit).await.unwrap();
        assert!(page.len() <= limit);
        if page.is_empty() {
            return read;
        }
        read.extend(page);
    }
}

pub(super) async fn whole(stores: &Stores) -> Vec<Event> {
    extend(&*stores.feed).await;
    read_on(&*stores.feed, FeedPlace::START, 100).await.into_iter().map(|it| it.event).collect()
}

pub async fn the_feed_is_empty_at_first(stores: Stores) {
    assert_eq!(stores.feed.extend(10).await.unwrap(), 0);
    assert_eq!(stores.feed.read(FeedPlace::START, 10).await.unwrap(), []);
}

pub async fn what_was_saved_is_in_the_feed_once_it_has_its_place(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let feed = &*world.stores.feed;
    assert_eq!(feed.read(FeedPlace::START, 10).await.unwrap(), []);
    assert_eq!(feed.extend(10).await.unwrap(), 2);
    assert_eq!(feed.extend(10).await.unwrap(), 0);
    let read = feed.read(FeedPlace::START, 10).await.unwrap();
    assert!(read.is_sorted_by(|one, next| one.place < next.place));
    assert_eq!(read.into_iter().map(|it| it.event).collect::<Vec<_>>(), world.history(plan).await);
}

pub async fn the_feed_has_everything_that_ever_happened(stores: Stores) {
    let world = World::new(stores);
    let [ann, ada] = ["ann", "ada"].map(user_id);
    let by_ada = origin(&ada, world.now());
    let plan = world.plan_of("ann").await;
    world.change_settings(|it| it.user_limit = Capacity::new(7).unwrap()).await;
    for zammad_user in [7, 8] {
        let users = &world.stores.users;
        let link = users.link(ada.clone(), ZammadUserId(zammad_user), LinkReason::Requested, &by_ada);
        assert!(link.await.unwrap());
    }
    assert!(
        world.stores.users.link(ann, ZammadUserId(9), LinkReason::Requested, &by_ada).await.unwrap(),
        "in a plan"
    );
    world.close(plan).await;

    let all = whole(&world.stores).await;
    // How plans and what happens outside of them are mixed does not matter.
    let of = |is_of: &dyn Fn(&Event) -> bool| -> Vec<_> {
        all.iter().filter(|it| is_of(it)).map(|it| it.kind).collect()
    };
    assert_eq!(
        of(&|it| it.plan == Some(plan)),
        [
            EventKind::PlanCreated,
            EventKind::MemberJoined,
            EventKind::ZammadUserLinked,
            EventKind::MemberDetached,
            EventKind::PlanClosed,
        ]
    );
    assert_eq!(of(&|it| it.plan.is_none() && it.cursor.revision != 0), [EventKind::SettingsUpdated]);
    assert_eq!(
        of(&|it| it.plan.is_none() && it.cursor.revision == 0),
        [EventKind::ZammadUserLinked, EventKind::ZammadUserUnlinked, EventKind::ZammadUserLinked]
    );
    assert_eq!(all.len(), 9);
}

pub async fn the_feed_is_read_page_by_page(stores: Stores) {
    let world = World::new(stores);
    for owner in ["ann", "bob"] {
        let plan = world.plan_of(owner).await;
        world.join(plan, &format!("{owner}'s friend")).await;
    }
    let all = whole(&world.stores).await;
    for limit in 1..=all.len() {
        let read = read_on(&*world.stores.feed, FeedPlace::START, limit).await;
        assert!(read.is_sorted_by(|one, next| one.place < next.place));
        assert_eq!(read.into_iter().map(|it| it.event).collect::<Vec<_>>(), all);
    }
}

pub async fn places_are_given_a_few_at_a_time(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    for name in ["One", "Two", "Three"] {
        world.decide(plan, |plan, _| plan.rename(PlanName::new(name).unwrap())).await;
    }
    for n_placed in [2, 2, 1, 0] {
        assert_eq!(world.stores.feed.extend(2).await.unwrap(), n_placed);
    }
    assert_eq!(whole(&world.stores).await, world.history(plan).await);
}

pub async fn very_many_events_get_their_places_at_once(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    world.issue_many(plan, 300).await;
    world.close(plan).await;
    // Opened by two, 300 invites issued and revoked, one detached, one closed; the settings.
    let n_events = 2 + 600 + 2 + 1;
    assert_eq!(world.stores.feed.extend(10_000).await.unwrap(), n_events);
    let mut all = whole(&world.stores).await;
    all.retain(|it| it.plan == Some(plan));
    assert_eq!(all.len(), n_events - 1);
    assert!(all.is_sorted_by(|one, next| one.cursor < next.cursor));
}
