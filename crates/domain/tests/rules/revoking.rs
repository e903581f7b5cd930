//! Revoking takes an open invite back, and changes nothing about any other.

use family_plan_domain::{AcceptRefusal, Change, InviteState, RevokeReason};

use crate::scene::{NOW, Scene, seats};

#[test]
fn a_revoked_invite_frees_its_seat_and_admits_nobody() {
    let mut scene = Scene::with_limit(2);
    let invite = scene.issue();
    scene.save();
    scene.plan.revoke(invite.id, RevokeReason::Requested, NOW);
    assert_eq!(scene.invite(&invite).state, InviteState::Revoked);
    assert_eq!(scene.seats(), seats(2, 1, 0));
    let revoked = Change::InviteRevoked { invite: invite.id, reason: RevokeReason::Requested };
    assert_eq!(scene.plan.changes(), [revoked]);
    assert_eq!(scene.try_join("bob", &invite), Err(AcceptRefusal::Revoked));
}

#[test]
fn revoking_changes_nothing_about_a_used_a_revoked_or_an_unknown_invite() {
    let mut scene = Scene::with_limit(5);
    let used = scene.join("bob");
    let revoked = scene.issue();
    scene.plan.revoke(revoked.id, RevokeReason::Requested, NOW);
    let unknown = scene.fresh();
    scene.save();
    let before = scene.plan.clone();
    for invite in [used.id, revoked.id, unknown.id] {
        scene.plan.revoke(invite, RevokeReason::Requested, NOW);
    }
    assert_eq!(scene.plan, before);
}

#[test]
fn a_reopened_invite_can_be_revoked() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.join("bob");
    scene.remove("bob");
    scene.plan.revoke(invite.id, RevokeReason::Requested, NOW);
    assert_eq!(scene.invite(&invite).state, InviteState::Revoked);
}

#[test]
fn an_expired_invite_stays_expired() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue();
    scene.save();
    scene.plan.revoke(invite.id, RevokeReason::Requested, invite.expires_at);
    assert!(scene.plan.changes().is_empty());
}
