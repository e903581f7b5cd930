//! Pulls that stop, are killed, or take long.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use family_plan_application::PullUsers;
use family_plan_domain::{
    Sync, SyncKind,
    ports::{MockSyncs, SaveError, StoreError, Syncs},
};
use family_plan_testkit::{
    HelpDeskCall::{ChangedSince, Page},
    START,
    fixtures::zammad_user,
};
use time::Duration;
use tokio_util::sync::CancellationToken;

use super::{NEVER, OVERLAP, SCHEDULE, call, counts, listing_calls, pull, record, scene_with};
use crate::scene::{Scene, killed};

const LEASE: Duration = Duration::seconds(15);

/// Nothing comes back of that call.
fn hang_at(scene: &Scene, number: usize) {
    scene.help_desk.before_call(number, std::future::pending);
}

#[tokio::test]
async fn a_killed_pull_goes_on_with_the_page_it_had_reached_once_its_lease_is_over() {
    let scene = scene_with(2..=8);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    hang_at(&scene, 3);
    killed(scene.pulling().run_if_due(NEVER)).await;
    let interrupted = record(&scene).await;
    assert!(interrupted.is_running());
    assert_eq!(counts(&interrupted), (4, 4, 0));

    scene.clock.advance(LEASE - Duration::MILLISECOND);
    assert!(!scene.pulling().run_if_due(NEVER).await.unwrap());
    scene.clock.advance(Duration::MILLISECOND);
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    let calls = [Page(1), Page(2), Page(3), Page(3), Page(4), Page(5)];
    assert_eq!(listing_calls(&scene), calls);
    let sync = record(&scene).await;
    assert_eq!(counts(&sync), (7, 7, 0));
    assert_eq!(sync.run.as_ref().unwrap().started_at, START);
    assert_eq!((sync.is_running(), sync.known_until), (false, Some(START)), "from its beginning");
}

#[tokio::test]
async fn a_stopped_pull_can_go_on_at_once() {
    let scene = scene_with(2..=8);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    scene.help_desk.before_call(3, async move || {
        stopping.cancel();
        std::future::pending::<()>().await;
    });
    let stopped = PullUsers { stop, ..scene.pulling() };
    assert!(stopped.run_if_due(NEVER).await.unwrap());
    let interrupted = record(&scene).await;
    assert!(interrupted.is_running());
    assert_eq!(interrupted.last_error, None);

    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    assert_eq!(call(&scene, 4), Page(3));
    assert_eq!(counts(&record(&scene).await), (7, 7, 0));
}

#[tokio::test]
async fn an_interrupted_pull_of_changes_goes_on_from_what_is_known_by_then() {
    let scene = scene_with([2]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::DAY);
    for id in 3..=6 {
        scene.help_desk.put(zammad_user(id, START + Duration::HOUR * i32::try_from(id).unwrap()));
    }
    scene.pulling().request(SyncKind::Incremental).await.unwrap();
    let n_calls = scene.help_desk.calls().len();
    hang_at(&scene, n_calls + 3);
    killed(scene.pulling().run_if_due(NEVER)).await;
    let known_until = START + Duration::hours(4);
    assert_eq!(record(&scene).await.known_until, Some(known_until));

    scene.clock.advance(LEASE);
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    assert_eq!(call(&scene, n_calls + 4), ChangedSince(known_until - OVERLAP, 1));
    let sync = record(&scene).await;
    assert_eq!(sync.run.unwrap().kind, SyncKind::Incremental);
    assert_eq!(sync.known_until, Some(START + Duration::hours(6)));
}

