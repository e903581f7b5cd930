//! Accepting, previewing, detaching.

use family_plan_application::{AcceptInviteError, Acceptance, PreviewVerdict};
use family_plan_domain::{
    AcceptRefusal, DetachReason, EventKind, InviteStatus, PersonName, Verdict,
    ports::{Plans, Users},
};
use time::Duration;

use crate::scene::{Scene, caller, service};

#[tokio::test]
async fn accepting_makes_the_caller_known_and_a_member() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    let acceptance = scene.accept(&invite, &caller("bob")).await.unwrap();
    assert_eq!(acceptance.plan, plan);
    let bob = scene.store.find(caller("bob").user).await.unwrap().unwrap();
    assert_eq!(bob.user.name, caller("bob").name);
    assert_eq!(bob.family.unwrap().plan, plan);
}

#[tokio::test]
async fn accepting_again_answers_the_same_and_changes_nothing() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    let first = scene.accept(&invite, &caller("bob")).await.unwrap();
    let revision = scene.loaded(plan).await.revision();
    scene.clock.advance(Duration::days(9));
    let again = scene.accept(&invite, &caller("bob")).await.unwrap();
    assert!(!first.replayed && again.replayed);
    assert_eq!(Acceptance { replayed: false, ..again }, first);
    assert_eq!(scene.loaded(plan).await.revision(), revision);
}

#[tokio::test]
async fn a_preview_says_what_accepting_then_does() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    let preview = async |caller: Option<&_>| scene.preview().run(&invite.code, caller).await.unwrap().verdict;

    assert_eq!(preview(None).await, PreviewVerdict::Unauthenticated);
    assert_eq!(preview(Some(&service("billing"))).await, PreviewVerdict::Forbidden);
    assert_eq!(preview(Some(&caller("bob"))).await, PreviewVerdict::Verdict(Verdict::Accept));
    scene.accept(&invite, &caller("bob")).await.unwrap();
    assert_eq!(preview(Some(&caller("bob"))).await, PreviewVerdict::Verdict(Verdict::AlreadyAccepted));
    let used = PreviewVerdict::Verdict(Verdict::Refused(AcceptRefusal::Used));
    assert_eq!(preview(Some(&caller("cid"))).await, used);
    let err = scene.accept(&invite, &caller("cid")).await.unwrap_err();
    assert!(matches!(err, AcceptInviteError::Refused(AcceptRefusal::Used)));
}

#[tokio::test]
async fn a_preview_never_shows_an_address() {
    let scene = Scene::new();
    let mut ann = caller("ann");
    ann.name = PersonName::new("ann@example.com").ok();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, ann).await.unwrap();
    let preview = scene.preview().run(&invite.code, None).await.unwrap();
    assert_eq!(preview.invited_by, None);
}

#[tokio::test]
async fn a_service_joins_nothing() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    let err = scene.accept(&invite, &service("billing")).await.unwrap_err();
    assert!(matches!(err, AcceptInviteError::NotAPerson));
}

#[tokio::test]
async fn detaching_reopens_the_invite_for_anybody_else() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    scene.accept(&invite, &caller("bob")).await.unwrap();

    let detachment = scene.detach().run(&caller("bob"), plan, &caller("bob").user).await.unwrap();
    assert_eq!(detachment.invite, Some((invite.report.invite.id, InviteStatus::Open)));
    let err = scene.accept(&invite, &caller("bob")).await.unwrap_err();
    assert!(matches!(err, AcceptInviteError::Refused(AcceptRefusal::Barred)));
    scene.accept(&invite, &caller("cid")).await.unwrap();

    let history = scene.store.history(plan, None, 100).await.unwrap();
    let detached = history.iter().find(|it| it.kind == EventKind::MemberDetached).unwrap();
    assert_eq!(detached.reason.as_deref(), Some(DetachReason::Left.as_str()));
    assert_eq!(detached.actor, Some(caller("bob").user));
    assert_eq!(detached.request_id.as_deref(), Some("request"));
}
