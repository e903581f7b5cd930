//! Whom addresses call to be associated.

use family_plan_domain::{Edit, LinkReason, UserEdit, UserId, ZammadUser, ZammadUserId};
use time::Duration;

use super::{Stores, world::World};
use crate::fixtures::{email, origin, sighting, user_id, zammad_user};

const ZOE: ZammadUserId = ZammadUserId(7);
const ZORA: ZammadUserId = ZammadUserId(8);

impl World {
    /// Somebody whose address the identity provider has verified.
    pub(super) async fn verified(&self, id: &str, address: &str) -> UserId {
        let user = user_id(id);
        let verified_email = Edit::Set(Some(email(address).in_lower_case()));
        self.record(UserEdit { verified_email, ..UserEdit::mention(user.clone()) }).await;
        user
    }

    /// A user of the helpdesk with that address.
    pub(super) async fn sighted(&self, id: ZammadUserId, address: &str) {
        self.sight(ZammadUser { email: Some(address.to_owned()), ..zammad_user(id.0, self.now()) }).await;
    }

    async fn sight(&self, user: ZammadUser) {
        self.stores.zammad_users.record(vec![sighting(user)]).await.unwrap();
    }

    async fn vanish(&self, id: ZammadUserId) {
        let at = self.now() + Duration::seconds(1);
        self.stores.zammad_users.vanish(vec![id], at).await.unwrap();
    }

    pub(super) async fn link(&self, user: &UserId, zammad_user: ZammadUserId) {
        let origin = origin(user, self.now());
        let linked = self.stores.users.link(user.clone(), zammad_user, LinkReason::Requested, &origin).await;
        assert!(linked.unwrap());
    }

    pub(super) async fn unlink(&self, user: &UserId) {
        let origin = origin(user, self.now());
        assert!(self.stores.users.unlink(user.clone(), &origin).await.unwrap());
    }

    /// All matches, of which either side tells the same.
    async fn matches(&self) -> Vec<(UserId, ZammadUserId)> {
        let all = (1..=20).map(ZammadUserId).collect();
        let mut matches = self.stores.zammad_users.matches(all).await.unwrap();
        matches.sort();
        for user in ["ann", "bob"].map(user_id) {
            let expected = matches.iter().find(|it| it.0 == user).map(|it| it.1);
            assert_eq!(self.stores.zammad_users.match_of(user).await.unwrap(), expected);
        }
        matches
    }
}

pub async fn the_same_address_on_either_side_is_a_match(stores: Stores) {
    let world = World::new(stores);
    assert_eq!(world.matches().await, []);
    let ann = world.verified("ann", "ann@example.com").await;
    assert_eq!(world.matches().await, []);
    world.sighted(ZORA, "bob@example.com").await;
    assert_eq!(world.matches().await, []);
    world.sighted(ZOE, "ann@example.com").await;
    assert_eq!(world.matches().await, [(ann.clone(), ZOE)]);
    let bob = world.verified("bob", "bob@example.com").await;
    assert_eq!(world.matches().await, [(ann, ZOE), (bob, ZORA)]);
}

pub async fn an_address_is_the_same_whatever_its_case(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "ÄNN@Example.COM").await;
    world.sighted(ZOE, "änn@example.com").await;
    // Another letter is another address.
    world.sighted(ZORA, "ann@example.com").await;
    assert_eq!(world.matches().await, [(ann.clone(), ZOE)]);
    let person = world.stores.users.find(ann).await.unwrap().unwrap();
    assert_eq!(person.user.verified_email, Some(email("änn@example.com")));
}

pub async fn an_address_that_nobody_verified_matches_nobody(stores: Stores) {
    let world = World::new(stores);
    let ann = world.person("ann").await;
    world.sighted(ZOE, ann.email.unwrap().as_str()).await;
    let no_address = ZammadUser { email: None, ..zammad_user(ZORA.0, world.now()) };
    world.sight(no_address).await;
    assert_eq!(world.matches().await, []);

    world.verified("ann", "ann@example.com").await;
    assert_eq!(world.matches().await, [(ann.id.clone(), ZOE)]);
    world.record(UserEdit { verified_email: Edit::Set(None), ..UserEdit::mention(ann.id) }).await;
    assert_eq!(world.matches().await, []);
}

