//! Loading plans.

use family_plan_domain::{InviteCap, InviteState, InviteStatus, Plan, PlanName, Role};
use time::Duration;

use super::{Stores, world::World};
use crate::fixtures::{candidate, code_of, email, introduction, new_invite, origin, user, user_id};

pub async fn a_plan_comes_back_as_it_was_saved(stores: Stores) {
    let world = World::new(stores);
    let ann = world.person("ann").await;
    let bob = world.person("bob").await;
    let mut plan = world.new_plan(&ann);
    world.save(&plan).await;
    // To the millisecond.
    world.clock.advance(Duration::milliseconds(17));
    let settings = world.stores.settings.load().await.unwrap();
    plan = world.load(plan.id()).await.plan;
    let id = world.ids.next_invite();
    let invite = plan
        .issue(new_invite(id, &ann.id, world.now()), None, InviteCap::default(), world.now(), &settings)
        .unwrap();
    let to_cid = new_invite(world.ids.next_invite(), &bob.id, world.now());
    plan.issue(to_cid, Some(email("Cid@Example.com")), InviteCap::default(), world.now(), &settings).unwrap();
    plan.accept(&invite, candidate(bob), world.now(), &settings).unwrap();
    world.save(&plan).await;

    let loaded = world.load(plan.id()).await;
    assert_eq!(loaded.settings, settings);
    assert_eq!(loaded.plan.revision(), plan.next_revision());
    assert_eq!(loaded.plan.name(), plan.name());
    assert_eq!(loaded.plan.owner(), plan.owner());
    assert_eq!(loaded.plan.created_at(), plan.created_at());
    assert_eq!(loaded.plan.user_limit(), None);
    assert_eq!(loaded.plan.members(), plan.members());
    let open: Vec<_> = plan.invites().iter().filter(|it| it.state == InviteState::Open).collect();
    assert_eq!(loaded.plan.invites().iter().collect::<Vec<_>>(), open);
    assert!(loaded.plan.changes().is_empty());
}

pub async fn an_unknown_plan_is_not_found(stores: Stores) {
    let world = World::new(stores);
    let unknown = world.ids.next_plan();
    assert_eq!(world.find(unknown).await, None);
    assert_eq!(world.find_by_code(code_of(world.ids.next_invite()), None).await, None);
    assert!(world.all_invites(unknown).await.is_empty());
    assert!(world.history(unknown).await.is_empty());
}

pub async fn a_closed_plan_is_not_found_by_any_method(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let (_, invite) = world.join(plan, "bob").await;
    let open = world.issue(plan).await.id;
    world.close(plan).await;

    let plans = &world.stores.plans;
    assert_eq!(world.find(plan).await, None);
    assert_eq!(plans.load_with_invite(plan, invite, world.now()).await.unwrap(), None);
    assert_eq!(world.find_with_open_invites(plan).await, None);
    for code in [code_of(invite), code_of(open)] {
        assert_eq!(world.find_by_code(code, None).await, None);
    }
    assert!(plans.list(None, None, 10, world.now()).await.unwrap().is_empty());
    assert!(world.all_invites(plan).await.is_empty());
    assert!(world.history(plan).await.is_empty());
}

pub async fn only_pending_invites_come_with_a_plan(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let expiring = world.issue(plan).await;
    world.clock.advance(Duration::milliseconds(1));
    let open = world.issue(plan).await;
    world.join(plan, "bob").await;
    let revoked = world.issue(plan).await;
    world.revoke(plan, revoked.id).await;
    let (cid, reopened) = world.join(plan, "cid").await;
    world.detach(plan, &cid.id).await.unwrap();

    assert_eq!(world.load(plan).await.plan.invites(), [expiring.clone(), open.clone()]);
    let loaded = world.stores.plans.load_with_invite(plan, reopened, world.now()).await.unwrap().unwrap();
    assert_eq!(loaded.plan.invites().len(), 3);
    let all_open = world.find_with_open_invites(plan).await.unwrap();
    assert_eq!(all_open, loaded.plan);

    world.clock.advance(expiring.expires_at - world.now());
    assert_eq!(world.load(plan).await.plan.invites(), std::slice::from_ref(&open));
    let all_open = world.find_with_open_invites(plan).await.unwrap();
    assert_eq!(all_open.invites().iter().map(|it| it.id).collect::<Vec<_>>(), [open.id, reopened]);
}

pub async fn an_invite_that_is_asked_for_comes_whatever_its_state(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let expired = world.issue(plan).await.id;
    world.clock.advance(Duration::days(3));
    let open = world.issue(plan).await.id;
    let (_, used) = world.join(plan, "bob").await;
    let revoked = world.issue(plan).await.id;
    world.revoke(plan, revoked).await;

    for (invite, status) in [
        (open, InviteStatus::Open),
        (used, InviteStatus::Used),
        (revoked, InviteStatus::Revoked),
        (expired, InviteStatus::Expired),
    ] {
        let loaded = world.stores.plans.load_with_invite(plan, invite, world.now()).await;
        let plan = loaded.unwrap().unwrap().plan;
        assert_eq!(plan.invite(invite).unwrap().status(world.now()), status);
        let n_invites = if invite == open { 1 } else { 2 };
        assert_eq!(plan.invites().len(), n_invites, "{status:?}");
        assert_eq!(plan.members().len(), 2);
    }
}

