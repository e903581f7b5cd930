//! Issuing needs a seat that is neither taken nor promised.

use family_plan_domain::{Change, InviteCap, InviteState, IssueRefusal, PlanFull, RevokeReason};
use time::Duration;

use crate::scene::{EXPIRY, MS, NOW, Scene, capacity, email, seats, user_id};

fn full(limit: u32, used: u32, held: u32) -> IssueRefusal {
    IssueRefusal::Full(PlanFull(seats(limit, used, held)))
}

#[test]
fn with_a_limit_of_five_four_invites_go_out_and_no_fifth() {
    let mut scene = Scene::with_limit(5);
    for held in 1..=4 {
        scene.issue();
        assert_eq!(scene.seats(), seats(5, 1, held));
    }
    let full = full(5, 1, 4);
    assert_eq!(scene.plan.check_issue(scene.cap, NOW, &scene.settings.values), Err(full));
    assert_eq!(scene.try_issue(), Err(full));
}

#[test]
fn with_a_limit_of_one_nobody_is_invited_and_with_two_one_person_is() {
    assert_eq!(Scene::with_limit(1).try_issue(), Err(full(1, 1, 0)));
    let mut scene = Scene::with_limit(2);
    scene.issue();
    assert_eq!(scene.try_issue(), Err(full(2, 1, 1)));
}

#[test]
fn without_holding_invites_go_out_until_the_people_fill_the_plan() {
    let mut scene = Scene::without_holding(2);
    let first = scene.issue();
    scene.issue();
    scene.issue();
    assert_eq!(scene.seats(), seats(2, 1, 0));
    scene.join_by("bob", &first);
    assert_eq!(scene.try_issue(), Err(full(2, 2, 0)));
}

#[test]
fn an_invite_frees_its_seat_when_it_expires() {
    let mut scene = Scene::with_limit(2);
    scene.issue();
    for (now, held) in [(EXPIRY - MS, 1), (EXPIRY, 0), (EXPIRY + MS, 0)] {
        assert_eq!(scene.seats_at(now), seats(2, 1, held), "{now}");
        let issued = scene.plan.check_issue(scene.cap, now, &scene.settings.values);
        assert_eq!(issued.is_ok(), held == 0, "{now}");
    }
}

#[test]
fn an_issued_invite_is_as_it_was_asked_for_and_recorded_with_its_digests() {
    let mut scene = Scene::with_limit(5);
    let fresh = scene.fresh();
    let later = NOW + Duration::HOUR;
    let invite =
        scene.plan.issue(fresh.clone(), Some(email("bob")), scene.cap, later, &scene.settings).unwrap();
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
fn a_cap_of_open_invites_is_1_to_10000() {
    for invites in [1, 2, 100, 10_000] {
        assert_eq!(i64::from(InviteCap::new(invites).unwrap().get()), invites);
    }
    for invites in [i64::MIN, -1, 0, 10_001, (1 << 32) + 5, i64::MAX] {
        InviteCap::new(invites).unwrap_err();
    }
    assert_eq!(InviteCap::default().get(), 100);
}

#[test]
fn without_holding_invites_go_out_until_the_cap_of_open_ones() {
    let mut scene = Scene::without_holding(5);
    scene.cap = InviteCap::new(2).unwrap();
    let first = scene.issue();
    let second = scene.issue();
    let refusal = Err(IssueRefusal::TooManyInvites);
    assert_eq!(scene.plan.check_issue(scene.cap, NOW, &scene.settings.values), refusal);
    assert_eq!(scene.plan.check_issue(scene.cap, EXPIRY - MS, &scene.settings.values), refusal);
    assert_eq!(
        scene.plan.check_issue(scene.cap, EXPIRY, &scene.settings.values),
        Ok(()),
        "both have expired"
    );
    assert_eq!(scene.try_issue().map(|_| ()), refusal);

    scene.plan.revoke(first.id, RevokeReason::Requested, NOW);
    scene.issue();
    scene.join_by("bob", &second);
    scene.issue();
    assert_eq!(scene.try_issue().map(|_| ()), refusal);
}

#[test]
fn an_invite_that_was_accepted_before_does_not_count_for_the_cap() {
    let mut scene = Scene::without_holding(5);
    scene.cap = InviteCap::new(1).unwrap();
    let invite = scene.issue();
    scene.join_by("bob", &invite);
    scene.remove("bob");
    assert_eq!(scene.invite(&invite).state, InviteState::Open);
    scene.issue();
    assert_eq!(scene.try_issue().map(|_| ()), Err(IssueRefusal::TooManyInvites));
}

#[test]
fn a_full_plan_says_so_before_it_speaks_of_the_cap() {
    let mut scene = Scene::with_limit(2);
    scene.cap = InviteCap::new(1).unwrap();
    scene.issue();
    assert_eq!(scene.try_issue(), Err(full(2, 1, 1)));
    scene.plan.limit_to(Some(capacity(3)));
    assert_eq!(scene.try_issue(), Err(IssueRefusal::TooManyInvites));
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
