//! Issuing needs a seat that is neither taken nor promised.

use family_plan_domain::{Change, InviteState, PlanFull};
use time::Duration;

use crate::scene::{EXPIRY, MS, NOW, Scene, email, seats, user_id};

#[test]
fn with_a_limit_of_five_four_invites_go_out_and_no_fifth() {
    let mut scene = Scene::with_limit(5);
    for held in 1..=4 {
        scene.issue();
        assert_eq!(scene.seats(), seats(5, 1, held));
    }
    let full = PlanFull(seats(5, 1, 4));
    assert_eq!(scene.plan.check_issue(NOW, &scene.settings.values), Err(full));
    assert_eq!(scene.try_issue(), Err(full));
}

#[test]
fn with_a_limit_of_one_nobody_is_invited_and_with_two_one_person_is() {
    assert_eq!(Scene::with_limit(1).try_issue(), Err(PlanFull(seats(1, 1, 0))));
    let mut scene = Scene::with_limit(2);
    scene.issue();
    assert_eq!(scene.try_issue(), Err(PlanFull(seats(2, 1, 1))));
}

#[test]
fn without_holding_invites_go_out_until_the_people_fill_the_plan() {
    let mut scene = Scene::without_holding(2);
    let first = scene.issue();
    scene.issue();
    scene.issue();
    assert_eq!(scene.seats(), seats(2, 1, 0));
    scene.join_by("bob", &first);
    assert_eq!(scene.try_issue(), Err(PlanFull(seats(2, 2, 0))));
}

#[test]
fn an_invite_frees_its_seat_when_it_expires() {
    let mut scene = Scene::with_limit(2);
    scene.issue();
    for (now, held) in [(EXPIRY - MS, 1), (EXPIRY, 0), (EXPIRY + MS, 0)] {
        assert_eq!(scene.seats_at(now), seats(2, 1, held), "{now}");
        let issued = scene.plan.check_issue(now, &scene.settings.values);
        assert_eq!(issued.is_ok(), held == 0, "{now}");
    }
}

#[test]
fn an_issued_invite_is_as_it_was_asked_for_and_recorded_with_its_digests() {
    let mut scene = Scene::with_limit(5);
    let fresh = scene.fresh();
    let later = NOW + Duration::HOUR;
    let invite = scene.plan.issue(fresh.clone(), Some(email("bob")), later, &scene.settings).unwrap();
    assert_eq!(invite.id, fresh.id);
    assert_eq!(invite.state, InviteState::Open);
    assert!(!invite.reopened);
    assert_eq!(invite.recipient, Some(email("bob")));
    assert_eq!(invite.issued_by, user_id("ann"));
    assert_eq!((invite.created_at, invite.expires_at), (later, EXPIRY));
    assert_eq!(scene.plan.invites(), std::slice::from_ref(&invite));
    let created = Change::InviteCreated { invite, code: fresh.code, token: fresh.token };
    assert_eq!(scene.plan.changes(), [created]);
}

#[test]
fn a_refused_issue_changes_nothing() {
    let mut scene = Scene::with_limit(1);
    scene.try_issue().unwrap_err();
    assert_eq!(scene.plan.changes(), []);
    assert_eq!(scene.plan.invites(), []);
}

#[test]
fn issuing_accepting_resending_and_detaching_rely_on_the_settings_in_force() {
    let mut scene = Scene::with_limit(5);
    let revision = Some(scene.settings.revision);
    assert_eq!(scene.plan.decided_under(), None);
    let invite = scene.issue();
    assert_eq!(scene.plan.decided_under(), revision);

    scene.save();
    assert_eq!(scene.plan.decided_under(), None);
    let invite = scene.try_resend(&invite, NOW).unwrap();
    assert_eq!(scene.plan.decided_under(), revision);

    scene.save();
    scene.try_join("bob", &invite).unwrap();
    assert_eq!(scene.plan.decided_under(), revision);

    scene.save();
    scene.remove("bob");
    assert_eq!(scene.plan.decided_under(), revision);
}
