//! Several people at once.

use std::sync::Arc;

use family_plan_domain::{AcceptRefusal, Capacity, InviteStatus, PlanId, ports::SaveError};

use super::{
    Stores,
    world::{NotJoined, World, at_once},
};

/// A race can end in several ways: each is run again and again.
const ROUNDS: usize = 6;

pub async fn as_many_join_as_there_are_seats(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let plan = world.plan_of("ann").await;
    let people = world.people("guest", 32).await;
    let invites = world.issue_many(plan, people.len()).await;
    let joined = at_once(people.into_iter().zip(invites).map(|(person, invite)| {
        let world = Arc::clone(&world);
        async move { world.accept(invite.id, &person).await }
    }))
    .await;
    assert_eq!(joined.iter().filter(|it| it.is_ok()).count(), 4);
    for refusal in joined.into_iter().filter_map(Result::err) {
        assert!(matches!(refusal, NotJoined::Refused(AcceptRefusal::Full(_))), "{refusal:?}");
    }
    assert_eq!(world.load(plan).await.plan.members().len(), 5);
    world.check(plan).await;
}

pub async fn one_of_many_gets_an_invite(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let plan = world.plan_of("ann").await;
    let people = world.people("guest", 50).await;
    // The last seat, so that a loser who saw too little would be told that the plan is full.
    for member in ["bob", "cid", "dan"] {
        world.join(plan, member).await;
    }
    let invite = world.issue(plan).await.id;
    let joined = at_once(people.into_iter().map(|person| {
        let world = Arc::clone(&world);
        async move { world.accept(invite, &person).await }
    }))
    .await;
    assert_eq!(joined.iter().filter(|it| it.is_ok()).count(), 1);
    for refusal in joined.into_iter().filter_map(Result::err) {
        assert_eq!(refusal, NotJoined::Refused(AcceptRefusal::Used));
    }
    world.check(plan).await;
}

pub async fn one_person_joins_one_of_two_plans(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        let one = world.plan_of(&format!("ann{round}")).await;
        let other = world.plan_of(&format!("zoe{round}")).await;
        let bob = world.person(&format!("bob{round}")).await;
        let invites = [world.issue(one).await.id, world.issue(other).await.id];
        // Each of them twice: whoever asks again is told the same.
        let joined = at_once(invites.into_iter().chain(invites).map(|invite| {
            let world = Arc::clone(&world);
            let bob = bob.clone();
            async move { world.accept(invite, &bob).await }
        }))
        .await;
        let new = joined.iter().flatten().filter(|it| !it.replayed).count();
        assert_eq!(new, 1);
        assert_eq!(joined.iter().filter(|it| it.is_ok()).count(), 2);
        for refusal in joined.into_iter().filter_map(Result::err) {
            assert_eq!(refusal, NotJoined::Refused(AcceptRefusal::AlreadyInPlan));
        }
        world.check(one).await;
        world.check(other).await;
    }
}

pub async fn one_person_opens_one_of_two_plans(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        let ann = world.person(&format!("ann{round}")).await;
        let saved = at_once((0..2).map(|_| {
            let world = Arc::clone(&world);
            let plan = world.new_plan(&ann);
            async move { world.try_save(&plan).await.map(|()| plan.id()) }
        }))
        .await;
        let opened: Vec<PlanId> = saved.iter().flatten().copied().collect();
        assert_eq!(opened.len(), 1);
        assert!(saved.iter().any(|it| matches!(it, Err(SaveError::Stale))));
        world.check(opened[0]).await;
    }
}

pub async fn an_invite_is_accepted_or_revoked(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        let plan = world.plan_of(&format!("ann{round}")).await;
        let bob = world.person(&format!("bob{round}")).await;
        let invite = world.issue(plan).await.id;
        let joined = at_once([true, false].map(|accepts| {
            let world = Arc::clone(&world);
            let bob = bob.clone();
            async move {
                if accepts {
                    Some(world.accept(invite, &bob).await)
                } else {
                    world.revoke(plan, invite).await;
                    None
                }
            }
        }))
        .await;
        let status = match joined.into_iter().flatten().next().unwrap() {
            Ok(_) => InviteStatus::Used,
            Err(refusal) => {
                assert_eq!(refusal, NotJoined::Refused(AcceptRefusal::Revoked));
                InviteStatus::Revoked
            }
        };
        assert_eq!(world.invites_with(plan, status).await, [invite]);
        world.check(plan).await;
    }
}

pub async fn nobody_joins_beyond_a_lowered_limit(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        check_lowered_limit(&world, round, Limit::OfEveryPlan).await;
    }
}

