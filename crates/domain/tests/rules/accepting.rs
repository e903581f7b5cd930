//! Accepting turns a promised seat into a taken one, once.

use family_plan_domain::{AcceptRefusal, Candidate, Change, InviteState, JoinedBy, PlanFull, Verdict};

use crate::scene::{EXPIRY, MS, NOW, Scene, candidate, capacity, person, plan_id, seats, user_id};

#[test]
fn with_a_limit_of_five_there_are_four_acceptances_and_not_five() {
    let mut scene = Scene::without_holding(5);
    let invites: Vec<_> = (0..6).map(|_| scene.issue()).collect();
    for (name, invite) in ["bob", "cid", "dan", "eve"].into_iter().zip(&invites) {
        scene.join_by(name, invite);
    }
    let full = AcceptRefusal::Full(PlanFull(seats(5, 5, 0)));
    assert_eq!(scene.try_join("fay", &invites[4]), Err(full));
    assert_eq!(scene.members(), ["ann", "bob", "cid", "dan", "eve"]);
}

#[test]
fn an_accepted_invite_turns_its_own_promised_seat_into_a_taken_one() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue();
    scene.issue();
    assert_eq!(scene.seats(), seats(5, 1, 2));
    scene.join_by("bob", &invite);
    assert_eq!(scene.seats(), seats(5, 2, 1));
}

#[test]
fn a_promised_seat_is_there_although_every_seat_is_taken_or_promised() {
    let mut scene = Scene::with_limit(2);
    let invite = scene.issue();
    assert_eq!(scene.seats().available(), 0);
    scene.join_by("bob", &invite);
    assert_eq!(scene.seats(), seats(2, 2, 0));
}

#[test]
fn nobody_takes_a_promised_seat_by_an_invite_that_holds_none() {
    let mut scene = Scene::with_limit(2);
    let reopened = scene.join("bob");
    scene.remove("bob");
    let promised = scene.issue();
    let full = AcceptRefusal::Full(PlanFull(seats(2, 1, 1)));
    assert_eq!(scene.try_join("cid", &scene.invite(&reopened)), Err(full));

    scene.plan.revoke(promised.id, family_plan_domain::RevokeReason::Requested, NOW);
    scene.join_by("cid", &scene.invite(&reopened));
    assert_eq!(scene.seats(), seats(2, 2, 0));
}

#[test]
fn what_holds_a_seat_follows_the_settings_of_the_moment() {
    let mut scene = Scene::without_holding(2);
    let first = scene.issue();
    let second = scene.issue();
    scene.settings.values.pending_invites_hold_seats = true;
    assert_eq!(scene.seats(), seats(2, 1, 2), "more promised than there are seats");
    scene.join_by("bob", &second);
    let full = AcceptRefusal::Full(PlanFull(seats(2, 2, 1)));
    assert_eq!(scene.try_join("cid", &first), Err(full));
}

#[test]
fn an_invite_is_accepted_until_a_millisecond_before_its_expiry() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue();
    let expired = Verdict::Refused(AcceptRefusal::Expired);
    let bob = candidate("bob");
    assert_eq!(scene.verdict_at(&invite, &bob, EXPIRY - MS), Verdict::Accept);
    assert_eq!(scene.verdict_at(&invite, &bob, EXPIRY), expired);
    assert_eq!(scene.verdict_at(&invite, &bob, EXPIRY + MS), expired);

    for too_late in [EXPIRY, EXPIRY + MS] {
        let refused = scene.plan.accept(&invite, bob.clone(), too_late, &scene.settings);
        assert_eq!(refused, Err(AcceptRefusal::Expired));
    }
    let accepted = scene.plan.accept(&invite, bob.clone(), EXPIRY - MS, &scene.settings);
    assert_eq!(accepted.unwrap().member.joined_at, EXPIRY - MS);

    let invite = scene.invite(&invite);
    assert_eq!(scene.verdict_at(&invite, &bob, EXPIRY), Verdict::AlreadyAccepted);
    let used = Verdict::Refused(AcceptRefusal::Used);
    assert_eq!(scene.verdict_at(&invite, &candidate("cid"), EXPIRY + MS), used);
}

#[test]
fn joining_records_the_acceptance_and_the_member() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue_to("bob");
    scene.save();
    let accepted = scene.try_join("bob", &invite).unwrap();
    assert!(!accepted.replayed);
    assert_eq!(accepted.member.user, person("bob"));
    assert_eq!(accepted.member.joined_at, NOW);
    let by = JoinedBy { invite: invite.id, bound_to_recipient: true, expires_at: EXPIRY };
    assert_eq!(accepted.member.joined_by, Some(by));
    assert_eq!(scene.plan.member(&user_id("bob")), Some(&accepted.member));
    let by_bob = InviteState::Used { by: user_id("bob"), at: NOW };
    assert_eq!(scene.invite(&invite).state, by_bob);
    let accepted_change = Change::InviteAccepted { invite: invite.id, user: user_id("bob") };
    let joined = Change::MemberJoined { member: accepted.member };
    assert_eq!(scene.plan.changes(), [accepted_change, joined]);
}

#[test]
fn accepting_again_answers_the_same_and_changes_nothing() {
    let mut scene = Scene::with_limit(2);
    let invite = scene.issue();
    let first = scene.try_join("bob", &invite).unwrap();
    let invite = scene.invite(&invite);
    scene.save();
    scene.plan.limit_to(Some(capacity(1)));
    scene.save();
    let before = scene.plan.members().to_vec();

    let in_the_plan = Candidate { current_plan: Some(plan_id(1)), ..candidate("bob") };
    let again = scene.plan.accept(&invite, in_the_plan, EXPIRY + MS, &scene.settings).unwrap();

    assert!(again.replayed);
    assert_eq!(again.member, first.member);
    assert_eq!(scene.plan.changes(), []);
    assert_eq!(scene.plan.members(), before);
}

#[test]
fn a_stale_copy_of_an_accepted_invite_admits_nobody_else() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue();
    scene.try_join("bob", &invite).unwrap();
    assert_eq!(invite.state, InviteState::Open, "the copy knows nothing");
    assert_eq!(scene.try_join("cid", &invite), Err(AcceptRefusal::Used));
    assert!(scene.try_join("bob", &invite).unwrap().replayed);
    assert_eq!(scene.members(), ["ann", "bob"]);
}

#[test]
fn a_member_cannot_join_twice_whatever_the_caller_knows() {
    let mut scene = Scene::with_limit(5);
    scene.join("bob");
    let second = scene.issue();
    assert_eq!(candidate("bob").current_plan, None);
    assert_eq!(scene.try_join("bob", &second), Err(AcceptRefusal::AlreadyInPlan));
}

#[test]
fn the_owner_is_told_that_it_is_their_own_plan_also_when_it_is_full() {
    let mut scene = Scene::with_limit(2);
    let invite = scene.issue();
    scene.plan.limit_to(Some(capacity(1)));
    assert_eq!(scene.try_join("ann", &invite), Err(AcceptRefusal::OwnPlan));
}
