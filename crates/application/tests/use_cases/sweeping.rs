//! Sweeping: what is litter, what was deleted by somebody, and what stays.

mod interrupted;

use std::sync::{Arc, Mutex};

use family_plan_application::{ClosePlan, IssuedInvite, RevokeInvite, SweepTokens, Swept};
use family_plan_domain::{
    EventKind, InviteId, InviteStatus, PlanId, RegisteredToken, ZammadAccount,
    ports::{Clock, GivenUpTokens, MockInviteRegister, Plans},
};
use family_plan_testkit::{
    HelpDeskCall::{DeleteToken, ListTokens},
    START,
};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::{Builder, Uuid};

use crate::scene::{Scene, caller};

const HOURLY: Duration = Duration::HOUR;
const MARGIN: Duration = Duration::minutes(6);

fn sweeping(scene: &Scene) -> SweepTokens {
    SweepTokens {
        tokens: scene.help_desk.clone(),
        register: scene.store.clone(),
        plans: scene.store.clone(),
        sweeps: scene.store.clone(),
        clock: scene.clock.clone(),
        ids: scene.ids.clone(),
        settled_after: MARGIN,
        stop: CancellationToken::new(),
    }
}

/// An hour later, so that one is due.
async fn sweep(scene: &Scene) -> Swept {
    scene.clock.advance(HOURLY);
    sweeping(scene).run_if_due(HOURLY).await.unwrap().expect("one is due")
}

fn add_token(scene: &Scene, id: i64, invite: InviteId, created_at: Option<OffsetDateTime>) {
    scene.help_desk.add_token(RegisteredToken { id, invite, created_at });
}

/// Issues an invite whose token is in the register.
async fn issue(scene: &Scene, plan: PlanId, id: i64) -> IssuedInvite {
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    add_token(scene, id, invite.report.invite.id, Some(scene.clock.now()));
    invite
}

/// An id that was made then.
fn made_at(at: OffsetDateTime) -> InviteId {
    let millis = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap();
    Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid().into()
}

async fn status(scene: &Scene, plan: PlanId, invite: &IssuedInvite) -> InviteStatus {
    let now = scene.clock.now();
    let id = invite.report.invite.id;
    let loaded = scene.store.load_with_invite(plan, id, now).await.unwrap().unwrap();
    loaded.plan.invite(id).unwrap().status(now)
}

fn deletions(scene: &Scene) -> Vec<i64> {
    let deleted = |call| if let DeleteToken(id) = call { Some(id) } else { None };
    scene.help_desk.calls().into_iter().filter_map(deleted).collect()
}

#[tokio::test]
async fn the_token_of_an_open_invite_stays() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = issue(&scene, plan, 1).await;
    assert_eq!(sweep(&scene).await, Swept::default());
    assert_eq!(scene.help_desk.token_ids(), [1]);
    assert_eq!(status(&scene, plan, &invite).await, InviteStatus::Open);
}

#[tokio::test]
async fn tokens_of_used_revoked_and_expired_invites_and_of_closed_plans_are_deleted() {
    let scene = Scene::new();
    let closed = scene.open("zoe").await;
    let of_closed = scene.issue(closed, caller("zoe")).await.unwrap();
    add_token(&scene, 1, of_closed.report.invite.id, Some(START));
    ClosePlan { access: scene.access() }.run(&caller("zoe"), closed).await.unwrap();
    let plan = scene.open("ann").await;
    issue(&scene, plan, 2).await;
    scene.clock.advance(Duration::days(2));
    let used = issue(&scene, plan, 3).await;
    scene.accept(&used, &caller("bob")).await.unwrap();
    let revoked = issue(&scene, plan, 4).await.report.invite.id;
    RevokeInvite { access: scene.access() }.run(&caller("ann"), plan, revoked).await.unwrap();
    issue(&scene, plan, 5).await;

    assert_eq!(sweep(&scene).await, Swept { deleted: 4, revoked: 0 });
    assert_eq!(scene.help_desk.token_ids(), [5]);
}

