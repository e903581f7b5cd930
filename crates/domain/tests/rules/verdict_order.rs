//! When several things stand between a person and a plan, the first in the contract's order is told.

use family_plan_domain::{
    AcceptRefusal, Candidate, Email, Invite, InviteState, JoinedBy, Member, Plan, PlanFull, PlanParts,
    Settings, SettingsRevision, SettingsValues, Verdict,
};

use crate::scene::{EXPIRY, NOW, Scene, candidate, capacity, person, plan_id, plan_name, seats, user_id};

/// What can be the matter, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matter {
    JoinedByIt,
    Revoked,
    Used,
    Expired,
    DetachedFromIt,
    BoundToAnother,
    OwnPlan,
    InAPlan,
    Full,
}

const ORDER: [Matter; 9] = [
    Matter::JoinedByIt,
    Matter::Revoked,
    Matter::Used,
    Matter::Expired,
    Matter::DetachedFromIt,
    Matter::BoundToAnother,
    Matter::OwnPlan,
    Matter::InAPlan,
    Matter::Full,
];

impl Matter {
    /// An invite is in one stored state only, and only this person or another accepted it.
    fn is_a_state(self) -> bool {
        matches!(self, Self::JoinedByIt | Self::Revoked | Self::Used)
    }

    fn verdict(self, plan: &Plan, settings: &SettingsValues) -> Verdict {
        Verdict::Refused(match self {
            Self::JoinedByIt => return Verdict::AlreadyAccepted,
            Self::Revoked => AcceptRefusal::Revoked,
            Self::Used => AcceptRefusal::Used,
            Self::Expired => AcceptRefusal::Expired,
            Self::DetachedFromIt | Self::BoundToAnother => AcceptRefusal::Barred,
            Self::OwnPlan => AcceptRefusal::OwnPlan,
            Self::InAPlan => AcceptRefusal::AlreadyInPlan,
            Self::Full => AcceptRefusal::Full(PlanFull(plan.seats(NOW, settings))),
        })
    }
}

struct Situation {
    plan: Plan,
    invite: Invite,
    candidate: Candidate,
    settings: Settings,
}

/// Bob looks at an invite to Ann's plan, and all of `matters` apply.
fn situation(matters: &[Matter]) -> Situation {
    let has = |matter| matters.contains(&matter);
    let used_by = |name| InviteState::Used { by: user_id(name), at: NOW };
    let fresh = Scene::with_limit(5).fresh();
    let invite = Invite {
        id: fresh.id,
        state: if has(Matter::Revoked) {
            InviteState::Revoked
        } else if has(Matter::JoinedByIt) {
            used_by("bob")
        } else if has(Matter::Used) {
            used_by("cid")
        } else {
            InviteState::Open
        },
        reopened: has(Matter::DetachedFromIt),
        recipient: has(Matter::BoundToAnother).then(|| Email::new("dan@example.com").unwrap()),
        issued_by: fresh.issued_by,
        created_at: NOW,
        expires_at: if has(Matter::Expired) { NOW } else { EXPIRY },
    };
    let member = |name, by: Option<&Invite>| Member {
        user: person(name),
        joined_by: by.map(|it| JoinedBy {
            invite: it.id,
            bound_to_recipient: it.recipient.is_some(),
            expires_at: it.expires_at,
        }),
        joined_at: NOW,
    };
    let mut members = vec![member("ann", None)];
    if has(Matter::JoinedByIt) {
        members.push(member("bob", Some(&invite)));
    } else if has(Matter::OwnPlan) {
        members.push(member("bob", None));
    }
    let limit = if has(Matter::Full) { 1 } else { 5 };
    Situation {
        plan: Plan::from(PlanParts {
            id: plan_id(1),
            name: plan_name("The Hills"),
            owner: user_id(if has(Matter::OwnPlan) { "bob" } else { "ann" }),
            user_limit: Some(capacity(limit)),
            created_at: NOW,
            revision: 1,
            members,
            invites: vec![invite.clone()],
        }),
        invite,
        candidate: Candidate {
            current_plan: has(Matter::InAPlan).then(|| plan_id(2)),
            detached_from_invite: has(Matter::DetachedFromIt),
            ..candidate("bob")
        },
        settings: Settings {
            values: SettingsValues::default(),
            revision: SettingsRevision(1),
            updated_at: NOW,
            updated_by: None,
        },
    }
}

