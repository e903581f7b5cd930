//! Every change is told as an event: its kind, its place, its reason, and the facts.

use family_plan_domain::{
    Candidate, DetachReason, Event, EventCursor, EventId, EventKind, Fact, IndividualPlan, Origin, Plan,
    PlanInForce, RevokeReason, User, ZammadUserId,
};
use uuid::Uuid;

use crate::scene::{EXPIRY, NOW, Scene, candidate, capacity, person, plan_id, plan_name, user_id};

fn origin() -> Origin {
    Origin { actor: Some(user_id("root")), request_id: Some("r-1".to_owned()), at: NOW }
}

fn events(plan: &Plan, origin: &Origin) -> Vec<Event> {
    (0..)
        .zip(plan.changes())
        .map(|(position, change)| {
            let id = EventId::from(Uuid::from_u128(u128::from(position)));
            change.event(id, plan, position, origin)
        })
        .collect()
}

/// The event's name, its reason and its facts.
fn told(event: &Event) -> (&str, Option<&str>, Vec<(&str, Fact)>) {
    let facts = event.facts.iter().map(|(name, fact)| (name, fact.clone()));
    (event.kind.as_str(), event.reason.as_deref(), facts.collect())
}

fn text(text: &impl ToString) -> Fact {
    Fact::Text(text.to_string())
}

/// Bob, who has a plan of his own and is known to the helpdesk.
fn bob() -> Candidate {
    let user = User {
        individual_plan: IndividualPlan::new("free").ok(),
        zammad_user_id: Some(ZammadUserId(42)),
        ..person("bob")
    };
    Candidate { user, ..candidate("bob") }
}

fn family() -> Fact {
    Fact::PlanInForce(PlanInForce::Family(plan_id(1)))
}

fn own() -> Fact {
    Fact::PlanInForce(PlanInForce::Individual(IndividualPlan::new("free").unwrap()))
}

#[test]
fn an_event_says_where_when_by_whom_and_by_which_request() {
    let mut scene = Scene::with_limit(5);
    scene.issue();
    scene.issue();
    let events = events(&scene.plan, &origin());
    assert_eq!(events.len(), 2);
    for (position, event) in (0..).zip(&events) {
        assert_eq!(event.id, EventId::from(Uuid::from_u128(u128::from(position))));
        assert_eq!(event.plan, Some(plan_id(1)));
        assert_eq!(scene.plan.next_revision(), 2);
        assert_eq!(event.cursor, EventCursor { revision: 2, position });
        assert_eq!((event.at, &event.actor), (NOW, &Some(user_id("root"))));
        assert_eq!(event.request_id.as_deref(), Some("r-1"));
    }
}

#[test]
fn a_new_plan_and_its_owner_are_told() {
    let plan = Plan::open(plan_id(1), plan_name("The Hills"), bob().user, NOW);
    let events = events(&plan, &origin());
    let [created, joined] = events.as_slice() else {
        panic!("two events: {events:?}");
    };
    let facts = vec![("name", text(&"The Hills")), ("owner_id", text(&"bob"))];
    assert_eq!(told(created), ("plan.created", None, facts));
    let facts = vec![
        ("user_id", text(&"bob")),
        ("zammad_user_id", Fact::Number(42)),
        ("invite_id", Fact::Nothing),
        ("plan_in_force_before", own()),
        ("plan_in_force_after", family()),
    ];
    assert_eq!(told(joined), ("member.joined", None, facts));
}

#[test]
fn a_changed_name_limit_and_owner_are_told_with_what_they_were() {
    let mut scene = Scene::with_limit(5);
    scene.join("bob");
    scene.save();
    scene.plan.rename(plan_name("The Dales"));
    scene.plan.limit_to(Some(capacity(7)));
    scene.plan.transfer(&user_id("bob")).unwrap();
    let events = events(&scene.plan, &origin());
    let [renamed, limited, handed_over] = events.as_slice() else {
        panic!("three events: {events:?}");
    };
    let facts = vec![("name", text(&"The Dales")), ("previous_name", text(&"The Hills"))];
    assert_eq!(told(renamed), ("plan.renamed", None, facts));
    let facts = vec![("user_limit", Fact::Number(7)), ("previous_user_limit", Fact::Nothing)];
    assert_eq!(told(limited), ("plan.limit_changed", None, facts));
    let facts = vec![("owner_id", text(&"bob")), ("previous_owner_id", text(&"ann"))];
    assert_eq!(told(handed_over), ("plan.owner_changed", None, facts));
}

