//! Saving what was decided.

use family_plan_domain::{
    Capacity, DetachReason, DetachedInvites, InviteCap, InviteState, InviteStatus, Plan, PlanName,
    RevokeReason, Settings,
    ports::{LoadedPlan, SaveError},
};

use super::{
    Stores,
    world::{NotJoined, World},
};
use crate::fixtures::{candidate, code_of, email, new_invite, user, user_id};

macro_rules! assert_stale {
    ($saved:expr) => {
        assert!(matches!($saved, Err(SaveError::Stale)));
    };
}

pub async fn a_plan_without_changes_saves_nothing(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let unchanged = world.load(plan).await.plan;
    world.save(&unchanged).await;
    assert_eq!(world.load(plan).await.plan, unchanged);
    // Not even when somebody else was first.
    world.issue(plan).await;
    world.save(&unchanged).await;
}

pub async fn the_second_save_of_the_same_state_is_stale(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let LoadedPlan { plan: mut one, settings } = world.load(id).await;
    let mut other = one.clone();
    one.rename(PlanName::new("One").unwrap());
    let invite = new_invite(world.ids.next_invite(), other.owner(), world.now());
    other.issue(invite, None, InviteCap::default(), world.now(), &settings).unwrap();
    world.save(&one).await;
    assert_stale!(world.try_save(&other).await);
    assert_stale!(world.try_save(&one).await);

    let mut late = world.load(id).await.plan;
    late.rename(PlanName::new("Late").unwrap());
    world.close(id).await;
    assert_stale!(world.try_save(&late).await);
}

pub async fn a_new_plan_can_be_saved_once(stores: Stores) {
    let world = World::new(stores);
    let ann = world.person("ann").await;
    let plan = world.new_plan(&ann);
    world.save(&plan).await;
    assert_stale!(world.try_save(&plan).await);
    world.check(plan.id()).await;
}

pub async fn settings_that_are_no_longer_in_force_make_a_save_stale(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let LoadedPlan { mut plan, settings } = world.load(id).await;
    let invite = new_invite(world.ids.next_invite(), plan.owner(), world.now());
    plan.issue(invite, None, InviteCap::default(), world.now(), &settings).unwrap();
    world.change_settings(|it| it.user_limit = Capacity::new(1).unwrap()).await;
    assert_stale!(world.try_save(&plan).await);
    assert!(world.all_invites(id).await.is_empty());
    assert!(world.try_issue(id, None).await.is_err());
}

pub async fn settings_do_not_matter_to_what_was_decided_without_them(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let mut plan = world.load(id).await.plan;
    plan.rename(PlanName::new("Renamed").unwrap());
    world.change_settings(|it| it.user_limit = Capacity::new(1).unwrap()).await;
    world.save(&plan).await;
}

pub async fn nobody_gets_into_two_plans(stores: Stores) {
    let world = World::new(stores);
    let one = world.plan_of("ann").await;
    let other = world.plan_of("zoe").await;
    let bob = world.person("bob").await;
    let invite = world.issue(other).await;
    let LoadedPlan { plan: mut late, settings } = world.load(other).await;
    late.accept(&invite, candidate(bob.clone()), world.now(), &settings).unwrap();
    world.join(one, "bob").await;
    assert_stale!(world.try_save(&late).await);
    // Neither as an owner.
    assert_stale!(world.try_save(&world.new_plan(&bob)).await);
    world.check(one).await;
    world.check(other).await;

    world.detach(one, &bob.id).await.unwrap();
    world.save(&late).await;
    world.check(other).await;
}

pub async fn a_stale_save_leaves_nothing_behind(stores: Stores) {
    let world = World::new(stores);
    world.plan_of("ann").await;
    let other = world.plan_of("zoe").await;
    let invite = world.issue(other).await;
    let LoadedPlan { plan: mut late, settings } = world.load(other).await;
    let before = late.clone();
    late.rename(PlanName::new("Too late").unwrap());
    late.accept(&invite, candidate(user("ann")), world.now(), &settings).unwrap();
    assert_stale!(world.try_save(&late).await);
    assert_eq!(world.load(other).await.plan, before);
    world.check(other).await;
}

pub async fn name_limit_and_owner_are_saved(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let (bob, _) = world.join(id, "bob").await;
    let limit = Capacity::new(100).unwrap();
    world
        .decide(id, |plan, _| {
            plan.rename(PlanName::new("Elsewhere").unwrap());
            plan.limit_to(Some(limit));
            plan.transfer(&bob.id).unwrap();
        })
        .await;
    let plan = world.load(id).await.plan;
    assert_eq!(plan.name().as_str(), "Elsewhere");
    assert_eq!(plan.user_limit(), Some(limit));
    assert_eq!(*plan.owner(), bob.id);

    world.decide(id, |plan, _| plan.limit_to(None)).await;
    assert_eq!(world.load(id).await.plan.user_limit(), None);
    world.check(id).await;
}

