//! Several at once, who hear of the helpdesk's users and tell them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use family_plan_domain::{
    Event, EventKind, Fact, LinkReason, Sighting, UserId, ZammadUser, ZammadUserId,
    ports::{LinkError, PlanWrite},
};
use time::Duration;

use super::{
    Stores,
    world::{World, at_once},
};
use crate::fixtures::{user_id, zammad_user};

/// A race can end in several ways: each is run again and again.
const ROUNDS: i64 = 6;

pub async fn one_of_many_gets_a_user_of_the_helpdesk(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        let plan = world.plan_of(&format!("ann{round}")).await;
        let mut users = vec![user_id(&format!("ann{round}"))];
        for n in 0..2 {
            users.push(world.join(plan, &format!("member{round}-{n}")).await.0.id);
        }
        users.extend((0..5).map(|n| user_id(&format!("guest{round}-{n}"))));
        // Some have another one already, which they would give up.
        world.link(&users[1], ZammadUserId(1_000 + round)).await;
        let linked = at_once(users.iter().cloned().map(|user| {
            let world = Arc::clone(&world);
            async move { world.try_link(&user, ZammadUserId(100 + round), LinkReason::Requested).await }
        }))
        .await;
        assert_eq!(linked.iter().filter(|it| matches!(it, Ok(true))).count(), 1, "{linked:?}");
        let n_taken = linked.iter().filter(|it| matches!(it, Err(LinkError::Taken))).count();
        assert_eq!(n_taken, users.len() - 1, "{linked:?}");
        let winner = linked.iter().position(Result::is_ok).unwrap();
        for (n, user) in users.iter().enumerate() {
            let expected = match n {
                _ if n == winner => Some(ZammadUserId(100 + round)),
                1 => Some(ZammadUserId(1_000 + round)),
                _ => None,
            };
            assert_eq!(world.association(user).await, expected);
        }
        world.check(plan).await;
    }
}

pub async fn a_user_gets_one_of_many_by_address_or_request(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        let user = world.verified(&format!("ann{round}"), &format!("ann{round}@example.com")).await;
        let by_address = ZammadUserId(100 + round);
        world.sighted(by_address, &format!("ann{round}@example.com")).await;
        let by_hand = ZammadUserId(200 + round);
        let linked = at_once((0..4).map(|n| {
            let world = Arc::clone(&world);
            let user = user.clone();
            async move {
                if n == 0 {
                    world.try_link(&user, by_hand, LinkReason::Requested).await.unwrap()
                } else {
                    world.try_link(&user, by_address, LinkReason::VerifiedEmail).await.unwrap()
                }
            }
        }))
        .await;
        assert!(linked[0], "whatever was there, it was replaced");
        assert!(linked[1..].iter().filter(|it| **it).count() <= 1);
        assert_eq!(world.association(&user).await, Some(by_hand));
    }
}

pub async fn a_user_of_whom_many_say_something_else_is_associated_as_the_last_one_said(stores: Stores) {
    const N_TASKS: i64 = 24;

    let world = Arc::new(World::new(stores));
    let user = user_id("ann");
    let linked = at_once((0..N_TASKS).map(|n| {
        let world = Arc::clone(&world);
        let user = user.clone();
        async move { world.try_link(&user, ZammadUserId(100 + n), LinkReason::Requested).await }
    }))
    .await;
    assert!(linked.iter().all(|it| matches!(it, Ok(true))), "{linked:?}");
    let last = world.association(&user).await.unwrap();
    assert!((100..100 + N_TASKS).contains(&last.0), "{last:?}");
}

