//! Which of the helpdesk's users stand for ours.

use std::collections::BTreeSet;

use family_plan_domain::{
    Event, EventCursor, Fact, LinkReason, Origin, UserId, ZammadUserId,
    ports::{LinkError, SaveError},
};
use time::Duration;

use super::{Stores, world::World};
use crate::fixtures::{origin, user_id};

const ZOE: ZammadUserId = ZammadUserId(7);
const ZORA: ZammadUserId = ZammadUserId(8);

impl World {
    pub(super) async fn try_link(
        &self,
        user: &UserId,
        zammad_user: ZammadUserId,
        reason: LinkReason,
    ) -> Result<bool, LinkError> {
        let origin = origin(user, self.now());
        self.stores.users.link(user.clone(), zammad_user, reason, &origin).await
    }

    pub(super) async fn association(&self, user: &UserId) -> Option<ZammadUserId> {
        self.stores.users.find(user.clone()).await.unwrap()?.user.zammad_user_id
    }
}

/// The name, the place and the helpdesk's user of events, as far as they tell of one.
fn told(events: &[Event]) -> Vec<(&'static str, EventCursor, Option<i64>)> {
    let zammad_user = |event: &Event| {
        event.facts.iter().find_map(|fact| match fact {
            ("zammad_user_id", Fact::Number(id)) => Some(*id),
            _ => None,
        })
    };
    events.iter().map(|it| (it.kind.as_str(), it.cursor, zammad_user(it))).collect()
}

fn cursor(revision: i64, position: u32) -> EventCursor {
    EventCursor { revision, position }
}

pub async fn an_association_shows_wherever_the_user_does(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let ann = user_id("ann");
    assert_eq!(world.association(&ann).await, None);
    world.link(&ann, ZOE).await;
    assert_eq!(world.association(&ann).await, Some(ZOE));
    let loaded = world.load(plan).await.plan;
    assert_eq!(loaded.members()[0].user.zammad_user_id, Some(ZOE));
    let people = world.stores.users.of_zammad_users(vec![ZORA, ZOE]).await.unwrap();
    assert_eq!(people.len(), 1);
    assert_eq!(Some(people[0].clone()), world.stores.users.find(ann.clone()).await.unwrap());
    assert_eq!(people[0].family.as_ref().unwrap().plan, plan);

    world.unlink(&ann).await;
    assert_eq!(world.association(&ann).await, None);
    assert_eq!(world.stores.users.of_zammad_users(vec![ZORA, ZOE]).await.unwrap(), []);
}

pub async fn a_link_makes_a_user(stores: Stores) {
    let world = World::new(stores);
    let ann = user_id("ann");
    world.link(&ann, ZOE).await;
    assert_eq!(world.association(&ann).await, Some(ZOE));
    // What is told of them later leaves that as it is.
    world.person("ann").await;
    assert_eq!(world.association(&ann).await, Some(ZOE));
}

pub async fn the_same_link_again_changes_nothing(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    world.link(&user_id("ann"), ZOE).await;
    let history = world.history(plan).await;
    for reason in [LinkReason::Requested, LinkReason::VerifiedEmail] {
        assert!(!world.try_link(&user_id("ann"), ZOE, reason).await.unwrap());
    }
    assert_eq!(world.history(plan).await, history);
    world.check(plan).await;
}

pub async fn a_requested_link_replaces_another(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let ann = user_id("ann");
    world.link(&ann, ZOE).await;
    world.link(&ann, ZORA).await;
    assert_eq!(world.association(&ann).await, Some(ZORA));
    world.unlink(&ann).await;
    let history = world.history(plan).await;
    assert_eq!(
        told(&history)[2..],
        [
            ("zammad_user.linked", cursor(2, 0), Some(7)),
            ("zammad_user.unlinked", cursor(3, 0), Some(7)),
            ("zammad_user.linked", cursor(3, 1), Some(8)),
            ("zammad_user.unlinked", cursor(4, 0), Some(8)),
        ]
    );
    assert_eq!(history.iter().map(|it| it.id.to_string()).collect::<BTreeSet<_>>().len(), history.len());
    world.check(plan).await;
    // And what comes next follows.
    world.issue(plan).await;
    world.check(plan).await;
}

pub async fn what_somebody_else_has_is_taken(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("bob").await;
    let bob = user_id("bob");
    world.link(&user_id("ann"), ZOE).await;
    world.link(&bob, ZORA).await;
    let history = world.history(plan).await;
    for reason in [LinkReason::Requested, LinkReason::VerifiedEmail] {
        for user in [&bob, &user_id("cid")] {
            let refused = world.try_link(user, ZOE, reason).await;
            assert!(matches!(refused, Err(LinkError::Taken)), "{refused:?}");
        }
    }
    assert_eq!(world.association(&bob).await, Some(ZORA));
    assert_eq!(world.stores.users.find(user_id("cid")).await.unwrap(), None, "nothing is left behind");
    assert_eq!(world.history(plan).await, history);
    world.check(plan).await;
}

pub async fn what_was_given_back_can_be_taken(stores: Stores) {
    let world = World::new(stores);
    let [ann, bob] = ["ann", "bob"].map(user_id);
    world.link(&ann, ZOE).await;
    world.unlink(&ann).await;
    world.link(&bob, ZOE).await;
    world.link(&ann, ZORA).await;
    world.link(&bob, ZammadUserId(9)).await;
    world.link(&ann, ZOE).await;
    assert_eq!(world.association(&ann).await, Some(ZOE));
    assert_eq!(world.association(&bob).await, Some(ZammadUserId(9)));
}

