//! Detaching gives the seat back, and the invite too where somebody else may use it.

use family_plan_domain::{
    AcceptRefusal, Change, DetachReason, DetachRefusal, IndividualPlan, InviteFate, InviteState,
    InviteStatus, PlanInForce, RevokeReason, Verdict,
};

use crate::scene::{EXPIRY, MS, NOW, Scene, candidate, detached_candidate, person, seats, user_id};

#[test]
fn a_detached_members_invite_is_open_again_for_others_and_holds_no_seat() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.join("bob");
    scene.save();
    let detachment = scene.remove("bob");

    assert_eq!((&detachment.user, detachment.detached_at), (&user_id("bob"), NOW));
    assert_eq!(detachment.invite, Some((invite.id, InviteStatus::Open)));
    assert_eq!(scene.members(), ["ann"]);
    let reopened = scene.invite(&invite);
    assert_eq!((reopened.state.clone(), reopened.reopened), (InviteState::Open, true));
    assert_eq!(scene.seats(), seats(5, 1, 0));
    let [Change::MemberDetached { member, reason, fate }] = scene.plan.changes() else {
        panic!("one change: {:?}", scene.plan.changes());
    };
    assert_eq!(member.user.id, user_id("bob"));
    assert_eq!((*reason, *fate), (DetachReason::Removed, Some(InviteFate::Reopened)));
    assert_eq!(scene.verdict(&reopened, &candidate("cid")), Verdict::Accept);
}

#[test]
fn a_reopened_invite_never_readmits_anybody_ever_detached_from_it() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.join("bob");
    scene.remove("bob");
    let barred = Verdict::Refused(AcceptRefusal::Barred);
    assert_eq!(scene.verdict(&scene.invite(&invite), &detached_candidate("bob")), barred);

    scene.join_by("cid", &scene.invite(&invite));
    scene.remove("cid");
    for name in ["bob", "cid"] {
        assert_eq!(scene.verdict(&scene.invite(&invite), &detached_candidate(name)), barred, "{name}");
    }
    scene.join_by("dan", &scene.invite(&invite));
    assert_eq!(scene.members(), ["ann", "dan"]);
}

#[test]
fn somebody_detached_may_come_back_by_another_invite() {
    let mut scene = Scene::with_limit(5);
    scene.join("bob");
    scene.remove("bob");
    scene.join("bob");
    assert_eq!(scene.members(), ["ann", "bob"]);
}

#[test]
fn a_bound_invite_is_revoked_when_its_recipient_is_detached() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue_to("bob");
    scene.join_by("bob", &invite);
    scene.save();
    let detachment = scene.remove("bob");
    assert_eq!(detachment.invite, Some((invite.id, InviteStatus::Revoked)));
    assert_eq!(scene.invite(&invite).state, InviteState::Revoked);
    assert_revoked_with_the_member(&scene, &invite);
}

#[test]
fn the_settings_can_have_every_detached_members_invite_revoked() {
    let mut scene = Scene::revoking(5);
    let invite = scene.join("bob");
    scene.save();
    let detachment = scene.remove("bob");
    assert_eq!(detachment.invite, Some((invite.id, InviteStatus::Revoked)));
    assert_revoked_with_the_member(&scene, &invite);
}

fn assert_revoked_with_the_member(scene: &Scene, invite: &family_plan_domain::Invite) {
    let [Change::MemberDetached { fate, .. }, revoked] = scene.plan.changes() else {
        panic!("two changes: {:?}", scene.plan.changes());
    };
    assert_eq!(*fate, Some(InviteFate::Revoked));
    let expected = Change::InviteRevoked { invite: invite.id, reason: RevokeReason::MemberDetached };
    assert_eq!(*revoked, expected);
}

#[test]
fn a_reopened_invite_expires_when_it_always_would_have() {
    for (now, status) in [
        (EXPIRY - MS, InviteStatus::Open),
        (EXPIRY, InviteStatus::Expired),
        (EXPIRY + MS, InviteStatus::Expired),
    ] {
        let mut scene = Scene::with_limit(5);
        let invite = scene.join("bob");
        let detachment =
            scene.plan.detach(&user_id("bob"), DetachReason::Left, now, &scene.settings).unwrap();
        assert_eq!(detachment.invite, Some((invite.id, status)), "{now}");
        assert_eq!(scene.invite(&invite).expires_at, EXPIRY);
        assert_eq!(scene.invite(&invite).status(now), status);
    }
}

#[test]
fn the_own_plan_is_in_force_again() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue();
    let own = IndividualPlan::new("free").unwrap();
    let mut bob = candidate("bob");
    bob.user.individual_plan = Some(own.clone());
    scene.plan.accept(&invite, bob, NOW, &scene.settings).unwrap();
    assert_eq!(scene.remove("bob").plan_in_force, Some(PlanInForce::Individual(own)));

    scene.join("cid");
    assert_eq!(person("cid").individual_plan, None);
    assert_eq!(scene.remove("cid").plan_in_force, None);
}

#[test]
fn neither_the_owner_nor_a_stranger_can_be_detached() {
    let mut scene = Scene::with_limit(5);
    assert_eq!(scene.try_remove("ann"), Err(DetachRefusal::Owner));
    assert_eq!(scene.try_remove("bob"), Err(DetachRefusal::NotAMember));
    assert_eq!(scene.plan.changes(), []);

    scene.join("bob");
    scene.remove("bob");
    assert_eq!(scene.try_remove("bob"), Err(DetachRefusal::NotAMember), "the second time");
}
