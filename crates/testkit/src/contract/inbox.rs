//! What webhooks delivered.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

use family_plan_domain::{
    ClaimedDelivery, Delivery, DeliveryId, DeliveryOutcome, DeliveryState, NewDelivery,
    ports::{Ids, Inbox},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Stores;
use crate::{START, SequentialIds};

pub(super) const ANN: Uuid = Uuid::from_u128(0xa);
const BOB: Uuid = Uuid::from_u128(0xb);

pub(super) const UNTIL: OffsetDateTime = START.saturating_add(Duration::MINUTE);

/// A delivery of that body, under a digest that is as good as any.
pub(super) fn delivery(ids: &SequentialIds, body: impl Into<Vec<u8>>) -> NewDelivery {
    let body = body.into();
    let mut digest = [0; 32];
    for (n, bytes) in (0..).zip(digest.chunks_mut(8)) {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(n);
        hasher.write(&body);
        bytes.copy_from_slice(&hasher.finish().to_be_bytes());
    }
    NewDelivery { id: ids.next().into(), digest, delivery_id: None, received_at: START, body }
}

/// As many as asked for, of small bodies that differ.
pub(super) async fn receive_many(inbox: &dyn Inbox, ids: &SequentialIds, n: usize) -> Vec<DeliveryId> {
    let mut received = Vec::new();
    for n in 0..n {
        let delivery = delivery(ids, format!("body {n}"));
        received.push(delivery.id);
        assert!(inbox.receive(delivery).await.unwrap());
    }
    received
}

async fn claim(inbox: &dyn Inbox, worker: Uuid, limit: usize) -> Vec<DeliveryId> {
    let claimed = inbox.claim(worker, limit, START, UNTIL).await.unwrap();
    claimed.into_iter().map(|it| it.id).collect()
}

async fn settle(inbox: &dyn Inbox, ids: &[DeliveryId], outcome: &DeliveryOutcome, at: OffsetDateTime) {
    let outcomes = ids.iter().map(|it| (*it, outcome.clone())).collect();
    inbox.settle(ANN, outcomes, at).await.unwrap();
}

pub(super) async fn list(inbox: &dyn Inbox, state: Option<DeliveryState>) -> Vec<Delivery> {
    inbox.list(state, None, 10_000).await.unwrap()
}

async fn find(inbox: &dyn Inbox, delivery: DeliveryId) -> Delivery {
    list(inbox, None).await.into_iter().find(|it| it.id == delivery).unwrap()
}

pub async fn bodies_come_back_exactly(stores: Stores) {
    let ids = SequentialIds::default();
    let every_byte: Vec<u8> = (0..=255).collect();
    for body in [Vec::new(), every_byte.clone(), every_byte.repeat(5 * 4096)] {
        let delivery = delivery(&ids, body.clone());
        let id = delivery.id;
        assert!(stores.inbox.receive(delivery).await.unwrap());
        let claimed = stores.inbox.claim(ANN, 1, START, UNTIL).await.unwrap();
        assert!(claimed == [ClaimedDelivery { id, body }], "the bodies differ");
    }
}

pub async fn the_same_body_is_kept_once(stores: Stores) {
    let inbox = &*stores.inbox;
    let ids = SequentialIds::default();
    let first = NewDelivery { delivery_id: Some("é".repeat(255)), ..delivery(&ids, "a body") };
    let again = NewDelivery {
        delivery_id: Some("another".to_owned()),
        received_at: START + Duration::HOUR,
        ..delivery(&ids, "a body")
    };
    assert!(inbox.receive(first.clone()).await.unwrap());
    let kept = Delivery {
        id: first.id,
        delivery_id: first.delivery_id,
        received_at: START,
        state: DeliveryState::Pending,
        attempts: 0,
        reason: None,
    };
    assert!(!inbox.receive(again.clone()).await.unwrap());
    assert_eq!(list(inbox, None).await, [kept]);

    claim(inbox, ANN, 1).await;
    settle(inbox, &[first.id], &DeliveryOutcome::Applied, START).await;
    assert!(!inbox.receive(again).await.unwrap());
    assert_eq!(find(inbox, first.id).await.state, DeliveryState::Applied);
}

pub async fn the_oldest_are_claimed_first(stores: Stores) {
    let inbox = &*stores.inbox;
    let received = receive_many(inbox, &SequentialIds::default(), 7).await;
    assert_eq!(claim(inbox, ANN, 3).await, received[..3]);
    assert_eq!(claim(inbox, BOB, 3).await, received[3..6]);
    assert_eq!(claim(inbox, ANN, 3).await, received[6..]);
    assert!(claim(inbox, ANN, 3).await.is_empty());
}

pub async fn a_claim_takes_about_16_mebibytes(stores: Stores) {
    let ids = SequentialIds::default();
    let mut received = Vec::new();
    for n in 0..4 {
        let delivery = delivery(&ids, vec![n; 5 * 1024 * 1024]);
        received.push(delivery.id);
        stores.inbox.receive(delivery).await.unwrap();
    }
    assert_eq!(claim(&*stores.inbox, ANN, 100).await, received[..3]);
    assert_eq!(claim(&*stores.inbox, ANN, 100).await, received[3..]);
}

pub async fn nobody_else_gets_what_is_claimed_until_the_claim_ends(stores: Stores) {
    let inbox = &*stores.inbox;
    let received = receive_many(inbox, &SequentialIds::default(), 2).await;
    assert_eq!(claim(inbox, ANN, 10).await, received);
    let late = UNTIL - Duration::MILLISECOND;
    for worker in [ANN, BOB] {
        assert!(inbox.claim(worker, 10, late, UNTIL).await.unwrap().is_empty());
    }
    let again = inbox.claim(BOB, 10, UNTIL, UNTIL + Duration::MINUTE).await.unwrap();
    assert_eq!(again.len(), 2);
    assert!(list(inbox, None).await.iter().all(|it| it.attempts == 2));
}

pub async fn whoever_lost_a_claim_settles_nothing(stores: Stores) {
    let inbox = &*stores.inbox;
    let received = receive_many(inbox, &SequentialIds::default(), 3).await;
    settle(inbox, &received, &DeliveryOutcome::Applied, START).await;
    assert_eq!(list(inbox, Some(DeliveryState::Pending)).await.len(), 3, "nobody claimed them");

    claim(inbox, ANN, 2).await;
    inbox.claim(BOB, 1, UNTIL, UNTIL + Duration::MINUTE).await.unwrap();
    settle(inbox, &received, &DeliveryOutcome::Applied, UNTIL).await;
    let applied = list(inbox, Some(DeliveryState::Applied)).await;
    assert_eq!(applied.into_iter().map(|it| it.id).collect::<Vec<_>>(), received[1..2]);

    // Nobody took that one over, late as it was.
    settle(inbox, &received[1..2], &DeliveryOutcome::Failed("late".to_owned()), UNTIL).await;
    assert_eq!(find(inbox, received[1]).await.state, DeliveryState::Applied, "it is settled once");
    inbox.settle(BOB, vec![(received[0], DeliveryOutcome::Applied)], UNTIL).await.unwrap();
    assert_eq!(find(inbox, received[0]).await.state, DeliveryState::Applied);
}

pub async fn what_is_settled_shows_in_the_list(stores: Stores) {
    let inbox = &*stores.inbox;
    let received = receive_many(inbox, &SequentialIds::default(), 5).await;
    claim(inbox, ANN, 10).await;
    let because = |reason: &str| reason.to_owned();
    let outcomes = [
        DeliveryOutcome::Applied,
        DeliveryOutcome::Ignored(because("a ticket")),
        DeliveryOutcome::Failed(because("no id")),
        DeliveryOutcome::Failed(because("no JSON")),
        DeliveryOutcome::Ignored(because("a ticket")),
    ];
    let settled = received.iter().copied().zip(outcomes).collect();
    inbox.settle(ANN, settled, START + Duration::SECOND).await.unwrap();
    let listed: Vec<_> = list(inbox, None).await.into_iter().map(|it| (it.id, it.state, it.reason)).collect();
    let expected = [
        (received[4], DeliveryState::Ignored, Some(because("a ticket"))),
        (received[3], DeliveryState::Failed, Some(because("no JSON"))),
        (received[2], DeliveryState::Failed, Some(because("no id"))),
        (received[1], DeliveryState::Ignored, Some(because("a ticket"))),
        (received[0], DeliveryState::Applied, None),
    ];
    assert_eq!(listed, expected);
    assert!(inbox.claim(BOB, 10, UNTIL, UNTIL + Duration::MINUTE).await.unwrap().is_empty());
}

pub async fn long_reasons_are_cut(stores: Stores) {
    let inbox = &*stores.inbox;
    let received = receive_many(inbox, &SequentialIds::default(), 1).await;
    claim(inbox, ANN, 1).await;
    settle(inbox, &received, &DeliveryOutcome::Failed("🎈\0".repeat(300)), START).await;
    assert_eq!(find(inbox, received[0]).await.reason, Some("🎈 ".repeat(250)));
}

pub async fn whatever_became_of_a_delivery_it_can_be_replayed(stores: Stores) {
    let inbox = &*stores.inbox;
    let ids = SequentialIds::default();
    let received = receive_many(inbox, &ids, 4).await;
    claim(inbox, ANN, 4).await;
    settle(inbox, &received[..1], &DeliveryOutcome::Applied, START).await;
    settle(inbox, &received[1..2], &DeliveryOutcome::Ignored("a ticket".to_owned()), START).await;
    settle(inbox, &received[2..3], &DeliveryOutcome::Failed("no id".to_owned()), START).await;
    for delivery in &received {
        assert!(inbox.replay(*delivery).await.unwrap());
    }
    for delivery in list(inbox, None).await {
        assert_eq!((delivery.state, delivery.attempts, delivery.reason), (DeliveryState::Pending, 1, None));
    }
    settle(inbox, &received[3..], &DeliveryOutcome::Applied, START).await;
    assert_eq!(find(inbox, received[3]).await.state, DeliveryState::Pending, "that claim is gone, too");
    assert_eq!(inbox.forget(UNTIL, 10).await.unwrap(), 0);
    assert_eq!(claim(inbox, BOB, 10).await, received);
    for _ in 0..2 {
        assert!(inbox.replay(received[0]).await.unwrap(), "a pending one, too");
    }
    assert!(!inbox.replay(ids.next().into()).await.unwrap());
}

pub async fn deliveries_are_listed_page_by_page(stores: Stores) {
    let inbox = &*stores.inbox;
    let mut received = receive_many(inbox, &SequentialIds::default(), 7).await;
    claim(inbox, ANN, 7).await;
    settle(inbox, &[received[1], received[4]], &DeliveryOutcome::Applied, START).await;
    received.reverse();
    let pending = vec![received[0], received[1], received[3], received[4], received[6]];
    for (state, expected) in [(None, received), (Some(DeliveryState::Pending), pending)] {
        let mut listed = Vec::new();
        while let page = inbox.list(state, listed.last().copied(), 3).await.unwrap()
            && !page.is_empty()
        {
            assert!(page.len() <= 3);
            listed.extend(page.into_iter().map(|it| it.id));
        }
        assert_eq!(listed, expected);
    }
    assert!(list(inbox, Some(DeliveryState::Failed)).await.is_empty());
}

pub async fn what_was_applied_or_ignored_is_forgotten_in_time(stores: Stores) {
    let inbox = &*stores.inbox;
    let ids = SequentialIds::default();
    let received = receive_many(inbox, &ids, 8).await;
    claim(inbox, ANN, 7).await;
    let ignored = DeliveryOutcome::Ignored("a ticket".to_owned());
    settle(inbox, &received[..2], &DeliveryOutcome::Applied, START).await;
    settle(inbox, &received[2..4], &ignored, START).await;
    settle(inbox, &received[4..5], &DeliveryOutcome::Failed("no id".to_owned()), START).await;
    settle(inbox, &received[5..7], &DeliveryOutcome::Applied, UNTIL).await;
    assert_eq!(inbox.forget(START, 10).await.unwrap(), 0);
    assert_eq!(inbox.forget(UNTIL, 3).await.unwrap(), 3);
    assert_eq!(inbox.forget(UNTIL, 3).await.unwrap(), 1);
    assert_eq!(inbox.forget(UNTIL, 3).await.unwrap(), 0);
    let kept: Vec<_> = list(inbox, None).await.into_iter().rev().map(|it| it.id).collect();
    assert_eq!(kept, received[4..]);
    assert!(inbox.receive(delivery(&ids, "body 0")).await.unwrap(), "nobody knows that one any more");
}

pub async fn a_thousand_deliveries_are_settled_and_forgotten_at_once(stores: Stores) {
    let inbox = &*stores.inbox;
    let received = receive_many(inbox, &SequentialIds::default(), 1100).await;
    let mut claimed = Vec::new();
    while let more = claim(inbox, ANN, 10_000).await
        && !more.is_empty()
    {
        claimed.extend(more);
    }
    assert_eq!(claimed, received);
    settle(inbox, &received, &DeliveryOutcome::Applied, START).await;
    assert_eq!(list(inbox, Some(DeliveryState::Applied)).await.len(), 1100);
    assert_eq!(inbox.forget(UNTIL, 1050).await.unwrap(), 1050);
    assert_eq!(list(inbox, None).await.len(), 50);
}