#[tokio::test]
async fn a_token_without_an_invite_is_deleted_once_nobody_can_be_issuing_it() {
    let scene = Scene::new();
    scene.clock.advance(HOURLY);
    let now = scene.clock.now();
    let old = now - MARGIN;
    let young = old + Duration::MILLISECOND;
    let timeless = InviteId::from(Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0001));
    add_token(&scene, 1, made_at(old), Some(old));
    add_token(&scene, 2, made_at(old), Some(young));
    add_token(&scene, 3, made_at(young), Some(old));
    add_token(&scene, 4, made_at(old + Duration::ZERO), None);
    add_token(&scene, 5, made_at(young), None);
    add_token(&scene, 6, timeless, Some(old));
    add_token(&scene, 7, timeless, None);
    // Several may be named after the same invite.
    add_token(&scene, 8, made_at(old), Some(old));
    add_token(&scene, 9, InviteId::from(Uuid::from_u128(u128::MAX >> 1)), Some(OffsetDateTime::UNIX_EPOCH));
    let last_day = OffsetDateTime::new_utc(time::Date::MAX, time::Time::MIDNIGHT);
    add_token(&scene, 10, made_at(last_day), Some(last_day));

    let swept = sweeping(&scene).run_if_due(HOURLY).await.unwrap().unwrap();
    assert_eq!(deletions(&scene), [1, 4, 6, 8, 9]);
    assert_eq!(swept, Swept { deleted: 5, revoked: 0 });
}

#[tokio::test]
async fn an_open_invite_whose_token_somebody_deleted_is_revoked() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let deleted = issue(&scene, plan, 1).await;
    scene.help_desk.drop_tokens();
    let other = issue(&scene, plan, 2).await;
    assert_eq!(sweep(&scene).await, Swept { deleted: 0, revoked: 1 });
    assert_eq!(status(&scene, plan, &deleted).await, InviteStatus::Revoked);
    assert_eq!(status(&scene, plan, &other).await, InviteStatus::Open);
    let events = scene.events(EventKind::InviteRevoked);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].reason.as_deref(), Some("token_deleted"));
    assert_eq!((&events[0].actor, &events[0].request_id), (&None, &None));
}

#[tokio::test]
async fn an_invite_that_is_issued_while_tokens_are_listed_is_not_revoked() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let (issued, meanwhile) = (Arc::new(Mutex::new(None)), scene.clone());
    let keep = Arc::clone(&issued);
    scene.help_desk.before_call(1, async move || {
        let invite = meanwhile.issue(plan, caller("ann")).await.unwrap();
        *keep.lock().unwrap() = Some(invite);
    });
    assert_eq!(sweeping(&scene).run_if_due(HOURLY).await.unwrap(), Some(Swept::default()));
    let invite = issued.lock().unwrap().take().unwrap();
    assert_eq!(status(&scene, plan, &invite).await, InviteStatus::Open);
    let swept = sweeping(&scene).run_if_due(Duration::ZERO).await.unwrap();
    assert_eq!(swept, Some(Swept { deleted: 0, revoked: 1 }), "now it should have been there");
}

#[tokio::test]
async fn an_invite_that_is_open_again_does_not_need_the_token_that_was_swept() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = issue(&scene, plan, 1).await;
    scene.accept(&invite, &caller("bob")).await.unwrap();
    assert_eq!(sweep(&scene).await.deleted, 1);
    scene.detach().run(&caller("bob"), plan, &caller("bob").user).await.unwrap();
    assert_eq!(sweep(&scene).await, Swept::default());
    assert_eq!(status(&scene, plan, &invite).await, InviteStatus::Open);
    scene.accept(&invite, &caller("cid")).await.unwrap();
}