#[test]
fn an_invite_is_told_without_any_digest_of_its_secrets() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue_to("bob");
    let events = events(&scene.plan, &origin());
    let [created] = events.as_slice() else {
        panic!("one event: {events:?}");
    };
    let facts = vec![
        ("invite_id", text(&invite.id)),
        ("recipient_email", text(&"bob@example.com")),
        ("expires_at", text(&"2026-03-03T12:00:00Z")),
    ];
    assert_eq!(told(created), ("invite.created", None, facts));
}

#[test]
fn an_acceptance_is_told_with_the_plan_in_force_before_and_after() {
    let mut scene = Scene::with_limit(5);
    let invite = scene.issue();
    scene.save();
    scene.plan.accept(&invite, bob(), NOW, &scene.settings).unwrap();
    let events = events(&scene.plan, &origin());
    let [accepted, joined] = events.as_slice() else {
        panic!("two events: {events:?}");
    };
    let facts = vec![("invite_id", text(&invite.id)), ("user_id", text(&"bob"))];
    assert_eq!(told(accepted), ("invite.accepted", None, facts));
    let facts = vec![
        ("user_id", text(&"bob")),
        ("zammad_user_id", Fact::Number(42)),
        ("invite_id", text(&invite.id)),
        ("plan_in_force_before", own()),
        ("plan_in_force_after", family()),
    ];
    assert_eq!(told(joined), ("member.joined", None, facts));
}

#[test]
fn a_detachment_is_told_with_its_reason_and_what_became_of_the_invite() {
    let cases = [
        (Scene::with_limit(5), NOW, "open"),
        (Scene::with_limit(5), EXPIRY, "expired"),
        (Scene::revoking(5), NOW, "revoked"),
        (Scene::revoking(5), EXPIRY, "revoked"),
    ];
    for (mut scene, at, state) in cases {
        let invite = scene.issue();
        scene.plan.accept(&invite, bob(), NOW, &scene.settings).unwrap();
        scene.save();
        let detachment = scene.plan.detach(&user_id("bob"), DetachReason::Left, at, &scene.settings).unwrap();
        assert_eq!(detachment.invite.unwrap().1.as_str(), state, "answer and event agree");
        let events = events(&scene.plan, &Origin { at, ..origin() });
        let facts = vec![
            ("user_id", text(&"bob")),
            ("zammad_user_id", Fact::Number(42)),
            ("invite_id", text(&invite.id)),
            ("plan_in_force_before", family()),
            ("plan_in_force_after", own()),
            ("invite_state", text(&state)),
        ];
        assert_eq!(told(&events[0]), ("member.detached", Some("left"), facts));
        let revoked: Vec<_> = events[1..].iter().map(told).collect();
        let facts = vec![("invite_id", text(&invite.id))];
        let expected = ("invite.revoked", Some("member_detached"), facts);
        assert_eq!(revoked, if state == "revoked" { vec![expected] } else { vec![] });
    }
}

#[test]
fn a_closed_plan_is_told_last() {
    let mut scene = Scene::with_limit(5);
    let used = scene.issue();
    scene.plan.accept(&used, bob(), NOW, &scene.settings).unwrap();
    let open = scene.issue();
    scene.save();
    scene.plan.close();
    let events = events(&scene.plan, &origin());
    let [revoked, detached, owner, closed] = events.as_slice() else {
        panic!("four events: {events:?}");
    };
    let facts = vec![("invite_id", text(&open.id))];
    assert_eq!(told(revoked), ("invite.revoked", Some("plan_closed"), facts));
    let facts = vec![
        ("user_id", text(&"bob")),
        ("zammad_user_id", Fact::Number(42)),
        ("invite_id", text(&used.id)),
        ("plan_in_force_before", family()),
        ("plan_in_force_after", own()),
        ("invite_state", text(&"used")),
    ];
    assert_eq!(told(detached), ("member.detached", Some("plan_closed"), facts));
    assert_eq!(owner.kind, EventKind::MemberDetached);
    let in_force = owner.facts.iter().find(|(name, _)| *name == "plan_in_force_after");
    assert_eq!(in_force, Some(("plan_in_force_after", &Fact::Nothing)));
    assert_eq!(told(closed), ("plan.closed", None, vec![("name", text(&"The Hills"))]));
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let detach = [DetachReason::Left, DetachReason::Removed, DetachReason::PlanClosed];
    assert_eq!(detach.map(DetachReason::as_str), ["left", "removed", "plan_closed"]);
    let revoke = [
        RevokeReason::Requested,
        RevokeReason::Resent,
        RevokeReason::MemberDetached,
        RevokeReason::PlanClosed,
    ];
    let names = ["requested", "resent", "member_detached", "plan_closed"];
    assert_eq!(revoke.map(RevokeReason::as_str), names);
}
