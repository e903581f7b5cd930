//! Which invites need their token.

use family_plan_domain::{
    InviteId, PlanId,
    ports::{GivenUpTokens, Ids},
};
use time::{Duration, OffsetDateTime};

use super::{Stores, world::World};
use crate::{
    START,
    fixtures::{code_of, new_invite, user_id},
};

impl World {
    async fn give_up(&self, invites: &[InviteId]) -> GivenUpTokens {
        self.stores.invite_register.give_up_tokens(invites.to_vec(), self.now()).await.unwrap()
    }

    /// Those that need their token, whenever they were issued.
    async fn with_token(&self) -> Vec<(PlanId, InviteId)> {
        self.with_token_since(None).await
    }

    async fn with_token_since(&self, since: Option<OffsetDateTime>) -> Vec<(PlanId, InviteId)> {
        self.stores.invite_register.with_token(since, None, 10_000, self.now()).await.unwrap()
    }
}

fn unneeded(invites: &[InviteId]) -> GivenUpTokens {
    GivenUpTokens { unneeded: invites.to_vec(), unknown: Vec::new() }
}

pub async fn the_token_of_an_open_invite_is_needed(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let invite = world.issue(plan).await.id;
    assert_eq!(world.give_up(&[]).await, GivenUpTokens::default());
    for _ in 0..2 {
        assert_eq!(world.give_up(&[invite]).await, GivenUpTokens::default());
        assert_eq!(world.with_token().await, [(plan, invite)]);
    }
    world.clock.advance(Duration::days(2) - Duration::MILLISECOND);
    assert_eq!(world.give_up(&[invite]).await, GivenUpTokens::default());
    assert_eq!(world.with_token().await, [(plan, invite)]);
}

pub async fn tokens_that_are_of_no_use_are_given_up(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let expired = world.issue(plan).await.id;
    world.clock.advance(Duration::days(2));
    let (_, used) = world.join(plan, "bob").await;
    let revoked = world.issue(plan).await.id;
    world.revoke(plan, revoked).await;
    let closed = world.plan_of("zoe").await;
    let of_closed_plan = world.issue(closed).await.id;
    world.close(closed).await;
    let open = world.issue(plan).await.id;
    assert_eq!(world.with_token().await, [(plan, open)]);

    let expected = unneeded(&[expired, used, revoked, of_closed_plan]);
    for _ in 0..2 {
        let given_up = world.give_up(&[open, of_closed_plan, revoked, used, expired, used]).await;
        assert_eq!(given_up, expected);
    }
    assert_eq!(world.with_token().await, [(plan, open)]);
}

pub async fn a_closed_plan_needs_no_token_whatever_the_clock(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let invite = world.issue(plan).await.id;
    world.clock.advance(Duration::days(2));
    world.close(plan).await;
    // Expired as it was, it was not revoked; and here is somebody whose clock is behind.
    let register = &world.stores.invite_register;
    assert!(register.with_token(None, None, 10, START).await.unwrap().is_empty());
    let given_up = register.give_up_tokens(vec![invite], START).await.unwrap();
    assert_eq!(given_up, unneeded(&[invite]));
}

pub async fn invites_that_nobody_knows_are_unknown(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let unknown = [InviteId::from(world.ids.next()), InviteId::from(world.ids.next())];
    let open = world.issue(plan).await.id;
    let given_up = world.give_up(&[unknown[1], open, unknown[0], unknown[1]]).await;
    assert_eq!(given_up, GivenUpTokens { unneeded: Vec::new(), unknown: unknown.to_vec() });
}

pub async fn a_token_that_was_given_up_is_not_needed_again(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let (bob, swept) = world.join(plan, "bob").await;
    let (cid, not_swept) = world.join(plan, "cid").await;
    assert_eq!(world.give_up(&[swept]).await, unneeded(&[swept]));
    for member in [bob, cid] {
        world.detach(plan, &member.id).await.unwrap();
    }
    // The other token is still there: whoever deletes it means that invite.
    assert_eq!(world.with_token().await, [(plan, not_swept)]);
    assert_eq!(world.give_up(&[swept, not_swept]).await, unneeded(&[swept]));

    let dan = world.person("dan").await;
    world.accept(swept, &dan).await.unwrap();
    world.check(plan).await;
    assert_eq!(world.give_up(&[swept]).await, unneeded(&[swept]));
}

pub async fn invites_that_need_their_token_are_listed_page_by_page(stores: Stores) {
    let world = World::new(stores);
    let mut expected = Vec::new();
    for owner in ["ann", "bob"] {
        let plan = world.plan_of(owner).await;
        let invites = world.issue_many(plan, 4).await;
        world.revoke(plan, invites[1].id).await;
        expected.extend([0, 2, 3].map(|idx| (plan, invites[idx].id)));
    }
    let mut listed: Vec<(PlanId, InviteId)> = Vec::new();
    let register = &world.stores.invite_register;
    while let after = listed.last().map(|(_, invite)| *invite)
        && let page = register.with_token(None, after, 2, world.now()).await.unwrap()
        && !page.is_empty()
    {
        assert!(page.len() <= 2);
        listed.extend(page);
    }
    assert_eq!(listed, expected);
}

pub async fn invites_that_need_their_token_are_listed_by_when_they_were_issued(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let first = (plan, world.issue(plan).await.id);
    world.clock.advance(Duration::HOUR);
    let second = (plan, world.issue(plan).await.id);
    let now = world.now();
    assert_eq!(world.with_token_since(Some(now - Duration::HOUR)).await, [first, second]);
    assert_eq!(world.with_token_since(Some(now - Duration::HOUR + Duration::MILLISECOND)).await, [second]);
    assert_eq!(world.with_token_since(Some(now)).await, [second]);
    assert!(world.with_token_since(Some(now + Duration::MILLISECOND)).await.is_empty());
}

pub async fn very_many_tokens_are_given_up_at_once(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let mut ids: Vec<InviteId> = (0..2498).map(|_| world.ids.next().into()).collect();
    let expired = world.issue(plan).await.id;
    world.clock.advance(Duration::days(2));
    let open = world.issue(plan).await.id;
    let unknown = ids.clone();
    ids.extend([open, expired]);
    assert_eq!(world.give_up(&ids).await, GivenUpTokens { unneeded: vec![expired], unknown });
    assert_eq!(world.with_token().await, [(plan, open)]);
}

pub async fn the_hashes_of_an_invite_are_known_whatever_became_of_it(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let open = world.issue(plan).await.id;
    let (_, used) = world.join(plan, "bob").await;
    let revoked = world.issue(plan).await.id;
    world.revoke(plan, revoked).await;
    for is_closed in [false, true] {
        if is_closed {
            world.close(plan).await;
        }
        for invite in [open, used, revoked] {
            let token = new_invite(invite, &user_id("ann"), START).token;
            let secrets = world.stores.invite_register.secrets(invite).await.unwrap();
            assert_eq!(secrets, Some((code_of(invite), token)));
        }
    }
    let unknown = world.ids.next().into();
    assert_eq!(world.stores.invite_register.secrets(unknown).await.unwrap(), None);
}