pub async fn nobody_joins_beyond_a_lowered_limit_of_the_plan(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        check_lowered_limit(&world, round, Limit::OfThePlan).await;
    }
}

#[derive(Clone, Copy)]
enum Limit {
    OfEveryPlan,
    OfThePlan,
}

impl Limit {
    async fn set(self, world: &World, plan: PlanId, seats: i64) {
        let limit = Capacity::new(seats).unwrap();
        match self {
            Self::OfEveryPlan => {
                world.change_settings(|it| it.user_limit = limit).await;
            }
            Self::OfThePlan => world.decide(plan, |plan, _| plan.limit_to(Some(limit))).await,
        }
    }
}

/// Nobody is removed when a limit is lowered, but once somebody saw the new one, nobody joins beyond it.
async fn check_lowered_limit(world: &Arc<World>, round: usize, limit: Limit) {
    let plan = world.plan_of(&format!("ann{round}")).await;
    limit.set(world, plan, 12).await;
    let people = world.people(&format!("guest{round}-"), 11).await;
    let invites = world.issue_many(plan, people.len()).await;
    let guests = people.into_iter().zip(invites).map(Some);
    let seen = at_once(guests.chain([None]).map(|guest| {
        let world = Arc::clone(world);
        async move {
            if let Some((person, invite)) = guest {
                world.accept(invite.id, &person).await.ok();
                None
            } else {
                limit.set(&world, plan, 3).await;
                Some(world.load(plan).await.plan.members().len())
            }
        }
    }))
    .await;
    let n_seen = seen.into_iter().flatten().next().unwrap();
    let n_members = world.load(plan).await.plan.members().len();
    assert!(n_members <= n_seen.max(3), "{n_members} members, where {n_seen} were seen under the new limit");
    world.check(plan).await;
}

pub async fn nobody_stays_in_a_closed_plan(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        let plan = world.plan_of(&format!("ann{round}")).await;
        let people = world.people(&format!("guest{round}-"), 3).await;
        let mut invites = Vec::new();
        for _ in &people {
            invites.push(world.issue(plan).await);
        }
        let guests = people.iter().cloned().zip(invites).map(Some);
        at_once(guests.chain([None]).map(|guest| {
            let world = Arc::clone(&world);
            async move {
                if let Some((person, invite)) = guest {
                    let joined = world.accept(invite.id, &person).await;
                    assert!(matches!(joined, Ok(_) | Err(NotJoined::NoSuchInvite)), "{joined:?}");
                } else {
                    world.close(plan).await;
                }
            }
        }))
        .await;
        assert_eq!(world.find(plan).await, None);
        for person in people {
            let person = world.stores.users.find(person.id).await.unwrap();
            assert_eq!(person.unwrap().family, None);
        }
    }
}

pub async fn a_reopened_invite_changes_hands(stores: Stores) {
    let world = Arc::new(World::new(stores));
    for round in 0..ROUNDS {
        let plan = world.plan_of(&format!("ann{round}")).await;
        let (bob, invite) = world.join(plan, &format!("bob{round}")).await;
        let others = world.people(&format!("guest{round}-"), 4).await;
        let others = others.into_iter().map(Some);
        let joined = at_once(others.chain([None]).map(|other| {
            let world = Arc::clone(&world);
            let bob = bob.clone();
            async move {
                if let Some(other) = other {
                    Some(world.accept(invite, &other).await)
                } else {
                    world.detach(plan, &bob.id).await.unwrap();
                    None
                }
            }
        }))
        .await;
        let joined: Vec<_> = joined.into_iter().flatten().collect();
        let n_joined = joined.iter().filter(|it| it.is_ok()).count();
        assert!(n_joined <= 1);
        for refusal in joined.into_iter().filter_map(Result::err) {
            assert_eq!(refusal, NotJoined::Refused(AcceptRefusal::Used));
        }
        let members = world.load(plan).await.plan;
        assert_eq!(members.member(&bob.id), None);
        assert_eq!(members.members().len(), 1 + n_joined);
        world.check(plan).await;
    }
}

pub async fn promised_seats_are_not_promised_twice(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let plan = world.plan_of("ann").await;
    let issued = at_once((0..16).map(|_| {
        let world = Arc::clone(&world);
        async move { world.try_issue(plan, None).await }
    }))
    .await;
    assert_eq!(issued.iter().filter(|it| it.is_ok()).count(), 4);
    assert_eq!(world.all_invites(plan).await.len(), 4);
    world.check(plan).await;
}
