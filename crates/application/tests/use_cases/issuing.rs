//! Issuing: check, mint, load again, decide again, save; and no token that belongs to nothing.

use std::sync::Arc;

use family_plan_application::{InviteRequest, IssueInvite, IssueInviteError, SaveFailure};
use family_plan_domain::{
    InviteCap, InviteId, IssueRefusal, PlanFull, PlanId, ResendRefusal, Seats,
    ports::{Clock, HelpDeskError, LoadedPlan, MockPlans, Plans, SaveError, StoreError},
};
use family_plan_testkit::{
    START,
    fixtures::{new_invite, user_id},
};
use time::Duration;

use crate::scene::{Scene, caller};

fn is_full(err: &IssueInviteError, used: u32, held: u32) -> bool {
    let seats = Seats { limit: 5, used, held };
    let full = ResendRefusal::New(IssueRefusal::Full(PlanFull(seats)));
    matches!(err, IssueInviteError::Refused(it) if *it == full)
}

fn is_too_many(err: &IssueInviteError) -> bool {
    matches!(err, IssueInviteError::Refused(ResendRefusal::New(IssueRefusal::TooManyInvites)))
}

fn cap(invites: i64) -> InviteCap {
    InviteCap::new(invites).unwrap()
}

#[tokio::test]
async fn an_invite_has_the_id_that_its_token_was_minted_under() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let issued = scene.issue(plan, caller("ann")).await.unwrap();
    let expires_at = scene.clock.now() + Duration::days(2);
    assert_eq!(scene.tokens.minted(), [(issued.report.invite.id, expires_at)]);
    assert_eq!(issued.report.invite.expires_at, expires_at);
    assert!(issued.report.holds_seat);
    let found = scene.store.load_by_code(issued.code.hash(), None, scene.clock.now()).await.unwrap().unwrap();
    assert_eq!(found.invite, issued.report.invite);
}

#[tokio::test]
async fn the_helpdesk_is_not_asked_when_the_plan_is_full() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    for _ in 0..4 {
        scene.issue(plan, caller("ann")).await.unwrap();
    }
    let err = scene.issue(plan, caller("ann")).await.unwrap_err();
    assert!(is_full(&err, 1, 4), "{err:?}");
    assert_eq!(scene.tokens.minted().len(), 4);
}

#[tokio::test]
async fn the_helpdesk_is_not_asked_when_too_many_invites_are_open() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let issue = IssueInvite { cap: cap(2), ..scene.issuing(scene.store.clone(), scene.tokens.clone()) };
    let mut invites = Vec::new();
    for _ in 0..2 {
        invites
            .push(issue.run(caller("ann"), plan, InviteRequest::default()).await.unwrap().report.invite.id);
    }
    let err = issue.run(caller("ann"), plan, InviteRequest::default()).await.unwrap_err();
    assert!(is_too_many(&err), "{err:?}");
    assert_eq!(scene.tokens.minted().len(), 2);
    // Nothing is added by this.
    issue.resend(caller("ann"), plan, invites[0]).await.unwrap();
    let err = issue.resend(caller("ann"), plan, invites[0]).await.unwrap_err();
    assert!(is_too_many(&err), "{err:?}");
    assert_eq!(scene.tokens.minted().len(), 3);
}

#[tokio::test]
async fn a_failing_helpdesk_leaves_nothing_behind() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.tokens.fail_next(HelpDeskError::Rejected("no".into()));
    let err = scene.issue(plan, caller("ann")).await.unwrap_err();
    assert!(matches!(err, IssueInviteError::HelpDesk(HelpDeskError::Rejected(_))));
    assert!(scene.loaded(plan).await.invites().is_empty());
}

/// Plans that somebody else changes while the token is being minted.
fn plans_that(
    first: LoadedPlan,
    then: LoadedPlan,
    save: impl Fn() -> Result<(), SaveError> + Send + 'static,
) -> Arc<dyn Plans> {
    let mut plans = MockPlans::new();
    let mut loads = 0;
    plans.expect_load().returning(move |_, _| {
        loads += 1;
        Ok(Some(if loads == 1 { first.clone() } else { then.clone() }))
    });
    plans.expect_save().returning(move |_, _| save());
    Arc::new(plans)
}

#[tokio::test]
async fn a_token_is_discarded_when_the_last_seat_went_while_it_was_minted() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let before = scene.store.load(plan, scene.clock.now()).await.unwrap().unwrap();
    for _ in 0..4 {
        scene.issue(plan, caller("ann")).await.unwrap();
    }
    let after = scene.store.load(plan, scene.clock.now()).await.unwrap().unwrap();

    let issue = scene.issuing(plans_that(before, after, || Ok(())), scene.tokens.clone());
    let err = issue.run(caller("ann"), plan, InviteRequest::default()).await.unwrap_err();
    assert!(is_full(&err, 1, 4), "{err:?}");
    scene.settle().await;
    assert_eq!(scene.tokens.discarded(), [scene.tokens.minted()[4].0]);
}

