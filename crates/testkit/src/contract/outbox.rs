//! What endpoints are to be told.

use family_plan_domain::{
    Attempt, Capacity, ClaimedLane, Endpoint, EndpointId, EventFilter, EventKind, FeedEvent, FeedPlace, Lane,
    Outgoing, OutgoingState, PlanId, PlanName, Settlement, ports::Ids,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Stores, endpoints::endpoint, feed::extend, world::World};
use crate::START;

const ANN: Uuid = Uuid::from_u128(0xa);
const BOB: Uuid = Uuid::from_u128(0xb);
const UNTIL: OffsetDateTime = START.saturating_add(Duration::MINUTE);
const LATER: OffsetDateTime = START.saturating_add(Duration::HOUR);

/// An endpoint, and a plan that it is told of.
struct Scene {
    world: World,
    endpoint: EndpointId,
}

impl Scene {
    async fn new(stores: Stores) -> Self {
        let world = World::new(stores);
        let endpoint = endpoint(&world.ids);
        let id = endpoint.id;
        world.stores.endpoints.add(endpoint).await.unwrap();
        Self { world, endpoint: id }
    }

    /// Something happens to a plan, and is in the feed.
    async fn rename(&self, plan: PlanId, name: &str) {
        self.world.decide(plan, |plan, _| plan.rename(PlanName::new(name).unwrap())).await;
        extend(&*self.world.stores.feed).await;
    }

    async fn open(&self, owner: &str) -> PlanId {
        let plan = self.world.plan_of(owner).await;
        extend(&*self.world.stores.feed).await;
        plan
    }

    async fn claim(&self, worker: Uuid, limit: usize, now: OffsetDateTime) -> Vec<ClaimedLane> {
        let until = now + Duration::MINUTE;
        self.world.stores.outbox.claim(self.endpoint, worker, limit, now, until).await.unwrap()
    }

    async fn claim_one(&self) -> ClaimedLane {
        let claimed = self.claim(ANN, 1, START).await;
        claimed.into_iter().next().expect("a lane is due")
    }

    async fn first(&self, lane: ClaimedLane) -> Option<FeedEvent> {
        self.world.stores.outbox.first(lane).await.unwrap()
    }

    async fn settle(&self, lane: ClaimedLane, settlement: Settlement) -> bool {
        let first = self.first(lane).await.expect("something is pending");
        self.world.stores.outbox.settle(lane, first.place, attempt(settlement), settlement).await.unwrap()
    }

    async fn release(&self, lane: ClaimedLane) {
        self.world.stores.outbox.release(lane, START).await.unwrap();
    }

    /// Everything that is pending is taken; what it was.
    async fn deliver(&self) -> Vec<FeedEvent> {
        let mut delivered = Vec::new();
        while let claimed = self.claim(ANN, 10, START).await
            && !claimed.is_empty()
        {
            for lane in claimed {
                while let Some(event) = self.first(lane).await {
                    assert!(self.settle(lane, Settlement::Delivered).await);
                    delivered.push(event);
                }
                self.release(lane).await;
            }
        }
        delivered
    }

    async fn list(&self, state: Option<OutgoingState>) -> Vec<Outgoing> {
        self.world.stores.outbox.list(self.endpoint, state, None, 10_000).await.unwrap()
    }
}

fn attempt(settlement: Settlement) -> Attempt {
    match settlement {
        Settlement::Delivered => Attempt { at: START, status: Some(204), failure: None },
        _ => Attempt::failed(START, Some(500), "it answered 500"),
    }
}

fn kinds(events: &[FeedEvent]) -> Vec<EventKind> {
    events.iter().map(|it| it.event.kind).collect()
}

/// The same, where several lanes are told in any order.
fn sorted_kinds(events: &[FeedEvent]) -> Vec<EventKind> {
    let mut kinds = kinds(events);
    kinds.sort_by_key(|it| it.as_str());
    kinds
}

pub async fn an_endpoint_is_told_of_what_happens_from_then_on(stores: Stores) {
    let world = World::new(stores.clone());
    let plan = world.plan_of("ann").await;
    extend(&*stores.feed).await;
    let scene = Scene { endpoint: Scene::new(stores).await.endpoint, world };
    assert_eq!(scene.deliver().await, []);
    scene.rename(plan, "Elsewhere").await;
    let told = scene.deliver().await;
    assert_eq!(kinds(&told), [EventKind::PlanRenamed]);
    assert_eq!(told[0].event, scene.world.history(plan).await[2]);
    assert_eq!(scene.deliver().await, [], "once");
}

