//! What webhooks tell: kept once, applied once, the newest wins, and who is who.

use std::{collections::BTreeMap, sync::Arc};

use family_plan_application::{
    ApplyDeliveries, Caller, Deliveries, DeliveriesError, EditUser, PageSize, ReceiveDelivery,
};
use family_plan_domain::{
    Delivery, DeliveryState, Edit, EventKind, Fact, UserEdit, ZammadUser, ZammadUserId,
    ports::{Clock, Ids, Inbox, MockInbox, StoreError, ZammadUsers},
};
use family_plan_testkit::{START, delivery, fixtures::zammad_user};
use futures_util::FutureExt;
use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

use crate::scene::{Scene, admin, caller, service, zammads};

fn deliveries(scene: &Scene) -> Deliveries {
    Deliveries { inbox: scene.store.clone() }
}

/// The latest first.
async fn all(scene: &Scene) -> Vec<Delivery> {
    deliveries(scene).list(&admin("ada"), None, None, PageSize::default()).await.unwrap().items
}

fn named(name: &str, updated_at: OffsetDateTime) -> ZammadUser {
    ZammadUser { firstname: name.to_owned(), ..zammad_user(8, updated_at) }
}

#[tokio::test]
async fn the_same_body_is_kept_once_whatever_it_is_called() {
    let scene = Scene::new();
    let body = delivery(&[zammad_user(8, START)]);
    assert!(scene.receiving().run(Some("one"), body.clone()).await.unwrap());
    assert!(!scene.receiving().run(Some("other"), body).await.unwrap());
    let kept = all(&scene).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].delivery_id.as_deref(), Some("one"));
    assert_eq!(kept[0].received_at, START);
    assert_eq!(kept[0].state, DeliveryState::Pending);
}

#[tokio::test]
async fn what_a_delivery_is_called_is_cut_where_a_store_would_break() {
    let scene = Scene::new();
    scene.receiving().run(Some(&"é".repeat(300)), b"ticket".to_vec()).await.unwrap();
    assert_eq!(all(&scene).await[0].delivery_id, Some("é".repeat(255)));
}

#[tokio::test]
async fn a_delivery_that_could_not_be_kept_is_to_be_sent_again() {
    let scene = Scene::new();
    let mut inbox = MockInbox::new();
    inbox.expect_receive().returning(|_| Err(StoreError::new("the disk is full")));
    let receive = ReceiveDelivery { inbox: Arc::new(inbox), ..scene.receiving() };
    assert!(receive.run(None, b"ticket".to_vec()).await.is_err());
}

#[tokio::test]
async fn it_shows_what_became_of_deliveries_and_why() {
    let scene = Scene::new();
    for body in [delivery(&[zammad_user(8, START)]), b"ticket 5".to_vec(), b"nonsense".to_vec()] {
        scene.receiving().run(None, body).await.unwrap();
    }
    assert_eq!(scene.applying().run().await.unwrap(), 3);
    assert_eq!(scene.applying().run().await.unwrap(), 0);

    let outcomes: Vec<_> = all(&scene).await.into_iter().map(|it| (it.state, it.reason)).collect();
    let expected = [
        (DeliveryState::Failed, Some("it makes no sense".to_owned())),
        (DeliveryState::Ignored, Some("it tells of a ticket".to_owned())),
        (DeliveryState::Applied, None),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(scene.mirrored(8).await.unwrap().user, zammad_user(8, START));
}

#[tokio::test]
async fn a_full_inbox_is_applied_batch_by_batch() {
    let scene = Scene::new();
    for id in 2..=151 {
        scene.receiving().run(None, delivery(&[zammad_user(id, START)])).await.unwrap();
    }
    assert_eq!(scene.applying().run().await.unwrap(), 100);
    assert_eq!(scene.applying().run().await.unwrap(), 50);
    assert!(scene.mirrored(2).await.is_some());
    assert!(scene.mirrored(151).await.is_some());
}

#[tokio::test]
async fn a_batch_that_was_not_settled_is_applied_again_and_counts_once() {
    let scene = Scene::new();
    scene.me(&caller("bob")).await;
    scene.receiving().run(None, delivery(&[zammads(8, "bob", START)])).await.unwrap();

    let mut breaking = MockInbox::new();
    let inbox = scene.store.clone();
    breaking.expect_claim().returning(move |worker, limit, now, until| {
        inbox.claim(worker, limit, now, until).now_or_never().unwrap()
    });
    breaking.expect_settle().returning(|_, _, _| Err(StoreError::new("the connection broke")));
    let apply = ApplyDeliveries { inbox: Arc::new(breaking), ..scene.applying() };
    assert!(apply.run().await.is_err());

    assert_eq!(scene.applying().run().await.unwrap(), 0, "somebody may be at it still");
    scene.clock.advance(Duration::seconds(10));
    assert_eq!(scene.applying().run().await.unwrap(), 1);
    let kept = all(&scene).await;
    assert_eq!((kept[0].state, kept[0].attempts), (DeliveryState::Applied, 2));
    assert_eq!(scene.events(EventKind::ZammadUserLinked).len(), 1);
}

#[tokio::test]
async fn an_older_delivery_after_a_newer_one_changes_nothing() {
    let scene = Scene::new();
    scene.deliver(&[named("New", START + Duration::SECOND)]).await;
    scene.deliver(&[named("Old", START)]).await;
    assert_eq!(scene.mirrored(8).await.unwrap().user.firstname, "New");
}

#[tokio::test]
async fn whoever_has_the_verified_address_is_associated_when_a_delivery_tells_of_them() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.deliver(&[zammads(8, "ann", START), zammads(9, "bob", START)]).await;
    assert_eq!(scene.association("ann").await, Some(ZammadUserId(8)));
    let events = scene.events(EventKind::ZammadUserLinked);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].plan, &events[0].actor), (Some(plan), &None));
    assert_eq!(events[0].reason.as_deref(), Some("verified_email"));
}

