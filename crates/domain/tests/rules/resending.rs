//! Resending passes a promised seat on to a fresh invite; without one it needs a free seat.

use family_plan_domain::{
    Change, InviteCap, InviteState, IssueRefusal, NewInvite, PlanFull, ResendRefusal, RevokeReason, Seats,
};
use time::Duration;

use crate::scene::{EXPIRY, MS, NOW, Scene, capacity, email, seats};

fn refused_as_full(seats: Seats) -> ResendRefusal {
    ResendRefusal::New(IssueRefusal::Full(PlanFull(seats)))
}

#[test]
fn a_resent_invite_goes_to_the_same_recipient_and_the_old_one_is_revoked_in_the_same_step() {
    let mut scene = Scene::with_limit(2);
    let old = scene.issue_to("bob");
    scene.save();
    let later = NOW + Duration::HOUR;
    let new = scene.try_resend(&old, later).unwrap();

    assert_ne!(new.id, old.id);
    assert_eq!(new.recipient, Some(email("bob")));
    assert_eq!((new.created_at, new.expires_at), (later, later + Duration::days(2)));
    assert_eq!(new.state, InviteState::Open);
    assert_eq!(scene.invite(&old).state, InviteState::Revoked);
    assert_eq!(scene.seats(), seats(2, 1, 1), "the seat is promised once");
    let [revoked, Change::InviteCreated { invite, .. }] = scene.plan.changes() else {
        panic!("two changes: {:?}", scene.plan.changes());
    };
    assert_eq!(*invite, new);
    let expected = Change::InviteRevoked { invite: old.id, reason: RevokeReason::Resent };
    assert_eq!(*revoked, expected);
}

#[test]
fn an_open_invite_passes_its_seat_on_even_over_the_limit() {
    let mut scene = Scene::with_limit(5);
    scene.join("bob");
    let old = scene.issue();
    scene.plan.limit_to(Some(capacity(1)));
    scene.try_resend(&old, NOW).unwrap();
    assert_eq!(scene.seats(), seats(1, 2, 1));
}

#[test]
fn an_expired_invite_needs_a_free_seat() {
    let mut scene = Scene::with_limit(2);
    let old = scene.issue_to("bob");
    assert_eq!(scene.plan.check_resend(old.id, scene.cap, EXPIRY - MS, &scene.settings.values), Ok(()));
    scene.plan.limit_to(Some(capacity(1)));
    for now in [EXPIRY, EXPIRY + MS] {
        let full = refused_as_full(seats(1, 1, 0));
        assert_eq!(scene.try_resend(&old, now), Err(full), "{now}");
    }
    scene.plan.limit_to(Some(capacity(2)));
    let new = scene.try_resend(&old, EXPIRY).unwrap();
    assert_eq!(new.recipient, Some(email("bob")));
    assert_eq!(scene.invite(&old).state, InviteState::Revoked);
}

#[test]
fn a_revoked_invite_needs_a_free_seat_and_is_not_revoked_twice() {
    let mut scene = Scene::with_limit(2);
    let old = scene.issue_to("bob");
    scene.plan.revoke(old.id, RevokeReason::Requested, NOW);
    let other = scene.issue();
    let full = refused_as_full(seats(2, 1, 1));
    assert_eq!(scene.try_resend(&old, NOW), Err(full));

    scene.plan.revoke(other.id, RevokeReason::Requested, NOW);
    scene.save();
    scene.try_resend(&old, NOW).unwrap();
    assert!(matches!(scene.plan.changes(), [Change::InviteCreated { .. }]));
}

#[test]
fn a_reopened_invite_needs_a_free_seat_since_it_holds_none() {
    let mut scene = Scene::with_limit(2);
    let reopened = scene.join("bob");
    scene.remove("bob");
    scene.issue();
    let full = refused_as_full(seats(2, 1, 1));
    assert_eq!(scene.try_resend(&reopened, NOW), Err(full));

    scene.plan.limit_to(Some(capacity(3)));
    let new = scene.try_resend(&reopened, NOW).unwrap();
    assert!(!new.reopened);
    assert_eq!(scene.seats(), seats(3, 1, 2), "the new one holds a seat");
}

#[test]
fn without_holding_resending_needs_a_free_seat() {
    let mut scene = Scene::without_holding(2);
    let old = scene.issue();
    scene.try_resend(&old, NOW).unwrap();
    let old = scene.issue();
    scene.join("bob");
    let full = refused_as_full(seats(2, 2, 0));
    assert_eq!(scene.try_resend(&old, NOW), Err(full));
}

#[test]
fn a_used_invite_is_not_sent_again_whatever_its_expiry() {
    let mut scene = Scene::with_limit(5);
    let used = scene.join("bob");
    for now in [NOW, EXPIRY, EXPIRY + MS] {
        assert_eq!(scene.try_resend(&used, now), Err(ResendRefusal::Used), "{now}");
    }
}

#[test]
fn a_refused_resend_changes_nothing() {
    let mut scene = Scene::with_limit(2);
    let old = scene.issue();
    scene.plan.limit_to(Some(capacity(1)));
    scene.save();
    scene.try_resend(&old, EXPIRY).unwrap_err();
    assert_eq!(scene.plan.changes(), []);
    assert_eq!(scene.plan.invites(), [old]);
}

#[test]
fn an_invite_of_no_such_id_is_not_sent_again() {
    let mut scene = Scene::with_limit(5);
    let elsewhere = Scene::with_limit(5).issue();
    assert_eq!(scene.try_resend(&elsewhere, NOW), Err(ResendRefusal::NotFound));
}

#[test]
fn an_open_invite_makes_way_for_the_new_one_even_over_the_cap() {
    let mut scene = Scene::without_holding(5);
    let old = scene.issue();
    scene.issue();
    scene.cap = InviteCap::new(1).unwrap();
    let new = scene.try_resend(&old, NOW).unwrap();
    let open = scene.plan.invites().iter().filter(|it| it.state == InviteState::Open);
    assert_eq!((open.count(), scene.invite(&old).state), (2, InviteState::Revoked));
    assert_eq!(scene.try_resend(&new, NOW).map(|_| ()), Ok(()));
}

#[test]
fn an_invite_that_is_not_open_is_one_more() {
    for (kind, now) in [("revoked", NOW), ("expired", EXPIRY)] {
        let mut scene = Scene::without_holding(5);
        let old = scene.issue();
        if kind == "revoked" {
            scene.plan.revoke(old.id, RevokeReason::Requested, NOW);
        }
        let later = NewInvite { expires_at: EXPIRY + MS, ..scene.fresh() };
        scene.plan.issue(later, None, scene.cap, NOW, &scene.settings).unwrap();
        scene.cap = InviteCap::new(1).unwrap();
        let too_many = ResendRefusal::New(IssueRefusal::TooManyInvites);
        assert_eq!(scene.try_resend(&old, now), Err(too_many), "{kind}");
        scene.cap = InviteCap::new(2).unwrap();
        scene.try_resend(&old, now).unwrap();
    }
}