pub async fn an_endpoint_is_told_of_what_it_wants(stores: Stores) {
    let scene = Scene::new(stores).await;
    let wanted = EventFilter::of(&[EventKind::PlanCreated, EventKind::SettingsUpdated]);
    let picky = Endpoint { filter: wanted, ..endpoint(&scene.world.ids) };
    let picky_id = picky.id;
    scene.world.stores.endpoints.add(picky).await.unwrap();
    scene.open("ann").await;
    scene.world.change_settings(|it| it.user_limit = Capacity::new(7).unwrap()).await;
    extend(&*scene.world.stores.feed).await;
    let picky = Scene { endpoint: picky_id, world: scene.world };
    assert_eq!(sorted_kinds(&picky.deliver().await), [EventKind::PlanCreated, EventKind::SettingsUpdated]);
    assert_eq!(picky.list(Some(OutgoingState::Pending)).await, []);
    let all = Scene { endpoint: scene.endpoint, world: picky.world };
    assert_eq!(
        sorted_kinds(&all.deliver().await),
        [EventKind::MemberJoined, EventKind::PlanCreated, EventKind::SettingsUpdated]
    );
}

pub async fn a_lane_is_told_in_order(stores: Stores) {
    let scene = Scene::new(stores).await;
    let plan = scene.open("ann").await;
    for name in ["One", "Two", "Three"] {
        scene.rename(plan, name).await;
    }
    let claimed = scene.claim(ANN, 10, START).await;
    assert_eq!(claimed.iter().map(|it| it.lane).collect::<Vec<_>>(), [Lane::of(Some(plan))]);
    scene.release(claimed[0]).await;
    let told: Vec<_> = scene.deliver().await.into_iter().map(|it| it.event).collect();
    assert_eq!(told, scene.world.history(plan).await);
}

pub async fn a_lane_is_claimed_by_one_until_the_claim_ends(stores: Stores) {
    let scene = Scene::new(stores).await;
    for owner in ["ann", "bob", "cid"] {
        scene.open(owner).await;
    }
    assert_eq!(scene.claim(ANN, 2, START).await.len(), 2);
    assert_eq!(scene.claim(BOB, 2, START).await.len(), 1);
    let late = UNTIL - Duration::MILLISECOND;
    for worker in [ANN, BOB] {
        assert_eq!(scene.claim(worker, 10, late).await, []);
    }
    assert_eq!(scene.claim(BOB, 10, UNTIL).await.len(), 3);
}

pub async fn the_longest_due_is_claimed_first(stores: Stores) {
    let scene = Scene::new(stores).await;
    let mut plans = Vec::new();
    for owner in ["ann", "bob", "cid"] {
        plans.push(scene.open(owner).await);
        scene.world.clock.advance(Duration::SECOND);
    }
    for plan in plans {
        let claimed = scene.claim(ANN, 1, UNTIL).await;
        assert_eq!(claimed[0].lane, Lane::of(Some(plan)));
    }
}

pub async fn whoever_lost_a_lane_settles_nothing(stores: Stores) {
    let scene = Scene::new(stores).await;
    scene.open("ann").await;
    let lost = scene.claim_one().await;
    let taken = scene.claim(BOB, 1, UNTIL).await[0];
    for settlement in [Settlement::Delivered, Settlement::Retry(LATER), Settlement::GivenUp, Settlement::Kept]
    {
        assert!(!scene.settle(lost, settlement).await);
    }
    scene.release(lost).await;
    assert!(scene.list(None).await.iter().all(|it| it.attempts == 0));
    assert!(scene.settle(taken, Settlement::Delivered).await, "it is theirs still");
}

pub async fn what_fails_waits_and_those_after_it_too(stores: Stores) {
    let scene = Scene::new(stores).await;
    let plan = scene.open("ann").await;
    let lane = scene.claim_one().await;
    assert!(scene.settle(lane, Settlement::Retry(LATER)).await);
    scene.rename(plan, "Elsewhere").await;
    let other = scene.open("bob").await;
    assert_eq!(scene.claim_one().await.lane, Lane::of(Some(other)), "another plan is not held back");
    assert_eq!(scene.claim(BOB, 10, UNTIL - Duration::MILLISECOND).await, []);

    let again = scene.claim(BOB, 10, LATER).await.into_iter().find(|it| it.lane == lane.lane).unwrap();
    assert_eq!((again.n_failures, again.failing_since), (1, Some(START)));
    assert_eq!(scene.first(again).await.unwrap().event.kind, EventKind::PlanCreated);
    let listed = scene.list(Some(OutgoingState::Pending)).await;
    let failed = listed.iter().find(|it| it.attempts == 1).unwrap();
    assert_eq!(failed.last_attempt, Some(attempt(Settlement::Retry(LATER))));

    assert!(scene.settle(again, Settlement::Delivered).await);
    scene.release(again).await;
    let next = scene.claim(ANN, 10, LATER).await.into_iter().find(|it| it.lane == lane.lane).unwrap();
    assert_eq!((next.n_failures, next.failing_since), (0, None), "the next one starts anew");
    assert_eq!(scene.first(next).await.unwrap().event.kind, EventKind::MemberJoined);
}