#[tokio::test]
async fn one_process_at_a_time_pulls() {
    let scene = scene_with([2, 3, 4]);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    let other = scene.clone();
    scene.help_desk.before_call(2, async move || {
        other.pulling().request(SyncKind::Full).await.unwrap();
        assert!(!other.pulling().run_if_due(SCHEDULE).await.unwrap());
    });
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    assert_eq!(listing_calls(&scene), [Page(1), Page(2), Page(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_helpdesk_that_takes_its_time_costs_nobody_the_lease() {
    let scene = scene_with([2, 3, 4]);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    let meanwhile = scene.clone();
    scene.help_desk.before_call(2, async move || {
        for _ in 0..12 {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            meanwhile.clock.advance(Duration::seconds(5));
            assert!(!meanwhile.pulling().run_if_due(NEVER).await.unwrap(), "somebody is at it");
            assert_eq!(counts(&record(&meanwhile).await), (2, 2, 0));
        }
    });
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    assert_eq!(listing_calls(&scene), [Page(1), Page(2), Page(3)]);
    let sync = record(&scene).await;
    assert_eq!((sync.is_running(), sync.finished_at), (false, Some(START + Duration::MINUTE)));
}

#[tokio::test]
async fn whoever_was_taken_over_from_leaves_the_record_alone() {
    let scene = scene_with(2..=8);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    let other = scene.clone();
    let left_behind = Arc::new(Mutex::new(None));
    let found = Arc::clone(&left_behind);
    scene.help_desk.before_call(2, async move || {
        other.clock.advance(LEASE);
        hang_at(&other, 4);
        killed(other.pulling().run_if_due(NEVER)).await;
        *found.lock().unwrap() = Some(record(&other).await);
    });
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    assert_eq!(scene.help_desk.calls(), [Page(1), Page(2), Page(2), Page(3)], "it goes no further");
    let left_behind = left_behind.lock().unwrap().take();
    assert_eq!(Some(record(&scene).await), left_behind);
}

#[tokio::test(start_paused = true)]
async fn whoever_was_taken_over_from_notices_while_they_wait() {
    let scene = scene_with([2, 3]);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    let other = scene.clone();
    scene.help_desk.before_call(1, async move || {
        other.clock.advance(LEASE);
        assert!(other.pulling().run_if_due(NEVER).await.unwrap());
        std::future::pending::<()>().await;
    });
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    assert_eq!(counts(&record(&scene).await), (2, 2, 0), "what the other did");
}

/// Fails to save from the third time on, which is after the first page.
struct BrokenSyncs(Scene, AtomicUsize);

#[async_trait]
impl Syncs for BrokenSyncs {
    async fn load(&self) -> Result<Sync, StoreError> {
        Syncs::load(&*self.0.store).await
    }

    async fn save(&self, sync: Sync) -> Result<(), SaveError> {
        if self.1.fetch_add(1, Ordering::Relaxed) < 2 {
            Syncs::save(&*self.0.store, sync).await
        } else {
            Err(StoreError::new("the connection broke").into())
        }
    }
}

#[tokio::test]
async fn a_pull_whose_store_fails_is_somebody_elses_later() {
    let scene = scene_with(2..=8);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    let syncs = Arc::new(BrokenSyncs(scene.clone(), AtomicUsize::new(0)));
    let broken = PullUsers { syncs, ..scene.pulling() };
    assert!(broken.run_if_due(NEVER).await.is_err());
    scene.clock.advance(LEASE);
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    assert_eq!(call(&scene, 3), Page(2), "the first page is done");
    let sync = record(&scene).await;
    assert_eq!((counts(&sync).0, sync.last_error), (7, None));
}

#[tokio::test]
async fn the_helpdesk_is_asked_nothing_by_whoever_lost_the_race() {
    let scene = scene_with([2]);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    let requested = record(&scene).await;
    let mut syncs = MockSyncs::new();
    syncs.expect_load().returning(move || Ok(requested.clone()));
    syncs.expect_save().returning(|_| Err(SaveError::Stale));
    let late = PullUsers { syncs: Arc::new(syncs), ..scene.pulling() };
    assert!(!late.run_if_due(NEVER).await.unwrap());
    assert_eq!(scene.help_desk.calls(), []);
}

#[tokio::test]
async fn a_pull_begins_when_it_is_known_that_it_is_asked_for() {
    let scene = scene_with([2]);
    scene.pulling().request(SyncKind::Full).await.unwrap();
    let (clock, requested) = (scene.clock.clone(), record(&scene).await);
    let mut syncs = MockSyncs::new();
    syncs.expect_load().returning(move || {
        clock.advance(Duration::HOUR);
        Ok(requested.clone())
    });
    let later = START + Duration::HOUR;
    syncs
        .expect_save()
        .withf(move |it| it.run.as_ref().is_some_and(|it| it.started_at == later))
        .returning(|_| Err(SaveError::Stale));
    let slow = PullUsers { syncs: Arc::new(syncs), ..scene.pulling() };
    assert!(!slow.run_if_due(NEVER).await.unwrap());
}