/// Preview and acceptance both tell the first of `matters`.
fn assert_first_wins(matters: &[Matter]) {
    let Situation { mut plan, invite, candidate, settings } = situation(matters);
    let expected = matters.first().map_or(Verdict::Accept, |it| it.verdict(&plan, &settings.values));
    assert_eq!(plan.verdict(&invite, &candidate, NOW, &settings.values), expected, "{matters:?}");
    let accepted = match plan.accept(&invite, candidate, NOW, &settings) {
        Ok(accepted) if accepted.replayed => Verdict::AlreadyAccepted,
        Ok(_) => Verdict::Accept,
        Err(refusal) => Verdict::Refused(refusal),
    };
    assert_eq!(accepted, expected, "{matters:?}");
    assert_eq!(!plan.changes().is_empty(), expected == Verdict::Accept, "{matters:?}");
}

#[test]
fn each_matter_by_itself_is_told() {
    assert_first_wins(&[]);
    for matter in ORDER {
        assert_first_wins(&[matter]);
    }
}

#[test]
fn of_two_neighbours_the_first_is_told() {
    for pair in ORDER.windows(2) {
        if !pair.iter().all(|it| it.is_a_state()) {
            assert_first_wins(pair);
        }
    }
    // `JoinedByIt` has no neighbour it can go with: next to it come states, and the one after those is far off.
    assert_first_wins(&[Matter::JoinedByIt, Matter::Expired]);
    assert_first_wins(&[Matter::Revoked, Matter::Expired]);
}

#[test]
fn of_any_number_of_matters_the_first_is_told() {
    let mut n_situations = 0;
    for mask in 0..1_u32 << ORDER.len() {
        let matters: Vec<Matter> =
            (0..).zip(ORDER).filter(|(bit, _)| mask & (1 << bit) != 0).map(|(_, matter)| matter).collect();
        if matters.iter().filter(|it| it.is_a_state()).count() <= 1 {
            assert_first_wins(&matters);
            n_situations += 1;
        }
    }
    assert_eq!(n_situations, 4 * 64);
}

#[test]
fn somebody_whose_invite_was_revoked_after_they_were_detached_is_told_so_and_not_that_it_was_used() {
    let mut scene = Scene::revoking(5);
    let invite = scene.join("bob");
    scene.remove("bob");
    let verdict = scene.verdict(&scene.invite(&invite), &candidate("bob"));
    assert_eq!(verdict, Verdict::Refused(AcceptRefusal::Revoked));
}

#[test]
fn an_invite_used_by_somebody_who_is_no_member_of_the_plan_replays_no_success() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.join("bob");
    let mut without_bob = Scene::with_limit(5);
    without_bob.put(&invite);
    let verdict = without_bob.verdict(&invite, &candidate("bob"));
    assert_eq!(verdict, Verdict::Refused(AcceptRefusal::Used));
}

#[test]
fn a_bound_invite_is_for_a_verified_address_only_whatever_its_case() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue_to("bob");
    let with_address = |address: Option<&str>| Candidate {
        verified_email: address.map(|it| Email::new(it).unwrap()),
        ..candidate("bob")
    };
    let barred = Verdict::Refused(AcceptRefusal::Barred);
    assert_eq!(scene.verdict(&invite, &with_address(Some("BOB@Example.COM"))), Verdict::Accept);
    assert_eq!(scene.verdict(&invite, &with_address(Some("bobby@example.com"))), barred);
    assert_eq!(scene.verdict(&invite, &with_address(None)), barred);

    let mut unverified = with_address(None);
    unverified.user.email = Email::new("bob@example.com").ok();
    assert_eq!(scene.verdict(&invite, &unverified), barred, "an address merely heard of");
}

#[test]
fn a_refusal_for_want_of_seats_tells_the_numbers() {
    let mut scene = Scene::with_limit(5);
    let reopened = scene.join("bob");
    scene.remove("bob");
    for _ in 0..4 {
        scene.issue();
    }
    let verdict = scene.verdict(&scene.invite(&reopened), &candidate("cid"));
    let full = AcceptRefusal::Full(PlanFull(seats(5, 1, 4)));
    assert_eq!(verdict, Verdict::Refused(full));
}
