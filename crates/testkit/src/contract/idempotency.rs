//! Requests that have their effect once.

use std::sync::Arc;

use family_plan_domain::{
    BodyDigest, Claimed, InviteCap, KeptAnswer, KeyDigest, KeyedRequest, Lease, Plan, PlanName,
    ports::{LoadedPlan, SaveError, SaveOnceError},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Stores, world::World};
use crate::{
    START,
    fixtures::{new_invite, origin, user_id},
};

pub(super) const UNTIL: OffsetDateTime = START.saturating_add(Duration::seconds(30));
pub(super) const ANN: u128 = 0xa;
const BOB: u128 = 0xb;

/// The request of that key, which says that.
pub(super) fn request(key: u8, body: u8) -> KeyedRequest {
    KeyedRequest { key: KeyDigest::from([key; 32]), body: BodyDigest::from([body; 32]) }
}

pub(super) fn lease(holder: u128, until: OffsetDateTime) -> Lease {
    Lease { holder: Uuid::from_u128(holder), until }
}

/// What the holder answers to the request of that key, for a day.
pub(super) fn answer(key: u8, holder: u128, text: &str) -> KeptAnswer {
    let (key, holder) = (KeyDigest::from([key; 32]), Uuid::from_u128(holder));
    KeptAnswer { key, holder, text: text.to_owned(), until: START + Duration::DAY }
}

pub(super) fn answered(text: &str) -> Claimed {
    Claimed::Answered(text.to_owned())
}

impl World {
    pub(super) async fn claims(&self, holder: u128, request: KeyedRequest, now: OffsetDateTime) -> Claimed {
        let lease = lease(holder, now + (UNTIL - START));
        self.stores.idempotency_keys.claim(request, lease, now).await.unwrap()
    }

    pub(super) async fn save_once(&self, plan: &Plan, answer: &KeptAnswer) -> Result<(), SaveOnceError> {
        self.stores.plans.save_once(plan, &origin(&user_id("ann"), START), answer).await
    }

    async fn releases(&self, key: u8, holder: u128) {
        let (key, holder) = (KeyDigest::from([key; 32]), Uuid::from_u128(holder));
        self.stores.idempotency_keys.release(key, holder).await.unwrap();
    }

    /// A plan that is not saved.
    pub(super) async fn unsaved(&self, owner: &str) -> Plan {
        let owner = self.person(owner).await;
        self.new_plan(&owner)
    }
}

pub async fn a_request_is_claimed_once(stores: Stores) {
    let world = World::new(stores);
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);
    for holder in [ANN, BOB] {
        assert_eq!(world.claims(holder, request(1, 1), START).await, Claimed::Running);
    }
    let last = UNTIL - Duration::MILLISECOND;
    assert_eq!(world.claims(BOB, request(1, 1), last).await, Claimed::Running);
    assert_eq!(world.claims(BOB, request(1, 1), UNTIL).await, Claimed::Fresh);
    assert_eq!(world.claims(ANN, request(1, 1), UNTIL).await, Claimed::Running);
}

pub async fn an_answer_comes_back_exactly(stores: Stores) {
    let world = World::new(stores);
    let plan = world.unsaved("ann").await;
    let text = format!(r#"{{"name": "Zoë's \u0000 \"Hügel\" 🏡 {}"}}"#, "x".repeat(10_000));
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);
    world.save_once(&plan, &answer(1, ANN, &text)).await.unwrap();
    for holder in [ANN, BOB] {
        assert_eq!(world.claims(holder, request(1, 1), START).await, answered(&text));
    }
}

pub async fn an_answer_is_kept_with_what_led_to_it_or_not_at_all(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let LoadedPlan { mut plan, settings } = world.load(id).await;
    let invite = new_invite(world.ids.next_invite(), plan.owner(), world.now());
    plan.issue(invite, None, InviteCap::default(), world.now(), &settings).unwrap();
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);

    world.decide(id, |plan, _| plan.rename(PlanName::new("Renamed").unwrap())).await;
    let saved = world.save_once(&plan, &answer(1, ANN, "stale")).await;
    assert!(matches!(saved, Err(SaveOnceError::Save(SaveError::Stale))), "{saved:?}");
    assert_eq!(world.claims(BOB, request(1, 1), START).await, Claimed::Running);

    let LoadedPlan { mut plan, settings } = world.load(id).await;
    let invite = new_invite(world.ids.next_invite(), plan.owner(), world.now());
    let invite = plan.issue(invite, None, InviteCap::default(), world.now(), &settings).unwrap();
    let saved = world.save_once(&plan, &answer(1, BOB, "not mine")).await;
    assert!(matches!(saved, Err(SaveOnceError::Superseded)), "{saved:?}");
    assert!(world.all_invites(id).await.is_empty());

    world.save_once(&plan, &answer(1, ANN, "saved")).await.unwrap();
    assert_eq!(world.all_invites(id).await, [invite]);
    assert_eq!(world.claims(BOB, request(1, 1), START).await, answered("saved"));
    world.check(id).await;
}

pub async fn an_answer_alone_can_be_kept(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let unchanged = world.load(plan).await.plan;
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);
    world.save_once(&unchanged, &answer(1, ANN, "nothing new")).await.unwrap();
    assert_eq!(world.claims(BOB, request(1, 1), START).await, answered("nothing new"));
    assert_eq!(world.load(plan).await.plan, unchanged);
    world.check(plan).await;
}

