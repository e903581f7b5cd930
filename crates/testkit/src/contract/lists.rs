//! Lists of plans and invites.

use family_plan_domain::{Capacity, InviteStatus};
use time::Duration;

use super::{Stores, world::World};
use crate::fixtures::user_id;

pub async fn plans_are_listed_page_by_page(stores: Stores) {
    let world = World::new(stores);
    let mut plans = Vec::new();
    for owner in ["ann", "bob", "cid", "dan", "eve"] {
        plans.push(world.plan_of(owner).await);
    }
    world.close(plans.remove(1)).await;

    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = world.stores.plans.list(None, after, 3, world.now()).await.unwrap();
        let Some(last) = page.last() else {
            break;
        };
        after = Some(last.id);
        assert!(page.len() <= 3);
        listed.extend(page.into_iter().map(|it| it.id));
    }
    assert_eq!(listed, plans);
}

pub async fn plans_are_listed_by_owner(stores: Stores) {
    let world = World::new(stores);
    world.plan_of("ann").await;
    let plan = world.plan_of("bob").await;
    let list = async |owner| {
        let listed = world.stores.plans.list(Some(user_id(owner)), None, 10, world.now()).await;
        listed.unwrap().into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(list("bob").await, [plan]);
    assert!(list("Bob").await.is_empty());
}

pub async fn listed_seats_are_those_of_the_plan(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    world.issue(plan).await;
    world.clock.advance(Duration::days(1));
    let (bob, _) = world.join(plan, "bob").await;
    world.join(plan, "cid").await;
    world.issue(plan).await;
    world.detach(plan, &bob.id).await.unwrap();
    world.plan_of("zoe").await;

    let check = async |limit, used, held| {
        let listed = world.stores.plans.list(None, None, 10, world.now()).await.unwrap();
        let loaded = world.load(plan).await;
        assert_eq!(listed[0].seats, loaded.plan.seats(world.now(), &loaded.settings.values));
        let seats = listed[0].seats;
        assert_eq!((seats.limit, seats.used, seats.held), (limit, used, held));
        assert_eq!(listed[0].name, *loaded.plan.name());
        assert_eq!(listed[0].owner, *loaded.plan.owner());
        assert_eq!(listed[0].created_at, loaded.plan.created_at());
        assert_eq!(listed[0].user_limit, loaded.plan.user_limit());
    };
    check(5, 2, 2).await;
    world.clock.advance(Duration::days(1));
    check(5, 2, 1).await;
    world.change_settings(|it| it.user_limit = Capacity::new(7).unwrap()).await;
    check(7, 2, 1).await;
    world.decide(plan, |plan, _| plan.limit_to(Some(Capacity::new(3).unwrap()))).await;
    check(3, 2, 1).await;
    world.change_settings(|it| it.pending_invites_hold_seats = false).await;
    check(3, 2, 0).await;
}

pub async fn invites_are_listed_page_by_page(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let other = world.plan_of("zoe").await;
    let mut invites = Vec::new();
    for _ in 0..4 {
        invites.push(world.issue(plan).await);
        world.issue(other).await;
    }
    let page = async |after| {
        let page = world.stores.plans.invites(plan, None, after, 3, world.now()).await;
        page.unwrap()
    };
    assert_eq!(page(None).await, invites[..3]);
    assert_eq!(page(Some(invites[2].id)).await, invites[3..]);
    assert!(page(Some(invites[3].id)).await.is_empty());
}

pub async fn invites_are_listed_by_status(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let expiring = world.issue(plan).await;
    world.clock.advance(Duration::days(1));
    let (_, used) = world.join(plan, "bob").await;
    let revoked = world.issue(plan).await.id;
    world.revoke(plan, revoked).await;
    let open = world.issue(plan).await.id;

    world.clock.advance(expiring.expires_at - world.now() - Duration::milliseconds(1));
    assert_eq!(world.invites_with(plan, InviteStatus::Open).await, [expiring.id, open]);
    assert!(world.invites_with(plan, InviteStatus::Expired).await.is_empty());
    world.clock.advance(Duration::milliseconds(1));
    assert_eq!(world.invites_with(plan, InviteStatus::Open).await, [open]);
    assert_eq!(world.invites_with(plan, InviteStatus::Expired).await, [expiring.id]);
    assert_eq!(world.invites_with(plan, InviteStatus::Used).await, [used]);
    assert_eq!(world.invites_with(plan, InviteStatus::Revoked).await, [revoked]);

    // What was used stays so, and what was revoked, whatever their expiry was.
    world.clock.advance(Duration::days(30));
    assert_eq!(world.invites_with(plan, InviteStatus::Expired).await, [expiring.id, open]);
    assert_eq!(world.invites_with(plan, InviteStatus::Used).await, [used]);
    assert_eq!(world.all_invites(plan).await.len(), 4);
}
