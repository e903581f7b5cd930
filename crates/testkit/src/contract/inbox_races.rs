//! Several replicas at once, at what is kept of the helpdesk's data.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use family_plan_domain::{
    DeliveryId, DeliveryOutcome, DeliveryState, Lease, SyncKind, SyncSchedule,
    ports::{Ids, SaveError},
};
use time::Duration;
use uuid::Uuid;

use super::{
    Stores,
    inbox::{ANN, UNTIL, delivery, list, receive_many},
    world::{World, at_once},
};
use crate::{START, SequentialIds};

pub async fn one_of_many_keeps_a_body(stores: Stores) {
    let ids = Arc::new(SequentialIds::default());
    for body in ["one", "two", "three"] {
        let received = at_once((0..50).map(|_| {
            let inbox = Arc::clone(&stores.inbox);
            let delivery = delivery(&ids, body);
            async move { inbox.receive(delivery).await.unwrap() }
        }))
        .await;
        assert_eq!(received.into_iter().filter(|it| *it).count(), 1);
    }
    assert_eq!(list(&*stores.inbox, None).await.len(), 3);
}

pub async fn workers_share_what_is_pending(stores: Stores) {
    let received = receive_many(&*stores.inbox, &SequentialIds::default(), 200).await;
    let worked = at_once((0..4).map(|worker| {
        let inbox = Arc::clone(&stores.inbox);
        let worker = Uuid::from_u128(worker);
        async move {
            let mut settled: Vec<DeliveryId> = Vec::new();
            while let claimed = inbox.claim(worker, 10, START, UNTIL).await.unwrap()
                && !claimed.is_empty()
            {
                let outcomes = claimed.iter().map(|it| (it.id, DeliveryOutcome::Applied)).collect();
                inbox.settle(worker, outcomes, START).await.unwrap();
                settled.extend(claimed.into_iter().map(|it| it.id));
            }
            settled
        }
    }))
    .await;
    let mut settled = worked.concat();
    settled.sort_unstable();
    assert_eq!(settled, received, "each was claimed by one of them");
    let listed = list(&*stores.inbox, Some(DeliveryState::Applied)).await;
    assert_eq!(listed.len(), received.len());
    assert!(listed.iter().all(|it| it.attempts == 1));
}

pub async fn nobody_is_left_without_while_more_is_pending(stores: Stores) {
    receive_many(&*stores.inbox, &SequentialIds::default(), 80).await;
    let claimed = at_once((0..8).map(|worker| {
        let inbox = Arc::clone(&stores.inbox);
        async move { inbox.claim(Uuid::from_u128(worker), 10, START, UNTIL).await.unwrap() }
    }))
    .await;
    assert!(claimed.iter().all(|it| !it.is_empty()));
    let claimed: Vec<_> = claimed.concat().into_iter().map(|it| it.id).collect();
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), claimed.len(), "each by one");
}

pub async fn what_expires_is_taken_over_by_one(stores: Stores) {
    let received = receive_many(&*stores.inbox, &SequentialIds::default(), 40).await;
    stores.inbox.claim(ANN, 40, START, UNTIL).await.unwrap();
    let taken_over = at_once((0x10..0x18).map(|worker| {
        let inbox = Arc::clone(&stores.inbox);
        async move {
            let worker = Uuid::from_u128(worker);
            let claimed = inbox.claim(worker, 40, UNTIL, UNTIL + Duration::MINUTE).await.unwrap();
            claimed.into_iter().map(|it| (it.id, worker)).collect::<Vec<_>>()
        }
    }))
    .await;
    let taken_over = taken_over.concat();
    let by_delivery: BTreeMap<_, _> = taken_over.iter().copied().collect();
    assert_eq!(taken_over.len(), by_delivery.len(), "each by one");
    assert_eq!(by_delivery.len(), received.len(), "and all of them");

    let settle = async |worker| {
        let outcomes = received.iter().map(|it| (*it, DeliveryOutcome::Applied)).collect();
        stores.inbox.settle(worker, outcomes, UNTIL).await.unwrap();
        list(&*stores.inbox, Some(DeliveryState::Applied)).await.len()
    };
    assert_eq!(settle(ANN).await, 0, "whoever had them first comes too late");
    let worker = by_delivery[&received[0]];
    assert_eq!(settle(worker).await, by_delivery.values().filter(|it| **it == worker).count());
}

/// A lease of its own for each task.
fn lease(holder: u128) -> Lease {
    Lease { holder: Uuid::from_u128(holder), until: UNTIL }
}

pub async fn one_replica_begins_a_pull(stores: Stores) {
    let schedule = SyncSchedule { incremental: None, full: Some(Duration::DAY) };
    let begun = at_once((0..16).map(|holder| {
        let syncs = Arc::clone(&stores.syncs);
        async move {
            let mut sync = syncs.load().await.unwrap();
            sync.begin(lease(holder), schedule, START)?;
            match syncs.save(sync).await {
                Ok(()) => Some(holder),
                Err(SaveError::Stale) => None,
                Err(SaveError::Store(err)) => panic!("{err:?}"),
            }
        }
    }))
    .await;
    let begun: Vec<_> = begun.into_iter().flatten().collect();
    let sync = stores.syncs.load().await.unwrap();
    assert_eq!(begun.iter().map(|it| lease(*it)).collect::<Vec<_>>(), sync.lease.as_slice());
    assert_eq!(sync.revision, 1);
    assert_eq!(sync.run.unwrap().kind, SyncKind::Full);
}

pub async fn one_replica_begins_a_sweep(stores: Stores) {
    let begun = at_once((0..16).map(|holder| {
        let sweeps = Arc::clone(&stores.sweeps);
        async move {
            let mut sweep = sweeps.load().await.unwrap();
            if !sweep.begin(lease(holder), START, START) {
                return None;
            }
            match sweeps.save(sweep).await {
                Ok(()) => Some(holder),
                Err(SaveError::Stale) => None,
                Err(SaveError::Store(err)) => panic!("{err:?}"),
            }
        }
    }))
    .await;
    let begun: Vec<_> = begun.into_iter().flatten().collect();
    let sweep = stores.sweeps.load().await.unwrap();
    assert_eq!(begun.iter().map(|it| lease(*it)).collect::<Vec<_>>(), sweep.lease.as_slice());
    assert_eq!(sweep.revision, 1);
}

pub async fn tokens_are_given_up_while_plans_change(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let plan = world.plan_of("ann").await;
    let invites: Vec<_> = world.issue_many(plan, 30).await.into_iter().map(|it| it.id).collect();
    let revoked = invites[..15].to_vec();
    let sweeps = (0..4).map(|_| None);
    let revocations = revoked.iter().copied().map(Some);
    let given_up = at_once(sweeps.chain(revocations).map(|revoked| {
        let world = Arc::clone(&world);
        let mut invites = invites.clone();
        async move {
            if let Some(revoked) = revoked {
                world.revoke(plan, revoked).await;
                return Vec::new();
            }
            invites.push(world.ids.next().into());
            let register = &world.stores.invite_register;
            let mut given_up = Vec::new();
            for _ in 0..5 {
                invites.reverse();
                let tokens = register.give_up_tokens(invites.clone(), START).await.unwrap();
                assert_eq!(tokens.unknown.len(), 1);
                given_up.extend(tokens.unneeded);
            }
            given_up
        }
    }))
    .await;
    assert!(given_up.concat().iter().all(|it| revoked.contains(it)));
    let register = &world.stores.invite_register;
    let tokens = register.give_up_tokens(invites.clone(), START).await.unwrap();
    assert_eq!(tokens.unneeded, revoked);
    world.check(plan).await;
}
