//! What the inbox and the register of invites cost.

use family_plan_domain::{
    DeliveryOutcome, NewDelivery,
    ports::{Ids, Inbox, InviteRegister, Syncs},
};
use family_plan_testkit::{START, SequentialIds};
use time::Duration;
use uuid::Uuid;

use crate::counted::Counted;

#[tokio::test(flavor = "multi_thread")]
async fn many_deliveries_cost_as_much_as_one() {
    let counted = Counted::new().await;
    let inbox = counted.database.inbox();
    let ids = SequentialIds::default();
    let delivery = |n: u8| NewDelivery {
        id: ids.next().into(),
        digest: [n; 32],
        delivery_id: None,
        received_at: START,
        body: vec![n],
    };
    for n in (0..100).chain([0]) {
        inbox.receive(delivery(n)).await.unwrap();
        assert_eq!(counted.counter.take(), 1, "receive");
    }
    let worker = Uuid::from_u128(1);
    let claimed = inbox.claim(worker, 100, START, START + Duration::MINUTE).await.unwrap();
    assert_eq!(claimed.len(), 100);
    // Which ones are free; BEGIN, the claim, the bodies, COMMIT.
    assert_eq!(counted.counter.take(), 5, "claim");

    assert!(inbox.claim(worker, 100, START, START + Duration::MINUTE).await.unwrap().is_empty());
    assert_eq!(counted.counter.take(), 1, "nothing to claim");

    let outcomes = claimed.iter().map(|it| (it.id, DeliveryOutcome::Applied)).collect();
    inbox.settle(worker, outcomes, START).await.unwrap();
    assert_eq!(counted.counter.take(), 1, "settle");

    inbox.list(None, None, 100).await.unwrap();
    assert_eq!(counted.counter.take(), 1, "list");

    inbox.forget(START + Duration::MINUTE, 100).await.unwrap();
    assert_eq!(counted.counter.take(), 2, "forget");
    counted.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tokens_are_given_up_in_two_statements() {
    let counted = Counted::new().await;
    let register = counted.database.invite_register();
    let ids = SequentialIds::default();
    let invites = (0..1000).map(|_| ids.next_invite()).collect();
    register.give_up_tokens(invites, START).await.unwrap();
    assert_eq!(counted.counter.take(), 2, "give up");

    register.with_token(None, None, 1000, START).await.unwrap();
    assert_eq!(counted.counter.take(), 1, "list");

    let syncs = counted.database.syncs();
    let sync = syncs.load().await.unwrap();
    syncs.save(sync).await.unwrap();
    assert_eq!(counted.counter.take(), 2, "a record is read and replaced");
    counted.dispose().await;
}