#[tokio::test]
async fn an_invite_that_is_used_before_it_can_be_revoked_is_not_counted() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    scene.accept(&invite, &caller("bob")).await.unwrap();
    let id = invite.report.invite.id;
    let mut register = MockInviteRegister::new();
    register.expect_give_up_tokens().never();
    register
        .expect_with_token()
        .returning(move |_, after, _, _| Ok(if after.is_none() { vec![(plan, id)] } else { Vec::new() }));
    let sweeping = SweepTokens { register: Arc::new(register), ..sweeping(&scene) };
    assert_eq!(sweeping.run_if_due(HOURLY).await.unwrap(), Some(Swept::default()));
    assert_eq!(status(&scene, plan, &invite).await, InviteStatus::Used);
}

#[tokio::test]
async fn another_account_has_no_tokens_of_what_was_issued_before() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let before = issue(&scene, plan, 1).await;
    sweep(&scene).await;
    scene.help_desk.switch_account(ZammadAccount(4));
    let after = issue(&scene, plan, 2).await;
    assert_eq!(sweep(&scene).await, Swept::default());
    // A replica that was not told of the other account yet.
    scene.clock.advance(MARGIN - Duration::MILLISECOND);
    let late = scene.issue(plan, caller("ann")).await.unwrap();
    assert_eq!(sweep(&scene).await, Swept::default());

    let deleted = scene.issue(plan, caller("ann")).await.unwrap();
    assert_eq!(sweep(&scene).await, Swept { deleted: 0, revoked: 1 });
    for invite in [&before, &after, &late] {
        assert_eq!(status(&scene, plan, invite).await, InviteStatus::Open);
    }
    assert_eq!(status(&scene, plan, &deleted).await, InviteStatus::Revoked);
}

#[tokio::test]
async fn a_register_of_nobody_revokes_nothing() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    add_token(&scene, 1, made_at(START), Some(START));
    scene.help_desk.hide_account();
    assert_eq!(sweep(&scene).await, Swept { deleted: 1, revoked: 0 });
    assert_eq!(status(&scene, plan, &invite).await, InviteStatus::Open);
}

#[tokio::test]
async fn twenty_thousand_tokens_are_listed_once() {
    let scene = Scene::new();
    let invite = |n: i64| InviteId::from(Uuid::from_u128(u128::from(n.unsigned_abs())));
    for n in 0..20_000 {
        add_token(&scene, n, invite(n), Some(START));
    }
    let mut register = MockInviteRegister::new();
    register.expect_give_up_tokens().times(20).returning(move |invites, _| {
        assert_eq!(invites.len(), 1_000);
        let unneeded = invites.into_iter().filter(|it| Uuid::from(*it).as_u128() % 4_000 == 0).collect();
        Ok(GivenUpTokens { unneeded, unknown: Vec::new() })
    });
    register.expect_with_token().times(1).returning(|_, _, _, _| Ok(Vec::new()));
    let sweeping = SweepTokens { register: Arc::new(register), ..sweeping(&scene) };
    assert_eq!(sweeping.run_if_due(HOURLY).await.unwrap(), Some(Swept { deleted: 5, revoked: 0 }));
    let calls = scene.help_desk.calls();
    assert_eq!((calls.len(), &calls[0]), (6, &ListTokens));
    assert_eq!(deletions(&scene), [0, 4_000, 8_000, 12_000, 16_000]);
}

#[tokio::test]
async fn invites_without_token_are_found_beyond_the_first_thousand() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap().report.invite.id;
    let unknown: Vec<_> = (1..=1_000).map(|n| (plan, InviteId::from(Uuid::from_u128(n)))).collect();
    let last = unknown.last().unwrap().1;
    let mut register = MockInviteRegister::new();
    register.expect_with_token().returning(move |_, after, limit, _| {
        assert_eq!(limit, 1_000);
        Ok(match after {
            None => unknown.clone(),
            Some(it) if it == last => vec![(plan, invite)],
            Some(_) => Vec::new(),
        })
    });
    let sweeping = SweepTokens { register: Arc::new(register), ..sweeping(&scene) };
    assert_eq!(sweeping.run_if_due(HOURLY).await.unwrap(), Some(Swept { deleted: 0, revoked: 1 }));
}