pub async fn an_invite_of_another_plan_does_not_come(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let other = world.plan_of("zoe").await;
    let invite = world.issue(other).await.id;
    let loaded = world.stores.plans.load_with_invite(plan, invite, world.now()).await;
    assert_eq!(loaded.unwrap().unwrap().plan.invites(), []);
}

pub async fn a_code_leads_to_its_invite(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    world.plan_of("zoe").await;
    let other = world.issue(plan).await;
    let invite = world.issue(plan).await;

    let loaded = world.find_by_code(code_of(invite.id), None).await.unwrap();
    assert_eq!(loaded.plan, world.load(plan).await.plan);
    assert_eq!(loaded.settings, world.load(plan).await.settings);
    assert_eq!(loaded.invite, invite);
    assert_eq!(loaded.visitor, None);

    world.revoke(plan, invite.id).await;
    let loaded = world.find_by_code(code_of(invite.id), None).await.unwrap();
    assert_eq!(loaded.invite.state, InviteState::Revoked);
    assert_eq!(loaded.plan.invites(), [other, loaded.invite.clone()]);
}

pub async fn a_code_tells_what_is_known_of_the_visitor(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let invite = world.issue(plan).await.id;
    let other = world.plan_of("zoe").await;
    let (bob, _) = world.join(other, "bob").await;
    let cid = world.person("cid").await;

    let loaded = world.find_by_code(code_of(invite), Some(&user_id("nobody"))).await;
    assert_eq!(loaded.unwrap().visitor, None);

    let visitor = world.find_by_code(code_of(invite), Some(&cid.id)).await.unwrap().visitor.unwrap();
    assert_eq!(visitor.person.user, cid);
    assert_eq!(visitor.person.family, None);
    assert!(!visitor.detached_from_invite);

    for (id, plan, role) in [(&bob.id, other, Role::Member), (&user_id("ann"), plan, Role::Owner)] {
        let visitor = world.find_by_code(code_of(invite), Some(id)).await.unwrap().visitor;
        let family = visitor.unwrap().person.family.unwrap();
        assert_eq!((family.plan, family.role), (plan, role));
    }
}

pub async fn a_code_remembers_whom_it_was_taken_from(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let (bob, invite) = world.join(plan, "bob").await;
    let (cid, other) = world.join(plan, "cid").await;
    let was_detached = async |invite, user| {
        let loaded = world.find_by_code(code_of(invite), Some(user)).await.unwrap();
        loaded.visitor.unwrap().detached_from_invite
    };
    assert!(!was_detached(invite, &bob.id).await, "he is in by it");

    world.detach(plan, &bob.id).await.unwrap();
    assert!(was_detached(invite, &bob.id).await);
    assert!(!was_detached(other, &bob.id).await, "it was another invite");
    assert!(!was_detached(invite, &cid.id).await, "it was somebody else");

    world.accept(invite, &world.person("dan").await).await.unwrap();
    assert!(was_detached(invite, &bob.id).await, "for ever");
}

pub async fn members_come_with_the_invite_they_joined_by(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let bob = world.person("bob").await;
    let invite = world.issue_to(plan, &email("BOB@example.com")).await;
    world.clock.advance(Duration::seconds(5));
    world.accept(invite.id, &bob).await.unwrap();
    // What is newly known about a member shows at once.
    world.name(&bob.id, "Robert").await;

    let plan = world.load(plan).await.plan;
    let [owner, member] = plan.members() else {
        panic!("there are two");
    };
    assert_eq!(owner.joined_by, None);
    assert_eq!(member.joined_at, world.now());
    assert_eq!(member.user.name.as_ref().unwrap().as_str(), "Robert");
    let joined_by = member.joined_by.as_ref().unwrap();
    assert_eq!(joined_by.invite, invite.id);
    assert!(joined_by.bound_to_recipient);
    assert_eq!(joined_by.expires_at, invite.expires_at);
}

pub async fn texts_come_back_exactly(stores: Stores) {
    let world = World::new(stores);
    let mut owner = user("auth0|Ünïcode/🦊 x");
    owner.email = None;
    owner.name = None;
    world.record(introduction(&owner)).await;
    world.name(&owner.id, "Ann 👩‍👩‍👧 O'Hara \\ \"%_").await;
    let name = PlanName::new(&"🏡é".repeat(100)).unwrap();
    let plan = Plan::open(world.ids.next_plan(), name.clone(), owner.clone(), world.now());
    world.save(&plan).await;

    let loaded = world.load(plan.id()).await.plan;
    assert_eq!(*loaded.name(), name);
    assert_eq!(*loaded.owner(), owner.id);
    let member = &loaded.members()[0].user;
    assert_eq!(member.name.as_ref().unwrap().as_str(), "Ann 👩‍👩‍👧 O'Hara \\ \"%_");
    let created = &world.history(plan.id()).await[0];
    let facts = plan.changes()[0].event(created.id, &plan, 0, &origin(&user_id("somebody"), world.now()));
    assert_eq!(*created, facts);
}