pub async fn another_body_is_noticed_whether_running_or_answered(stores: Stores) {
    let world = World::new(stores);
    let plan = world.unsaved("ann").await;
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);
    assert_eq!(world.claims(BOB, request(1, 2), START).await, Claimed::OtherBody);
    world.save_once(&plan, &answer(1, ANN, "one")).await.unwrap();
    assert_eq!(world.claims(BOB, request(1, 2), START).await, Claimed::OtherBody);
    assert_eq!(world.claims(BOB, request(1, 1), START).await, answered("one"));
    // Once it is forgotten, the key is as good as new.
    assert_eq!(world.claims(BOB, request(1, 2), START + Duration::DAY).await, Claimed::Fresh);
    assert_eq!(world.claims(ANN, request(1, 1), START + Duration::DAY).await, Claimed::OtherBody);
}

pub async fn keys_do_not_mix(stores: Stores) {
    let world = World::new(stores);
    let mut other = [1; 32];
    other[31] = 2;
    let other = KeyedRequest { key: KeyDigest::from(other), ..request(1, 1) };
    // In the bytes of text these would differ in upper and lower case only.
    let (upper, lower) = (request(b'A', 1), request(b'a', 1));
    for request in [request(1, 1), other, request(2, 1), upper, lower] {
        assert_eq!(world.claims(ANN, request, START).await, Claimed::Fresh);
    }
    let plan = world.unsaved("ann").await;
    world.save_once(&plan, &answer(1, ANN, "one")).await.unwrap();
    for request in [other, request(2, 1), upper, lower] {
        assert_eq!(world.claims(BOB, request, START).await, Claimed::Running);
    }
}

pub async fn a_released_key_is_free(stores: Stores) {
    let world = World::new(stores);
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);
    world.releases(1, BOB).await;
    assert_eq!(world.claims(BOB, request(1, 1), START).await, Claimed::Running);
    world.releases(1, ANN).await;
    assert_eq!(world.claims(BOB, request(1, 2), START).await, Claimed::Fresh);
    // Nothing to release is no failure.
    world.releases(2, ANN).await;
}

pub async fn what_was_answered_is_not_released(stores: Stores) {
    let world = World::new(stores);
    let plan = world.unsaved("ann").await;
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);
    world.save_once(&plan, &answer(1, ANN, "one")).await.unwrap();
    world.releases(1, ANN).await;
    assert_eq!(world.claims(BOB, request(1, 1), START).await, answered("one"));
}

pub async fn whoever_lost_a_claim_neither_saves_nor_releases(stores: Stores) {
    let world = World::new(stores);
    let (mine, theirs) = (world.unsaved("ann").await, world.unsaved("bob").await);
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);
    assert_eq!(world.claims(BOB, request(1, 1), UNTIL).await, Claimed::Fresh);
    world.releases(1, ANN).await;
    for _ in 0..2 {
        let late = world.save_once(&mine, &answer(1, ANN, "mine")).await;
        assert!(matches!(late, Err(SaveOnceError::Superseded)), "{late:?}");
        assert!(world.find(mine.id()).await.is_none());
    }
    world.save_once(&theirs, &answer(1, BOB, "theirs")).await.unwrap();
    let late = world.save_once(&mine, &answer(1, ANN, "mine")).await;
    assert!(matches!(late, Err(SaveOnceError::Superseded)), "{late:?}");
    assert!(world.find(mine.id()).await.is_none());
    assert_eq!(world.claims(ANN, request(1, 1), UNTIL).await, answered("theirs"));
    let again = world.save_once(&mine, &answer(1, BOB, "mine")).await;
    assert!(matches!(again, Err(SaveOnceError::Superseded)), "an answer is given once: {again:?}");
}

pub async fn an_answer_is_forgotten_in_time(stores: Stores) {
    let world = World::new(stores);
    let plan = world.unsaved("ann").await;
    assert_eq!(world.claims(ANN, request(1, 1), START).await, Claimed::Fresh);
    world.save_once(&plan, &answer(1, ANN, "one")).await.unwrap();
    let end = START + Duration::DAY;
    assert_eq!(world.claims(BOB, request(1, 1), end - Duration::MILLISECOND).await, answered("one"));
    assert_eq!(world.claims(BOB, request(1, 1), end).await, Claimed::Fresh);
    assert_eq!(world.claims(ANN, request(1, 1), end).await, Claimed::Running);
}

pub async fn what_is_over_is_dropped_bit_by_bit(stores: Stores) {
    let world = World::new(stores);
    let keys = Arc::clone(&world.stores.idempotency_keys);
    for key in 0..20 {
        assert_eq!(world.claims(ANN, request(key, 1), START).await, Claimed::Fresh);
    }
    let plan = world.unsaved("ann").await;
    world.save_once(&plan, &answer(0, ANN, "one")).await.unwrap();
    assert_eq!(keys.forget(UNTIL - Duration::MILLISECOND, 100).await.unwrap(), 0);
    assert_eq!(keys.forget(UNTIL, 12).await.unwrap(), 12);
    assert_eq!(keys.forget(UNTIL, 12).await.unwrap(), 7);
    assert_eq!(keys.forget(UNTIL, 12).await.unwrap(), 0);
    assert_eq!(world.claims(BOB, request(0, 1), UNTIL).await, answered("one"));
    assert_eq!(world.claims(BOB, request(1, 2), UNTIL).await, Claimed::Fresh);
    assert_eq!(keys.forget(START + Duration::DAY, 100).await.unwrap(), 2);
    // What is dropped is nobody's any more.
    let other = world.unsaved("bob").await;
    let late = world.save_once(&other, &answer(2, ANN, "late")).await;
    assert!(matches!(late, Err(SaveOnceError::Superseded)), "{late:?}");
}