pub async fn the_newest_wins_whatever_the_order(stores: Stores) {
    const N_USERS: i64 = 40;
    const N_TASKS: i64 = 24;

    let world = Arc::new(World::new(stores));
    let heard = |id: i64, version: i64| {
        let updated_at = world.now() + Duration::milliseconds(version);
        ZammadUser { lastname: format!("Version {version}"), ..zammad_user(id, updated_at) }
    };
    for round in 0..ROUNDS {
        let first = 1 + round * N_USERS;
        let tasks: Vec<Vec<Sighting>> = (0..N_TASKS)
            .map(|task| {
                let ids = first..first + N_USERS;
                let sightings = ids.map(|id| {
                    // Each task has the newest of some, and not in order.
                    let version = (id * 7 + task * 11) % N_TASKS;
                    let at = world.now() + Duration::seconds(task);
                    Sighting { user: heard(id, version), at }
                });
                let mut sightings: Vec<_> = sightings.collect();
                if task % 2 == 0 {
                    sightings.reverse();
                }
                sightings
            })
            .collect();
        let counted = at_once(tasks.into_iter().map(|sightings| {
            let world = Arc::clone(&world);
            async move { world.stores.zammad_users.record(sightings).await.unwrap() }
        }))
        .await;
        assert!(N_USERS.cast_unsigned() <= counted.iter().sum(), "{counted:?}");
        for id in first..first + N_USERS {
            let known = world.stores.zammad_users.find(ZammadUserId(id)).await.unwrap().unwrap();
            assert_eq!(known.user, heard(id, N_TASKS - 1));
            assert_eq!(known.seen_at, world.now() + Duration::seconds(N_TASKS - 1));
        }
    }
}

pub async fn links_and_saves_of_one_plan_follow_one_another(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        let plan = world.plan_of(&format!("ann{round}")).await;
        let owner = user_id(&format!("ann{round}"));
        let (leaving, _) = world.join(plan, &format!("bob{round}")).await;
        let joining = world.people(&format!("guest{round}-"), 2).await;
        let invites = world.issue_many(plan, joining.len()).await;
        at_once((0..6_usize).map(|n| {
            let world = Arc::clone(&world);
            let (owner, leaving) = (owner.clone(), leaving.clone());
            let joining = joining.clone();
            let invites = invites.clone();
            async move {
                let zammad_user = |n: i64| ZammadUserId(round * 10 + 2 + n);
                match n {
                    0 | 1 => {
                        world.accept(invites[n].id, &joining[n]).await.unwrap();
                    }
                    2 => {
                        world.detach(plan, &leaving.id).await.unwrap();
                    }
                    3 => world.link(&owner, zammad_user(0)).await,
                    4 => world.link(&leaving.id, zammad_user(1)).await,
                    _ => world.link(&joining[0].id, zammad_user(2)).await,
                }
            }
        }))
        .await;
        world.check(plan).await;
        let history = world.history(plan).await;
        let revisions: BTreeSet<_> = history.iter().map(|it| it.cursor.revision).collect();
        assert!(revisions.into_iter().eq(1..=world.load(plan).await.plan.revision()), "there is no gap");
        let linked = |user| event_about(&history, EventKind::ZammadUserLinked, user);
        assert!(linked(&owner).is_some());
        check_place_of_link(&history, &joining[0].id);
        // Whether the plan tells of a link is a matter of whether the user was in it then.
        let (n_detached, detached) = event_about(&history, EventKind::MemberDetached, &leaving.id).unwrap();
        assert_eq!(linked(&leaving.id).is_some(), is_associated(detached));
        assert!(linked(&leaving.id).is_none_or(|(n_linked, _)| n_linked < n_detached));
    }
}

fn event_about<'a>(history: &'a [Event], kind: EventKind, user: &UserId) -> Option<(usize, &'a Event)> {
    let is_about = |fact| fact == ("user_id", &Fact::from(user.as_str()));
    history.iter().enumerate().find(|(_, it)| it.kind == kind && it.facts.iter().any(is_about))
}

/// What an event of a membership tells.
fn is_associated(event: &Event) -> bool {
    event.facts.iter().any(|(name, fact)| name == "zammad_user_id" && *fact != Fact::Nothing)
}

/// Somebody was linked before they joined, as their joining tells, or afterwards, as the plan tells.
fn check_place_of_link(history: &[Event], user: &UserId) {
    let (n_joined, joined) = event_about(history, EventKind::MemberJoined, user).unwrap();
    let linked = event_about(history, EventKind::ZammadUserLinked, user);
    assert_ne!(linked.is_some(), is_associated(joined));
    assert!(linked.is_none_or(|(n_linked, _)| n_joined < n_linked));
}