pub async fn unlinking_where_nothing_is_changes_nothing(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let history = world.history(plan).await;
    for user in ["ann", "nobody"].map(user_id) {
        let origin = origin(&user, world.now());
        assert!(!world.stores.users.unlink(user, &origin).await.unwrap());
    }
    assert_eq!(world.stores.users.find(user_id("nobody")).await.unwrap(), None);
    assert_eq!(world.history(plan).await, history);
    world.check(plan).await;
}

pub async fn an_event_tells_who_linked_whom_and_why(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    world.verified("ann", "ann@example.com").await;
    world.sighted(ZOE, "ann@example.com").await;
    world.clock.advance(Duration::milliseconds(1));
    let by_itself = Origin { actor: None, request_id: None, at: world.now() };
    let linked = world.stores.users.link(user_id("ann"), ZOE, LinkReason::VerifiedEmail, &by_itself).await;
    assert!(linked.unwrap());
    let by_hand = Origin {
        actor: Some(user_id("admin")),
        request_id: Some("req-7".to_owned()),
        at: world.now() + Duration::SECOND,
    };
    assert!(world.stores.users.unlink(user_id("ann"), &by_hand).await.unwrap());

    let history = world.history(plan).await;
    for (event, origin, reason) in [(2, by_itself, "verified_email"), (3, by_hand, "requested")] {
        let event = &history[event];
        assert_eq!(event.plan, Some(plan));
        assert_eq!(event.at, origin.at);
        assert_eq!(event.actor, origin.actor);
        assert_eq!(event.request_id, origin.request_id);
        assert_eq!(event.reason.as_deref(), Some(reason));
        let facts: Vec<_> = event.facts.iter().collect();
        assert_eq!(facts, [("user_id", &Fact::from("ann")), ("zammad_user_id", &Fact::Number(7))]);
    }
}

pub async fn outside_of_plans_no_plan_tells(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let (bob, _) = world.join(plan, "bob").await;
    world.detach(plan, &bob.id).await.unwrap();
    let history = world.history(plan).await;
    // Again and again: what happens outside of plans has no order.
    for zammad_user in [ZOE, ZORA, ZOE] {
        world.link(&bob.id, zammad_user).await;
    }
    world.unlink(&bob.id).await;
    assert_eq!(world.history(plan).await, history);
    world.check(plan).await;
}

pub async fn a_link_makes_what_was_loaded_before_stale(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let mut loaded = world.load(plan).await.plan;
    loaded.close();
    world.link(&user_id("ann"), ZOE).await;
    assert!(matches!(world.try_save(&loaded).await, Err(SaveError::Stale)));
    let mut loaded = world.load(plan).await.plan;
    loaded.close();
    world.save(&loaded).await;
    // There is no plan any more whose history could tell.
    world.unlink(&user_id("ann")).await;
    assert_eq!(world.association(&user_id("ann")).await, None);
}

pub async fn a_link_by_address_needs_a_match(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let ann = user_id("ann");
    let by_address =
        async |user: &UserId| world.try_link(user, ZOE, LinkReason::VerifiedEmail).await.unwrap();
    assert!(!by_address(&ann).await);
    world.verified("ann", "ann@example.com").await;
    assert!(!by_address(&ann).await);
    world.sighted(ZORA, "ann@example.com").await;
    assert!(!by_address(&ann).await, "it is another one who matches");
    world.sighted(ZOE, "ann@example.com").await;
    assert!(!by_address(&ann).await, "it is not clear which one matches");
    assert!(!by_address(&user_id("nobody")).await);
    assert_eq!(world.stores.users.find(user_id("nobody")).await.unwrap(), None);
    assert_eq!(told(&world.history(plan).await).len(), 2);

    world.clock.advance(Duration::SECOND);
    world.sighted(ZORA, "zora@example.com").await;
    assert!(by_address(&ann).await);
    assert_eq!(world.association(&ann).await, Some(ZOE));
    world.check(plan).await;
}

pub async fn a_link_by_address_replaces_nothing(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "ann@example.com").await;
    world.sighted(ZOE, "ann@example.com").await;
    world.link(&ann, ZORA).await;
    assert!(!world.try_link(&ann, ZOE, LinkReason::VerifiedEmail).await.unwrap());
    assert_eq!(world.association(&ann).await, Some(ZORA));
}

pub async fn a_link_by_address_respects_what_was_taken_away_by_hand(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "ann@example.com").await;
    world.sighted(ZOE, "ann@example.com").await;
    assert!(world.try_link(&ann, ZOE, LinkReason::VerifiedEmail).await.unwrap());
    world.unlink(&ann).await;
    assert!(!world.try_link(&ann, ZOE, LinkReason::VerifiedEmail).await.unwrap());
    assert_eq!(world.association(&ann).await, None);
    world.link(&ann, ZOE).await;
    assert_eq!(world.association(&ann).await, Some(ZOE));
}

pub async fn users_of_the_helpdesk_are_found_many_at_once(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let linked = [("ann", 5), ("bob", 1_500), ("cid", 2_900)];
    for (user, zammad_user) in linked {
        world.link(&user_id(user), ZammadUserId(zammad_user)).await;
    }
    assert_eq!(world.stores.users.of_zammad_users(Vec::new()).await.unwrap(), []);
    let mut found: Vec<_> = world
        .stores
        .users
        .of_zammad_users((1..=3_000).map(ZammadUserId).collect())
        .await
        .unwrap()
        .into_iter()
        .map(|it| (it.user.id, it.user.zammad_user_id, it.family.map(|it| it.plan)))
        .collect();
    found.sort();
    let plan_of = |user| (user == "ann").then_some(plan);
    assert_eq!(found, linked.map(|(user, it)| (user_id(user), Some(ZammadUserId(it)), plan_of(user))));
}
