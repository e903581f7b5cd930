//! The helpdesk's users.

use family_plan_domain::{MirroredUser, Sighting, ZammadUser, ZammadUserId};
use time::{Duration, OffsetDateTime};

use super::Stores;
use crate::{
    START,
    fixtures::{sighting, zammad_user},
};

const ZOE: ZammadUserId = ZammadUserId(7);

fn after(seconds: i64) -> OffsetDateTime {
    START + Duration::seconds(seconds)
}

fn zoe(updated_at: OffsetDateTime, lastname: &str) -> ZammadUser {
    ZammadUser { lastname: lastname.to_owned(), ..zammad_user(ZOE.0, updated_at) }
}

async fn record(stores: &Stores, user: &ZammadUser, at: OffsetDateTime) -> u64 {
    let sighting = Sighting { user: user.clone(), at };
    stores.zammad_users.record(vec![sighting]).await.unwrap()
}

async fn find(stores: &Stores) -> MirroredUser {
    stores.zammad_users.find(ZOE).await.unwrap().unwrap()
}

async fn unseen(stores: &Stores, before: OffsetDateTime) -> Vec<ZammadUserId> {
    stores.zammad_users.not_seen_since(before, None, 1000).await.unwrap()
}

pub async fn an_unknown_zammad_user_is_not_found(stores: Stores) {
    assert_eq!(stores.zammad_users.find(ZOE).await.unwrap(), None);
}

pub async fn what_was_heard_of_a_user_comes_back(stores: Stores) {
    let deactivated = ZammadUser {
        email: None,
        firstname: String::new(),
        lastname: "O'Zoë 🦊 \\ \"%_".to_owned(),
        active: false,
        ..zoe(after(0), "")
    };
    for (user, seconds) in [(zoe(after(-1), "Zammad"), 3), (deactivated, 5)] {
        assert_eq!(record(&stores, &user, after(seconds)).await, 1);
        let known = MirroredUser { user, seen_at: after(seconds), vanished_at: None };
        assert_eq!(find(&stores).await, known);
    }
}

pub async fn the_longest_names_and_addresses_fit(stores: Stores) {
    let long = ZammadUser {
        email: Some("é".repeat(255)),
        firstname: "🦊".repeat(255),
        ..zoe(after(0), &"字".repeat(255))
    };
    record(&stores, &long, after(0)).await;
    assert_eq!(find(&stores).await.user, long);
}

pub async fn newer_replaces_older(stores: Stores) {
    let [older, newer] = [zoe(after(0), "Old"), zoe(after(0) + Duration::milliseconds(1), "New")];
    assert_eq!(record(&stores, &older, after(9)).await, 1);
    let newer = ZammadUser { email: None, firstname: "Zora".to_owned(), active: false, ..newer };
    assert_eq!(record(&stores, &newer, after(8)).await, 1);
    assert_eq!(find(&stores).await, MirroredUser { user: newer, seen_at: after(9), vanished_at: None });
}

pub async fn older_never_overwrites_newer(stores: Stores) {
    let [older, newer] = [zoe(after(0), "Old"), zoe(after(1), "New")];
    let older = ZammadUser { email: None, firstname: "Zora".to_owned(), active: false, ..older };
    record(&stores, &newer, after(1)).await;
    assert_eq!(record(&stores, &older, after(5)).await, 0);
    assert_eq!(find(&stores).await, MirroredUser { user: newer, seen_at: after(5), vanished_at: None });
}

pub async fn the_same_again_changes_nothing_but_when_they_were_seen(stores: Stores) {
    let first = zoe(after(0), "First");
    record(&stores, &first, after(1)).await;
    for (seconds, seen_at) in [(0, after(1)), (2, after(2))] {
        assert_eq!(record(&stores, &zoe(after(0), "Second"), after(seconds)).await, 0);
        let known = MirroredUser { user: first.clone(), seen_at, vanished_at: None };
        assert_eq!(find(&stores).await, known);
    }
}

pub async fn a_user_may_come_several_times_in_one_call(stores: Stores) {
    let seen = |seconds, lastname, at| Sighting { user: zoe(after(seconds), lastname), at: after(at) };
    let sightings = vec![seen(1, "One", 4), seen(3, "Three", 3), seen(2, "Two", 9), seen(3, "Late", 3)];
    assert_eq!(stores.zammad_users.record(sightings).await.unwrap(), 1);
    let known = MirroredUser { user: zoe(after(3), "Three"), seen_at: after(9), vanished_at: None };
    assert_eq!(find(&stores).await, known);
}