pub async fn what_is_given_up_lets_others_pass(stores: Stores) {
    let scene = Scene::new(stores).await;
    scene.open("ann").await;
    let lane = scene.claim_one().await;
    assert!(scene.settle(lane, Settlement::GivenUp).await);
    assert_eq!(scene.first(lane).await.unwrap().event.kind, EventKind::MemberJoined);
    let failed = scene.list(Some(OutgoingState::Failed)).await;
    assert_eq!((failed.len(), failed[0].kind, failed[0].attempts), (1, EventKind::PlanCreated, 1));
}

pub async fn what_is_kept_goes_out_when_the_endpoint_is_woken(stores: Stores) {
    let scene = Scene::new(stores).await;
    let [kept, waiting] = [scene.open("ann").await, scene.open("bob").await];
    for lane in scene.claim(ANN, 10, START).await {
        let settlement =
            if lane.lane == Lane::of(Some(kept)) { Settlement::Kept } else { Settlement::Retry(LATER) };
        assert!(scene.settle(lane, settlement).await);
    }
    scene.world.stores.outbox.wake(scene.endpoint, START).await.unwrap();
    let due = scene.claim(BOB, 10, START).await;
    assert_eq!(due.len(), 2);
    assert!(due.iter().all(|it| it.n_failures == 0 && it.failing_since.is_none()));
    assert!(due.iter().any(|it| it.lane == Lane::of(Some(waiting))));
    for lane in due {
        assert_eq!(scene.first(lane).await.unwrap().event.kind, EventKind::PlanCreated);
    }
    scene.world.stores.outbox.wake(scene.endpoint, START).await.unwrap();
    assert_eq!(scene.claim(ANN, 10, START).await, [], "whoever is at it is not disturbed");
}

pub async fn what_comes_while_a_lane_is_left_is_not_lost(stores: Stores) {
    let scene = Scene::new(stores).await;
    let plan = scene.open("ann").await;
    let lane = scene.claim_one().await;
    while scene.first(lane).await.is_some() {
        scene.settle(lane, Settlement::Delivered).await;
    }
    scene.rename(plan, "Elsewhere").await;
    scene.release(lane).await;
    assert_eq!(kinds(&scene.deliver().await), [EventKind::PlanRenamed]);
    scene.rename(plan, "Home").await;
    assert_eq!(kinds(&scene.deliver().await), [EventKind::PlanRenamed]);
}

pub async fn an_event_can_be_told_again(stores: Stores) {
    let scene = Scene::new(stores).await;
    let plan = scene.open("ann").await;
    let told = scene.deliver().await;
    let outbox = &scene.world.stores.outbox;
    for _ in 0..2 {
        assert!(outbox.replay(scene.endpoint, told[0].event.id, START).await.unwrap());
    }
    let pending = scene.list(Some(OutgoingState::Pending)).await;
    assert_eq!((pending.len(), pending[0].attempts, &pending[0].last_attempt), (1, 1, &None));
    assert_eq!(scene.deliver().await, told[..1]);
    assert_eq!(scene.list(None).await.len(), 2);

    // One that it was never told of.
    let picky = Endpoint { filter: EventFilter::of(&[EventKind::PlanClosed]), ..endpoint(&scene.world.ids) };
    scene.world.stores.endpoints.add(picky.clone()).await.unwrap();
    assert!(outbox.replay(picky.id, told[1].event.id, START).await.unwrap());
    let nobody = scene.world.ids.next();
    assert!(!outbox.replay(scene.endpoint, nobody.into(), START).await.unwrap());
    assert!(!outbox.replay(nobody.into(), told[0].event.id, START).await.unwrap());
    scene.world.close(plan).await;
    let unplaced = scene.world.stores.feed.read(FeedPlace::START, 100).await.unwrap();
    assert_eq!(unplaced.len(), 2, "what has no place yet cannot be told again");
    let picky = Scene { endpoint: picky.id, world: scene.world };
    assert_eq!(picky.deliver().await, told[1..]);
}