pub async fn whoever_joins_and_is_linked_at_once_is_told(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let plan = world.plan_of("ann").await;
    for round in 0..4 * ROUNDS {
        let bob = world.person(&format!("bob{round}")).await;
        let invite = world.issue(plan).await.id;
        let zammad_user = ZammadUserId(100 + round);
        // What is taken note of at once is told at once, to somebody who is in no plan, perhaps.
        let told_without_plan = at_once([true, false].map(|joins| {
            let world = Arc::clone(&world);
            let bob = bob.clone();
            async move {
                if joins {
                    world.accept(invite, &bob).await.unwrap();
                    return false;
                }
                world.link(&bob.id, zammad_user).await;
                let noted = world.noted().await;
                let person = world.stores.users.find(bob.id.clone()).await.unwrap().unwrap();
                noted.contains(&zammad_user) && person.family.is_none()
            }
        }))
        .await;
        if told_without_plan[1] {
            assert_eq!(world.noted().await, [zammad_user], "they are told again, once they joined");
        }
        check_place_of_link(&world.history(plan).await, &bob.id);
        world.noted().await;
        world.detach(plan, &bob.id).await.unwrap();
        world.noted().await;
        world.revoke(plan, invite).await;
        world.check(plan).await;
    }
}

pub async fn every_plan_write_is_claimed_once(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let all: Vec<_> = (1..=200).map(ZammadUserId).collect();
    world.stores.plan_writes.enqueue(all.clone(), world.now()).await.unwrap();
    let claimed = at_once((0..8).map(|_| {
        let world = Arc::clone(&world);
        async move {
            let mut claimed: Vec<PlanWrite> = Vec::new();
            // One who finds nothing may only have met others.
            let mut n_empty = 0;
            while n_empty < 3 {
                let until = world.now() + Duration::MINUTE;
                let writes = world.stores.plan_writes.claim(7, world.now(), until).await.unwrap();
                n_empty = if writes.is_empty() { n_empty + 1 } else { 0 };
                claimed.extend(writes);
            }
            claimed
        }
    }))
    .await;
    let mut claimed: Vec<_> = claimed.into_iter().flatten().map(|it| it.zammad_user).collect();
    claimed.extend(world.noted().await);
    claimed.sort();
    assert_eq!(claimed, all);
}

pub async fn what_becomes_due_while_others_work_is_not_lost(stores: Stores) {
    const N_CHANGES: u16 = 4;

    let world = Arc::new(World::new(stores));
    for round in 0..4 * ROUNDS {
        let zammad_user = ZammadUserId(100 + round);
        let n_changes = Arc::new(AtomicU16::new(0));
        let told = Arc::new(AtomicU16::new(0));
        world.clock.advance(Duration::MINUTE);
        at_once((0..2 * N_CHANGES).map(|n| {
            let world = Arc::clone(&world);
            let n_changes = Arc::clone(&n_changes);
            let told = Arc::clone(&told);
            async move {
                if n < N_CHANGES {
                    n_changes.fetch_add(1, Ordering::SeqCst);
                    world.stores.plan_writes.enqueue(vec![zammad_user], world.now()).await.unwrap();
                    return;
                }
                // Nobody else's claims end at the same moment.
                let until = world.now() + Duration::MINUTE * (1 + n);
                for write in world.stores.plan_writes.claim(1, world.now(), until).await.unwrap() {
                    told.fetch_max(n_changes.load(Ordering::SeqCst), Ordering::SeqCst);
                    world.stores.plan_writes.finish(write).await.unwrap();
                }
            }
        }))
        .await;
        let is_told = told.load(Ordering::SeqCst) == N_CHANGES;
        let left = world.noted().await;
        assert!(is_told || left == [zammad_user], "the last of {N_CHANGES} changes is lost");
    }
}