#[tokio::test]
async fn a_token_is_discarded_when_the_cap_was_reached_while_it_was_minted() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let before = scene.store.load(plan, scene.clock.now()).await.unwrap().unwrap();
    scene.issue(plan, caller("ann")).await.unwrap();
    let after = scene.store.load(plan, scene.clock.now()).await.unwrap().unwrap();

    let issue = scene.issuing(plans_that(before, after, || Ok(())), scene.tokens.clone());
    let issue = IssueInvite { cap: cap(1), ..issue };
    let err = issue.run(caller("ann"), plan, InviteRequest::default()).await.unwrap_err();
    assert!(is_too_many(&err), "{err:?}");
    scene.settle().await;
    assert_eq!(scene.tokens.discarded(), [scene.tokens.minted()[1].0]);
}

/// Issues an invite whose save fails, although nobody knows whether it was carried out; `found` is what the plan is
/// like when somebody looks for the invite. Answers which tokens were discarded.
async fn discarded_after_a_failed_save(
    scene: &Scene,
    plan: PlanId,
    found: impl Fn(InviteId) -> Result<Option<LoadedPlan>, StoreError> + Send + 'static,
) -> Vec<InviteId> {
    let loaded = scene.store.load(plan, scene.clock.now()).await.unwrap().unwrap();
    let mut plans = MockPlans::new();
    plans.expect_load().returning(move |_, _| Ok(Some(loaded.clone())));
    plans.expect_save().returning(|_, _| Err(SaveError::Store(StoreError::new("the connection broke"))));
    plans.expect_load_with_invite().times(1).returning(move |_, invite, _| found(invite));
    let issue = scene.issuing(Arc::new(plans), scene.tokens.clone());
    let err = issue.run(caller("ann"), plan, InviteRequest::default()).await.unwrap_err();
    assert!(matches!(err, IssueInviteError::Save(SaveFailure::Store(_))), "{err:?}");
    scene.settle().await;
    scene.tokens.discarded()
}

#[tokio::test]
async fn a_token_is_discarded_when_its_invite_could_not_be_saved() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let loaded = scene.store.load(plan, scene.clock.now()).await.unwrap();
    let discarded = discarded_after_a_failed_save(&scene, plan, move |_| Ok(loaded.clone())).await;
    assert_eq!(discarded, [scene.tokens.minted()[0].0]);
}

#[tokio::test]
async fn a_token_is_discarded_when_the_plan_is_gone_too() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let discarded = discarded_after_a_failed_save(&scene, plan, |_| Ok(None)).await;
    assert_eq!(discarded, [scene.tokens.minted()[0].0]);
}

#[tokio::test]
async fn a_token_stays_when_its_invite_was_saved_after_all() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let loaded = scene.store.load(plan, scene.clock.now()).await.unwrap().unwrap();
    let found = move |invite| {
        let mut found = loaded.clone();
        let new = new_invite(invite, &user_id("ann"), START);
        found.plan.issue(new, None, InviteCap::default(), START, &found.settings).unwrap();
        Ok(Some(found))
    };
    let discarded = discarded_after_a_failed_save(&scene, plan, found).await;
    assert_eq!(discarded, []);
}

#[tokio::test]
async fn a_token_stays_when_nobody_can_tell_whether_its_invite_was_saved() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let found = |_| Err(StoreError::new("the connection is still broken"));
    assert_eq!(discarded_after_a_failed_save(&scene, plan, found).await, []);
    assert_eq!(scene.tokens.minted().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_is_never_first_gets_a_conflict_in_the_end() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let loaded = scene.store.load(plan, scene.clock.now()).await.unwrap().unwrap();
    let stale = || Err(SaveError::Stale);
    let issue = scene.issuing(plans_that(loaded.clone(), loaded, stale), scene.tokens.clone());
    let err = issue.run(caller("ann"), plan, InviteRequest::default()).await.unwrap_err();
    assert!(matches!(err, IssueInviteError::Save(SaveFailure::Conflict)), "{err:?}");
    scene.settle().await;
    assert_eq!(scene.tokens.minted().len(), 1, "one token, however often the save was tried");
    assert_eq!(scene.tokens.discarded().len(), 1);
}

#[tokio::test]
async fn an_invite_is_saved_even_if_the_caller_goes_away() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let issue = scene.issuing(scene.store.clone(), scene.tokens.clone());
    let request = issue.run(caller("ann"), plan, InviteRequest::default());
    // Polled once, so that the work begins, and then dropped, as a server does with a closed connection.
    tokio::select! {
        biased;
        _ = request => panic!("it cannot be done at the first poll"),
        () = std::future::ready(()) => (),
    }
    scene.settle().await;
    assert_eq!(scene.tokens.minted().len(), 1);
    assert_eq!(scene.loaded(plan).await.invites().len(), 1);
}

#[tokio::test]
async fn sending_again_replaces_the_invite_in_one_step() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let old = scene.issue(plan, caller("ann")).await.unwrap();
    let issue = scene.issuing(scene.store.clone(), scene.tokens.clone());
    let new = issue.resend(caller("ann"), plan, old.report.invite.id).await.unwrap();
    let open = scene.loaded(plan).await;
    assert_eq!(open.invites().iter().map(|it| it.id).collect::<Vec<_>>(), [new.report.invite.id]);
    assert_ne!(new.code.expose(), old.code.expose());
}
