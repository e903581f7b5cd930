//! Closing a plan lets go of everybody and everything, in an order that reads well in its history.

use family_plan_domain::{Change, DetachReason, InviteFate, RevokeReason};

use crate::scene::{NOW, Scene, user_id};

#[test]
fn closing_revokes_the_open_invites_then_detaches_everybody_the_owner_last() {
    let mut scene = Scene::with_limit(5);
    scene.join("bob");
    scene.join("cid");
    scene.plan.transfer(&user_id("bob")).unwrap();
    let first = scene.issue();
    let second = scene.issue_to("dan");
    scene.save();

    scene.plan.close();

    let steps: Vec<String> = scene.plan.changes().iter().map(describe).collect();
    let expected = [
        format!("revoke {}", first.id),
        format!("revoke {}", second.id),
        "detach ann".to_owned(),
        "detach cid, invite kept".to_owned(),
        "detach bob, invite kept".to_owned(),
        "close".to_owned(),
    ];
    assert_eq!(steps, expected);
    assert_eq!((scene.plan.members(), scene.plan.invites()), (&[][..], &[][..]));
}

fn describe(change: &Change) -> String {
    match change {
        Change::InviteRevoked { invite, reason: RevokeReason::PlanClosed } => format!("revoke {invite}"),
        Change::MemberDetached { member, reason: DetachReason::PlanClosed, fate: None } => {
            format!("detach {}", member.user.id)
        }
        Change::MemberDetached { member, reason: DetachReason::PlanClosed, fate: Some(InviteFate::Kept) } => {
            format!("detach {}, invite kept", member.user.id)
        }
        Change::Closed => "close".to_owned(),
        other => format!("unexpected: {other:?}"),
    }
}

#[test]
fn closing_says_nothing_about_invites_that_were_used_or_revoked() {
    let mut scene = Scene::with_limit(5);
    scene.join("bob");
    let revoked = scene.issue();
    scene.plan.revoke(revoked.id, RevokeReason::Requested, NOW);
    scene.save();
    scene.plan.close();
    let says_revoked = |it: &Change| matches!(it, Change::InviteRevoked { .. });
    assert!(!scene.plan.changes().iter().any(says_revoked));
}
