//! Sweeps of several replicas, those that are interrupted, and a helpdesk that does not do what it is asked.

use std::collections::BTreeSet;

use family_plan_application::{SweepError, SweepTokens, Swept};
use family_plan_domain::{
    InviteStatus,
    ports::{HelpDeskError, Sweeps},
};
use family_plan_testkit::{HelpDeskCall::ListTokens, START};
use time::Duration;
use tokio_util::sync::CancellationToken;

use super::{HOURLY, add_token, deletions, made_at, status, sweep, sweeping};
use crate::scene::{Scene, caller, killed};

fn out_of_reach() -> HelpDeskError {
    HelpDeskError::Unavailable { retry_after: None, cause: "the connection was refused".into() }
}

#[tokio::test]
async fn one_replica_at_a_time_sweeps() {
    let scene = Scene::new();
    let other = scene.clone();
    scene.help_desk.before_call(1, async move || {
        assert_eq!(sweeping(&other).run_if_due(HOURLY).await.unwrap(), None);
    });
    assert!(sweeping(&scene).run_if_due(HOURLY).await.unwrap().is_some());
    assert_eq!(sweeping(&scene).run_if_due(HOURLY).await.unwrap(), None, "it was just done");
    scene.clock.advance(HOURLY - Duration::MILLISECOND);
    assert_eq!(sweeping(&scene).run_if_due(HOURLY).await.unwrap(), None);
    scene.clock.advance(Duration::MILLISECOND);
    assert!(sweeping(&scene).run_if_due(HOURLY).await.unwrap().is_some());
    assert_eq!(scene.help_desk.calls(), [ListTokens, ListTokens]);
}

#[tokio::test]
async fn a_killed_sweep_is_done_by_another_once_its_lease_is_over() {
    let scene = Scene::new();
    add_token(&scene, 1, made_at(START - HOURLY), Some(START - HOURLY));
    scene.help_desk.before_call(2, std::future::pending);
    killed(sweeping(&scene).run_if_due(HOURLY)).await;
    assert_eq!(sweeping(&scene).run_if_due(HOURLY).await.unwrap(), None);
    scene.clock.advance(Duration::seconds(15));
    let swept = sweeping(&scene).run_if_due(HOURLY).await.unwrap();
    assert_eq!(swept, Some(Swept { deleted: 1, revoked: 0 }));
}

#[tokio::test(start_paused = true)]
async fn a_long_sweep_keeps_its_lease() {
    let scene = Scene::new();
    let other = scene.clone();
    scene.help_desk.before_call(1, async move || {
        for _ in 0..12 {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            other.clock.advance(Duration::seconds(5));
            assert_eq!(sweeping(&other).run_if_due(HOURLY).await.unwrap(), None);
        }
    });
    assert!(sweeping(&scene).run_if_due(HOURLY).await.unwrap().is_some());
}

#[tokio::test]
async fn whoever_was_taken_over_from_revokes_nothing() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    scene.clock.advance(HOURLY);
    let other = scene.clone();
    scene.help_desk.before_call(1, async move || {
        other.clock.advance(Duration::seconds(15));
        other.help_desk.before_call(2, std::future::pending);
        killed(sweeping(&other).run_if_due(HOURLY)).await;
    });
    let err = sweeping(&scene).run_if_due(HOURLY).await.unwrap_err();
    assert!(matches!(err, SweepError::Interrupted), "{err:?}");
    assert_eq!(status(&scene, plan, &invite).await, InviteStatus::Open);
    assert!(Sweeps::load(&*scene.store).await.unwrap().lease.is_some(), "the other one's");
}

#[tokio::test]
async fn a_sweep_that_is_stopped_says_so_and_can_be_made_at_once() {
    let scene = Scene::new();
    let stopping = SweepTokens { stop: CancellationToken::new(), ..sweeping(&scene) };
    let stop = stopping.stop.clone();
    scene.help_desk.before_call(1, async move || {
        stop.cancel();
        std::future::pending::<()>().await;
    });
    let err = stopping.run_if_due(HOURLY).await.unwrap_err();
    assert!(matches!(err, SweepError::Interrupted));
    assert!(sweeping(&scene).run_if_due(HOURLY).await.unwrap().is_some());
}

#[tokio::test]
async fn what_a_sweep_could_not_do_the_next_one_does() {
    let scene = Scene::new();
    for id in 1..=8 {
        add_token(&scene, id, made_at(START - HOURLY), Some(START - HOURLY));
    }
    let failing = scene.clone();
    scene.help_desk.before_call(4, async move || failing.help_desk.fail_next(out_of_reach()));
    let err = sweeping(&scene).run_if_due(HOURLY).await.unwrap_err();
    assert!(matches!(err, SweepError::HelpDesk(HelpDeskError::Unavailable { .. })));
    let left = scene.help_desk.token_ids();
    assert!(left.contains(&3) && !left.contains(&1), "{left:?}");
    assert_eq!(sweeping(&scene).run_if_due(HOURLY).await.unwrap(), None, "not at once");

    assert_eq!(sweep(&scene).await.deleted, left.len());
    assert_eq!(scene.help_desk.token_ids(), [] as [i64; 0]);
}

#[tokio::test]
async fn a_list_that_cannot_be_had_changes_nothing() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    scene.clock.advance(HOURLY);
    scene.help_desk.fail_next(out_of_reach());
    assert!(sweeping(&scene).run_if_due(HOURLY).await.is_err());
    assert_eq!(status(&scene, plan, &invite).await, InviteStatus::Open);
}

#[tokio::test]
async fn a_token_that_cannot_be_deleted_keeps_none_of_the_others() {
    let scene = Scene::new();
    for id in 1..=8 {
        add_token(&scene, id, made_at(START - HOURLY), Some(START - HOURLY));
    }
    let failing = scene.clone();
    scene.help_desk.before_call(4, async move || {
        failing.help_desk.fail_next(HelpDeskError::Rejected("no".into()));
    });
    let swept = sweeping(&scene).run_if_due(HOURLY).await.unwrap();
    assert_eq!(swept, Some(Swept { deleted: 7, revoked: 0 }));
    assert_eq!(scene.help_desk.token_ids(), [3]);
    let ids: BTreeSet<i64> = deletions(&scene).into_iter().collect();
    assert_eq!(ids.len(), 8);
}