pub async fn everything_since_a_time_can_be_told_again(stores: Stores) {
    let scene = Scene::new(stores).await;
    let plan = scene.open("ann").await;
    scene.world.clock.advance(Duration::HOUR);
    scene.rename(plan, "Elsewhere").await;
    let other = scene.open("bob").await;
    scene.world.clock.advance(Duration::HOUR);
    let told = scene.deliver().await;
    assert_eq!(told.len(), 3, "the other plan is not due at that time");
    let outbox = &scene.world.stores.outbox;
    outbox.wake(scene.endpoint, START).await.unwrap();
    scene.deliver().await;

    outbox.replay_since(scene.endpoint, LATER, START).await.unwrap();
    let again = scene.deliver().await;
    let of = |plan| -> Vec<_> {
        again.iter().filter(|it| it.event.plan == Some(plan)).map(|it| it.event.clone()).collect()
    };
    assert_eq!(of(plan), scene.world.history(plan).await[2..]);
    assert_eq!(of(other), scene.world.history(other).await);
    outbox.replay_since(scene.endpoint, LATER + Duration::MILLISECOND, START).await.unwrap();
    assert_eq!(scene.deliver().await, []);
    outbox.replay_since(scene.endpoint, START, START).await.unwrap();
    assert_eq!(scene.deliver().await.len(), 5);
}

pub async fn what_is_told_is_listed_page_by_page(stores: Stores) {
    let scene = Scene::new(stores).await;
    let plan = scene.open("ann").await;
    for name in ["One", "Two", "Three"] {
        scene.rename(plan, name).await;
    }
    let lane = scene.claim_one().await;
    for settlement in [Settlement::Delivered, Settlement::GivenUp, Settlement::Delivered] {
        scene.settle(lane, settlement).await;
    }
    let all = scene.list(None).await;
    assert!(all.is_sorted_by(|one, next| next.place < one.place), "the latest first");
    let history = scene.world.history(plan).await;
    for (outgoing, event) in all.iter().rev().zip(&history) {
        assert_eq!((outgoing.event, outgoing.kind, outgoing.plan), (event.id, event.kind, Some(plan)));
        assert_eq!(outgoing.happened_at, event.at);
    }
    let outbox = &scene.world.stores.outbox;
    for state in
        [None, Some(OutgoingState::Pending), Some(OutgoingState::Delivered), Some(OutgoingState::Failed)]
    {
        let mut listed: Vec<Outgoing> = Vec::new();
        while let before = listed.last().map(|it| it.place)
            && let page = outbox.list(scene.endpoint, state, before, 2).await.unwrap()
            && !page.is_empty()
        {
            assert!(page.len() <= 2);
            listed.extend(page);
        }
        let expected = all.iter().filter(|it| state.is_none_or(|state| it.state == state));
        assert!(listed.iter().eq(expected), "{state:?}");
    }
    assert_eq!(
        scene.list(Some(OutgoingState::Failed)).await[0].last_attempt,
        Some(attempt(Settlement::GivenUp))
    );
}

pub async fn what_was_delivered_is_forgotten_in_time(stores: Stores) {
    let scene = Scene::new(stores).await;
    let plan = scene.open("ann").await;
    for name in ["One", "Two", "Three"] {
        scene.rename(plan, name).await;
    }
    let lane = scene.claim_one().await;
    for settlement in
        [Settlement::Delivered, Settlement::GivenUp, Settlement::Delivered, Settlement::Delivered]
    {
        scene.settle(lane, settlement).await;
    }
    let outbox = &scene.world.stores.outbox;
    assert_eq!(outbox.forget(START, 10).await.unwrap(), 0);
    assert_eq!(outbox.forget(UNTIL, 2).await.unwrap(), 2);
    assert_eq!(outbox.forget(UNTIL, 2).await.unwrap(), 1);
    let left: Vec<_> = scene.list(None).await.into_iter().map(|it| it.state).collect();
    assert_eq!(left, [OutgoingState::Pending, OutgoingState::Failed]);
    let event = scene.world.history(plan).await[0].id;
    assert!(outbox.replay(scene.endpoint, event, START).await.unwrap(), "the event is there still");
}

pub async fn nothing_is_told_to_whom_was_removed(stores: Stores) {
    let scene = Scene::new(stores).await;
    let plan = scene.open("ann").await;
    let lane = scene.claim_one().await;
    let first = scene.first(lane).await.unwrap();
    assert!(scene.world.stores.endpoints.remove(scene.endpoint).await.unwrap());
    scene.rename(plan, "Elsewhere").await;
    assert_eq!(scene.list(None).await, []);
    assert_eq!(scene.first(lane).await, None);
    let outbox = &scene.world.stores.outbox;
    let settled =
        outbox.settle(lane, first.place, attempt(Settlement::Delivered), Settlement::Delivered).await;
    assert!(!settled.unwrap());
    scene.release(lane).await;
    assert_eq!(scene.claim(BOB, 10, LATER).await, []);
}