pub async fn a_detached_member_leaves_a_reopened_invite(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let (bob, invite) = world.join(id, "bob").await;
    world.detach(id, &bob.id).await.unwrap();

    let plan = world.find_with_open_invites(id).await.unwrap();
    assert_eq!(plan.members().len(), 1);
    let reopened = plan.invite(invite).unwrap();
    assert_eq!(reopened.state, InviteState::Open);
    assert!(reopened.reopened);
    let refused = world.accept(invite, &bob).await;
    assert!(matches!(refused, Err(NotJoined::Refused(_))), "{refused:?}");
    world.accept(invite, &world.person("cid").await).await.unwrap();
    world.check(id).await;
}

pub async fn a_detached_member_may_leave_a_revoked_invite(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let bob = world.person("bob").await;
    let bound = world.issue_to(id, &email("bob@example.com")).await.id;
    world.accept(bound, &bob).await.unwrap();
    world.detach(id, &bob.id).await.unwrap();
    assert_eq!(world.invites_with(id, InviteStatus::Revoked).await, [bound]);

    world.change_settings(|it| it.detached_invites = DetachedInvites::Revoke).await;
    let (cid, unbound) = world.join(id, "cid").await;
    world.detach(id, &cid.id).await.unwrap();
    assert_eq!(world.invites_with(id, InviteStatus::Revoked).await, [bound, unbound]);
    world.check(id).await;
}

pub async fn closing_detaches_everybody(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let (bob, invite) = world.join(id, "bob").await;
    let (cid, _) = world.join(id, "cid").await;
    world.issue(id).await;
    world.issue(id).await;
    world.close(id).await;

    for user in ["ann", "bob", "cid"] {
        let person = world.stores.users.find(user_id(user)).await.unwrap().unwrap();
        assert_eq!(person.family, None, "{user}");
    }
    assert_eq!(world.accept(invite, &bob).await, Err(NotJoined::NoSuchInvite));
    // They can start anew.
    world.save(&world.new_plan(&cid)).await;
}

/// More than the values that one statement may have, on some engines.
pub async fn a_plan_with_very_many_invites_can_be_closed(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    world.change_settings(|it| it.pending_invites_hold_seats = false).await;
    let cap = InviteCap::new(4_000).unwrap();
    world
        .decide(id, |plan, settings| {
            for _ in 0..4_000 {
                let invite = new_invite(world.ids.next_invite(), plan.owner(), world.now());
                plan.issue(invite, None, cap, world.now(), settings).unwrap();
            }
        })
        .await;
    assert_eq!(world.load(id).await.plan.invites().len(), 4_000);
    world.close(id).await;
    assert_eq!(world.find(id).await, None);
}

pub async fn resending_replaces_an_invite(stores: Stores) {
    let world = World::new(stores);
    let id = world.plan_of("ann").await;
    let old = world.issue_to(id, &email("bob@example.com")).await;
    let new = world.ids.next_invite();
    let resend = |plan: &mut Plan, settings: &Settings| {
        let invite = new_invite(new, plan.owner(), world.now());
        plan.resend(old.id, invite, InviteCap::default(), world.now(), settings)
    };
    let sent = world.try_decide(id, resend).await.unwrap().unwrap();
    assert_eq!(sent.recipient, old.recipient);
    assert_eq!(world.invites_with(id, InviteStatus::Open).await, [new]);
    assert_eq!(world.invites_with(id, InviteStatus::Revoked).await, [old.id]);
    assert_eq!(world.find_by_code(code_of(new), None).await.unwrap().invite, sent);

    // Whatever was decided is saved in the order in which it was decided.
    world.person("bob").await;
    world
        .decide(id, |plan, settings| {
            let invite = new_invite(world.ids.next_invite(), plan.owner(), world.now());
            let invite = plan.issue(invite, None, InviteCap::default(), world.now(), settings).unwrap();
            let bob = user("bob");
            plan.accept(&invite, candidate(bob.clone()), world.now(), settings).unwrap();
            plan.detach(&bob.id, DetachReason::Removed, world.now(), settings).unwrap();
            plan.revoke(invite.id, RevokeReason::Requested, world.now());
        })
        .await;
    world.check(id).await;
}