#[tokio::test]
async fn whoever_is_seen_for_the_first_time_is_associated() {
    let scene = Scene::new();
    scene.deliver(&[zammads(8, "bob", START)]).await;
    assert_eq!(scene.me(&caller("bob")).await.user.zammad_user_id, Some(ZammadUserId(8)));
    assert_eq!(scene.association("bob").await, Some(ZammadUserId(8)));
    scene.me(&caller("bob")).await;
    assert_eq!(scene.events(EventKind::ZammadUserLinked).len(), 1, "only once");
}

#[tokio::test]
async fn an_acceptance_tells_who_of_the_helpdesk_joins() {
    let scene = Scene::new();
    scene.deliver(&[zammads(8, "bob", START)]).await;
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    let acceptance = scene.accept(&invite, &caller("bob")).await.unwrap();
    assert_eq!(acceptance.member.user.zammad_user_id, Some(ZammadUserId(8)));
    let joined = scene.events(EventKind::MemberJoined).pop().unwrap();
    let facts: Vec<_> = joined.facts.iter().collect();
    assert!(facts.contains(&("zammad_user_id", &Fact::from(8_i64))), "{facts:?}");
}

#[tokio::test]
async fn an_address_that_nobody_verified_associates_nobody() {
    let scene = Scene::new();
    scene.deliver(&[zammads(8, "bob", START)]).await;
    let bob = Caller { email_verified: false, ..caller("bob") };
    assert_eq!(scene.me(&bob).await.user.zammad_user_id, None);
    scene.clock.advance(Duration::SECOND);
    scene.deliver(&[zammads(8, "bob", scene.clock.now())]).await;
    assert_eq!(scene.association("bob").await, None);

    assert_eq!(scene.me(&caller("bob")).await.user.zammad_user_id, Some(ZammadUserId(8)), "now it is");
}

#[tokio::test]
async fn what_another_service_says_of_an_address_verifies_nothing() {
    let scene = Scene::new();
    scene.deliver(&[zammads(8, "bob", START)]).await;
    let edit =
        UserEdit { email: Edit::from_known(caller("bob").email), ..UserEdit::mention(caller("bob").user) };
    let report = EditUser { people: scene.people() }.run(&service("billing"), &edit).await.unwrap();
    assert_eq!(report.person.user.zammad_user_id, None);
}

#[tokio::test]
async fn an_address_of_two_associates_neither() {
    let scene = Scene::new();
    scene.deliver(&[zammads(8, "bob", START), zammads(9, "bob", START)]).await;
    assert_eq!(scene.me(&caller("bob")).await.user.zammad_user_id, None);
    let twin = Caller { email: caller("ann").email, ..caller("twin") };
    scene.me(&caller("ann")).await;
    scene.me(&twin).await;
    scene.deliver(&[zammads(10, "ann", START)]).await;
    assert_eq!(scene.association("ann").await, None);
    assert_eq!(scene.association("twin").await, None);
}