pub async fn very_many_can_be_recorded_at_once(stores: Stores) {
    let sightings = |ids: std::ops::RangeInclusive<i64>, seconds| {
        ids.rev().map(|id| sighting(zammad_user(id, after(seconds)))).collect::<Vec<_>>()
    };
    assert_eq!(stores.zammad_users.record(sightings(1..=2_500, 0)).await.unwrap(), 2_500);
    assert_eq!(stores.zammad_users.record(sightings(1..=2_500, 0)).await.unwrap(), 0);
    assert_eq!(stores.zammad_users.record(sightings(1_001..=3_000, 1)).await.unwrap(), 2_000);
    let unseen = stores.zammad_users.not_seen_since(after(1), None, 5_000).await.unwrap();
    assert!(unseen.into_iter().eq((1..=1_000).map(ZammadUserId)));

    stores.zammad_users.vanish((1..=3_000).map(ZammadUserId).collect(), after(1)).await.unwrap();
    for (id, vanished_at) in [(1, Some(after(1))), (1_000, Some(after(1))), (1_001, None), (3_000, None)] {
        let known = stores.zammad_users.find(ZammadUserId(id)).await.unwrap();
        assert_eq!(known.unwrap().vanished_at, vanished_at, "{id}");
    }
}

pub async fn nobody_can_be_recorded(stores: Stores) {
    assert_eq!(stores.zammad_users.record(Vec::new()).await.unwrap(), 0);
    stores.zammad_users.vanish(Vec::new(), after(0)).await.unwrap();
    assert_eq!(stores.zammad_users.matches(Vec::new()).await.unwrap(), []);
}

pub async fn whoever_is_not_seen_any_more_is_listed_page_by_page(stores: Stores) {
    let users = (1..=9).map(|id| Sighting { user: zammad_user(id, after(-9)), at: after(id % 3) });
    stores.zammad_users.record(users.collect()).await.unwrap();
    stores.zammad_users.vanish(vec![ZammadUserId(4)], after(5)).await.unwrap();
    let all = [1, 3, 6, 7, 9].map(ZammadUserId);
    assert_eq!(unseen(&stores, after(2)).await, all, "2, 5 and 8 were seen at that very moment");
    let mut read = Vec::new();
    loop {
        let page = stores.zammad_users.not_seen_since(after(2), read.last().copied(), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        read.extend(page);
    }
    assert_eq!(read, all);
}

pub async fn whoever_was_seen_meanwhile_does_not_vanish(stores: Stores) {
    record(&stores, &zoe(after(0), "Zammad"), after(5)).await;
    for seconds in [4, 5] {
        stores.zammad_users.vanish(vec![ZOE], after(seconds)).await.unwrap();
        assert_eq!(find(&stores).await.vanished_at, None);
    }
    stores.zammad_users.vanish(vec![ZOE, ZammadUserId(8)], after(6)).await.unwrap();
    assert_eq!(find(&stores).await.vanished_at, Some(after(6)));
    assert_eq!(stores.zammad_users.find(ZammadUserId(8)).await.unwrap(), None);
    assert_eq!(unseen(&stores, after(9)).await, []);
}

pub async fn whoever_vanished_and_is_seen_later_is_there_again(stores: Stores) {
    let user = zoe(after(0), "Zammad");
    record(&stores, &user, after(0)).await;
    stores.zammad_users.vanish(vec![ZOE], after(5)).await.unwrap();
    assert_eq!(record(&stores, &user, after(6)).await, 0);
    assert_eq!(find(&stores).await, MirroredUser { user, seen_at: after(6), vanished_at: None });
}

pub async fn what_is_heard_late_brings_nobody_back(stores: Stores) {
    record(&stores, &zoe(after(0), "Old"), after(0)).await;
    stores.zammad_users.vanish(vec![ZOE], after(5)).await.unwrap();
    for seconds in [4, 5] {
        // What it tells is newer all the same.
        let user = zoe(after(seconds), "New");
        assert_eq!(record(&stores, &user, after(seconds)).await, 1);
        let known = MirroredUser { user, seen_at: after(seconds), vanished_at: Some(after(5)) };
        assert_eq!(find(&stores).await, known);
    }
}

pub async fn whoever_vanished_stays_gone_since_then(stores: Stores) {
    record(&stores, &zoe(after(0), "Zammad"), after(0)).await;
    for seconds in [5, 9, 3] {
        stores.zammad_users.vanish(vec![ZOE], after(seconds)).await.unwrap();
        assert_eq!(find(&stores).await.vanished_at, Some(after(5)));
    }
}