pub async fn an_address_of_two_in_the_helpdesk_matches_nobody(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "ann@example.com").await;
    world.sighted(ZOE, "ann@example.com").await;
    let other = zammad_user(ZORA.0, world.now());
    world
        .sight(ZammadUser { email: Some("ann@example.com".to_owned()), active: false, ..other.clone() })
        .await;
    assert_eq!(world.matches().await, []);
    world.clock.advance(Duration::SECOND);
    world.sight(ZammadUser { updated_at: world.now(), ..other }).await;
    assert_eq!(world.matches().await, [(ann, ZOE)]);
}

pub async fn whoever_vanished_does_not_count(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "ann@example.com").await;
    for id in [ZOE, ZORA] {
        world.sighted(id, "ann@example.com").await;
    }
    world.vanish(ZOE).await;
    assert_eq!(world.matches().await, [(ann, ZORA)]);
    world.vanish(ZORA).await;
    assert_eq!(world.matches().await, []);
}

pub async fn whoever_is_deactivated_counts_and_matches(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "zammad7@example.com").await;
    world.sight(ZammadUser { active: false, ..zammad_user(ZOE.0, world.now()) }).await;
    assert_eq!(world.matches().await, [(ann, ZOE)]);
}

pub async fn an_address_that_was_verified_for_two_matches_nobody(stores: Stores) {
    let world = World::new(stores);
    world.sighted(ZOE, "ann@example.com").await;
    let ann = world.verified("ann", "ann@example.com").await;
    let bob = world.verified("bob", "Ann@Example.com").await;
    assert_eq!(world.matches().await, []);
    world.link(&bob, ZORA).await;
    assert_eq!(world.matches().await, [], "also when the other one is associated with somebody else");
    world.verified("bob", "bob@example.com").await;
    assert_eq!(world.matches().await, [(ann, ZOE)]);
}

pub async fn zammads_own_user_neither_matches_nor_counts(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "ann@example.com").await;
    world.sighted(ZammadUserId::SYSTEM, "ann@example.com").await;
    assert_eq!(world.matches().await, []);
    world.sighted(ZOE, "ann@example.com").await;
    assert_eq!(world.matches().await, [(ann, ZOE)]);
}

pub async fn whoever_is_associated_does_not_match(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "ann@example.com").await;
    let bob = world.verified("bob", "bob@example.com").await;
    world.sighted(ZOE, "ann@example.com").await;
    world.sighted(ZORA, "bob@example.com").await;
    assert_eq!(world.matches().await, [(ann.clone(), ZOE), (bob.clone(), ZORA)]);
    world.link(&ann, ZammadUserId(9)).await;
    assert_eq!(world.matches().await, [(bob, ZORA)], "one of ours is associated");
    world.link(&ann, ZORA).await;
    assert_eq!(world.matches().await, [], "and now also the other one of theirs");
}

pub async fn whoever_was_unlinked_by_hand_does_not_match(stores: Stores) {
    let world = World::new(stores);
    let ann = world.verified("ann", "ann@example.com").await;
    world.sighted(ZOE, "ann@example.com").await;
    world.link(&ann, ZOE).await;
    world.unlink(&ann).await;
    assert_eq!(world.matches().await, []);
    // Neither does it help to tell the address again.
    world.verified("ann", "ann@example.com").await;
    assert_eq!(world.matches().await, []);
}

pub async fn matches_are_looked_for_among_those_who_are_asked_for(stores: Stores) {
    let world = World::new(stores);
    let [ann, bob] =
        [world.verified("ann", "ann@a.example").await, world.verified("bob", "bob@b.example").await];
    world.sighted(ZOE, "ann@a.example").await;
    world.sighted(ZORA, "bob@b.example").await;
    let find =
        async |users: &[ZammadUserId]| world.stores.zammad_users.matches(users.to_vec()).await.unwrap();
    assert_eq!(find(&[ZOE]).await, [(ann.clone(), ZOE)]);
    assert_eq!(find(&[ZORA, ZammadUserId(9)]).await, [(bob, ZORA)]);
    assert_eq!(find(&[ZammadUserId(9)]).await, []);
    // However many they are.
    let mut many: Vec<_> = (100..2_600).map(ZammadUserId).collect();
    many.push(ZOE);
    assert_eq!(find(&many).await, [(ann, ZOE)]);
    assert_eq!(world.stores.zammad_users.match_of(user_id("nobody")).await.unwrap(), None);
}