#[tokio::test]
async fn what_was_taken_away_by_hand_does_not_come_back() {
    let scene = Scene::new();
    scene.deliver(&[zammads(8, "bob", START)]).await;
    scene.me(&caller("bob")).await;
    scene.linking().unlink(&admin("ada"), caller("bob").user).await.unwrap();
    scene.deliver(&[zammads(8, "bob", START + Duration::SECOND)]).await;
    let moved = Caller { email: caller("cid").email, ..caller("bob") };
    scene.deliver(&[zammads(9, "cid", START)]).await;
    assert_eq!(scene.me(&moved).await.user.zammad_user_id, None);
    assert_eq!(scene.association("bob").await, None);
}

#[tokio::test]
async fn a_delivery_is_applied_once_more_when_an_administrator_says_so() {
    let scene = Scene::new();
    scene.deliver(&[named("Told", START)]).await;
    let told = all(&scene).await[0].id;
    deliveries(&scene).replay(&admin("ada"), told).await.unwrap();
    assert_eq!(all(&scene).await[0].state, DeliveryState::Pending);
    assert_eq!(scene.applying().run().await.unwrap(), 1);

    let err = deliveries(&scene).replay(&admin("ada"), scene.ids.next().into()).await.unwrap_err();
    assert!(matches!(err, DeliveriesError::NotFound));
    let err = deliveries(&scene).replay(&service("billing"), told).await.unwrap_err();
    assert!(matches!(err, DeliveriesError::Forbidden));
    let err = deliveries(&scene).list(&caller("ann"), None, None, PageSize::default()).await.unwrap_err();
    assert!(matches!(err, DeliveriesError::Forbidden));
}

#[tokio::test]
async fn deliveries_are_forgotten_a_week_later_but_for_those_that_need_care() {
    let scene = Scene::new();
    for n in 0..2_001 {
        scene.receiving().run(None, format!("ticket {n}").into_bytes()).await.unwrap();
    }
    scene.receiving().run(None, b"nonsense".to_vec()).await.unwrap();
    while scene.applying().run().await.unwrap() > 0 {}
    scene.clock.advance(Duration::days(7));
    scene.applying().forget().await.unwrap();
    assert_eq!(all(&scene).await.len(), 50, "a page of those that are there still");
    scene.clock.advance(Duration::MILLISECOND);
    scene.applying().forget().await.unwrap();
    let kept = all(&scene).await;
    assert_eq!(kept.iter().map(|it| it.state).collect::<Vec<_>>(), [DeliveryState::Failed]);
}

/// Which version of which user a webhook tells of, or applying what there is.
#[derive(Clone, Debug)]
enum Step {
    Tell(Vec<(i64, i64)>),
    Apply,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let told = prop::collection::vec((2_i64..5, 0_i64..8), 1..4);
    let step = prop_oneof![3 => told.prop_map(Step::Tell), 1 => Just(Step::Apply)];
    prop::collection::vec(step, 1..40)
}

fn version(id: i64, version: i64) -> ZammadUser {
    ZammadUser {
        firstname: format!("Version{version}"),
        ..zammad_user(id, START + Duration::MILLISECOND * i32::try_from(version).unwrap())
    }
}

proptest! {
    #[test]
    fn whatever_the_order_of_deliveries_the_newest_is_known(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let scene = Scene::new();
            let mut newest = BTreeMap::new();
            for step in steps.into_iter().chain([Step::Apply]) {
                match step {
                    Step::Tell(told) => {
                        for (id, version) in &told {
                            let newest = newest.entry(*id).or_insert(*version);
                            *newest = (*newest).max(*version);
                        }
                        let users: Vec<_> = told.into_iter().map(|(id, it)| version(id, it)).collect();
                        scene.receiving().run(None, delivery(&users)).await.unwrap();
                    }
                    Step::Apply => {
                        scene.applying().run().await.unwrap();
                    }
                }
            }
            for (id, newest) in newest {
                let known = ZammadUsers::find(&*scene.store, ZammadUserId(id)).await.unwrap().unwrap();
                assert_eq!(known.user, version(id, newest));
                assert_eq!(known.seen_at, known.user.updated_at);
            }
        });
    }
}
