//! Pulling the helpdesk's users: what is read, what comes of it, and how a pull goes on.

mod interrupted;
mod moving;
mod plans;

use family_plan_application::{PullUsers, SyncError};
use family_plan_domain::{
    MirroredUser, Sync, SyncKind, SyncSchedule, ZammadUserId,
    ports::{Clock, HelpDeskError},
};
use family_plan_testkit::{
    HelpDeskCall::{self, ChangedSince, Find, Page},
    START,
    fixtures::zammad_user,
};
use time::Duration;

use crate::scene::{Scene, admin, caller, service, zammads};

const SCHEDULE: SyncSchedule =
    SyncSchedule { incremental: Some(Duration::minutes(10)), full: Some(Duration::DAY) };
const NEVER: SyncSchedule = SyncSchedule { incremental: None, full: None };
const OVERLAP: Duration = Duration::minutes(5);

/// A helpdesk with these users.
fn scene_with(users: impl IntoIterator<Item = i64>) -> Scene {
    let scene = Scene::new();
    for id in users {
        scene.help_desk.put(zammad_user(id, START));
    }
    scene
}

/// Pulls what is asked for, and answers the record.
async fn pull(scene: &Scene, kind: SyncKind) -> Sync {
    scene.pulling().request(kind).await.unwrap();
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    record(scene).await
}

async fn record(scene: &Scene) -> Sync {
    scene.pulling().record().await.unwrap()
}

/// Seen, changed and vanished.
fn counts(sync: &Sync) -> (u64, u64, u64) {
    let run = sync.run.as_ref().unwrap();
    (run.users_seen, run.users_changed, run.users_vanished)
}

async fn known(scene: &Scene, id: i64) -> MirroredUser {
    scene.mirrored(id).await.unwrap()
}

async fn has_vanished(scene: &Scene, id: i64) -> bool {
    known(scene, id).await.vanished_at.is_some()
}

fn call(scene: &Scene, number: usize) -> HelpDeskCall {
    scene.help_desk.calls()[number - 1].clone()
}

/// What was asked so far, without the questions for what changed.
fn listing_calls(scene: &Scene) -> Vec<HelpDeskCall> {
    scene.help_desk.calls().into_iter().filter(|it| !matches!(it, ChangedSince(..))).collect()
}

fn out_of_reach() -> HelpDeskError {
    HelpDeskError::Unavailable { retry_after: None, cause: "the connection was refused".into() }
}

#[tokio::test]
async fn only_administrators_deal_with_pulls() {
    PullUsers::check(&admin("ada")).unwrap();
    for caller in [caller("ann"), service("billing")] {
        assert!(matches!(PullUsers::check(&caller), Err(SyncError::Forbidden)));
    }
}

#[tokio::test]
async fn the_first_pull_reads_everybody_page_by_page() {
    let scene = scene_with([1, 2, 3, 5]);
    let sync = pull(&scene, SyncKind::Incremental).await;
    let caught_up = ChangedSince(START - OVERLAP, 1);
    assert_eq!(scene.help_desk.calls()[..4], [Page(1), Page(2), Page(3), caught_up]);
    assert_eq!(sync.run.as_ref().unwrap().kind, SyncKind::Full);
    assert_eq!(counts(&sync), (3, 3, 0), "Zammad's own user is nobody");
    assert_eq!((sync.is_running(), sync.last_error), (false, None));
    assert_eq!((sync.full_finished_at, sync.known_until), (Some(START), Some(START)));
    assert_eq!(known(&scene, 5).await.user, zammad_user(5, START));
    assert_eq!(scene.mirrored(1).await, None);
}

#[tokio::test]
async fn a_pull_by_plan_begins_when_it_is_due_and_not_before() {
    let scene = scene_with([2]);
    assert!(scene.pulling().run_if_due(SCHEDULE).await.unwrap());
    assert!(!scene.pulling().run_if_due(SCHEDULE).await.unwrap());
    assert!(!scene.pulling().run_if_due(NEVER).await.unwrap());
    scene.clock.advance(Duration::minutes(10));
    assert!(scene.pulling().run_if_due(SCHEDULE).await.unwrap());
    assert_eq!(record(&scene).await.run.unwrap().kind, SyncKind::Incremental);
    scene.clock.advance(Duration::DAY);
    assert!(scene.pulling().run_if_due(SCHEDULE).await.unwrap());
    assert_eq!(record(&scene).await.run.unwrap().kind, SyncKind::Full);
}

#[tokio::test]
async fn changes_are_read_from_a_while_before_what_is_known() {
    let scene = scene_with([2, 3]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::HOUR);
    let changed_at = scene.clock.now() - Duration::MINUTE;
    scene.help_desk.put(zammad_user(3, changed_at));
    let n_calls = scene.help_desk.calls().len();

    let sync = pull(&scene, SyncKind::Incremental).await;
    assert_eq!(call(&scene, n_calls + 1), ChangedSince(START - OVERLAP, 1));
    assert_eq!(sync.run.as_ref().unwrap().kind, SyncKind::Incremental);
    assert_eq!(counts(&sync).1, 1);
    assert_eq!(sync.known_until, Some(changed_at));
    assert_eq!(sync.full_finished_at, Some(START), "this one was not full");
    assert_eq!(known(&scene, 3).await.user.updated_at, changed_at);
}

#[tokio::test]
async fn whoever_is_dated_ahead_of_time_hides_nobody_who_changes_later() {
    let scene = scene_with([2, 3]);
    pull(&scene, SyncKind::Full).await;
    scene.help_desk.put(zammad_user(2, START + Duration::weeks(520)));
    pull(&scene, SyncKind::Incremental).await;
    scene.clock.advance(Duration::HOUR);
    scene.help_desk.put(zammad_user(3, scene.clock.now()));
    pull(&scene, SyncKind::Incremental).await;
    assert_eq!(known(&scene, 3).await.user.updated_at, scene.clock.now());
}

#[tokio::test]
async fn a_helpdesk_that_cannot_tell_what_changed_is_read_whole() {
    let scene = scene_with([2, 3, 4]);
    pull(&scene, SyncKind::Full).await;
    scene.help_desk.tell_changes(false);
    scene.help_desk.remove(ZammadUserId(4));
    scene.clock.advance(Duration::HOUR);
    let sync = pull(&scene, SyncKind::Incremental).await;
    assert_eq!(sync.run.as_ref().unwrap().kind, SyncKind::Full, "it says so");
    assert_eq!(sync.full_finished_at, Some(scene.clock.now()));
    assert_eq!(counts(&sync), (2, 0, 1));
    assert!(has_vanished(&scene, 4).await);
}

#[tokio::test]
async fn a_helpdesk_that_does_not_count_pages_comes_to_an_end() {
    let scene = scene_with([2, 3, 4]);
    scene.help_desk.ignore_page_numbers();
    let sync = pull(&scene, SyncKind::Full).await;
    assert_eq!(counts(&sync), (2, 2, 0));
    assert_eq!(listing_calls(&scene), [Page(1), Page(2)]);
}

#[tokio::test]
async fn whoever_no_page_had_is_looked_for_before_they_are_taken_for_gone() {
    let scene = scene_with([2, 3]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::HOUR);
    // Pages of one, of which the helpdesk only ever gives the first.
    scene.help_desk.ignore_page_numbers();
    scene.help_desk.set_page_size(1);
    scene
        .help_desk
        .change(ZammadUserId(3), |it| it.user.email = caller("bob").email.map(|it| it.to_string()));
    scene.me(&caller("bob")).await;
    let sync = pull(&scene, SyncKind::Full).await;
    assert_eq!(listing_calls(&scene).last(), Some(&Find(ZammadUserId(3))));
    assert_eq!(counts(&sync), (2, 1, 0));
    assert!(!has_vanished(&scene, 3).await);
    assert_eq!(scene.association("bob").await, Some(ZammadUserId(3)), "found, with another address");
}

#[tokio::test]
async fn whoever_comes_back_is_there_again() {
    let scene = scene_with([2, 3]);
    pull(&scene, SyncKind::Full).await;
    scene.help_desk.remove(ZammadUserId(3));
    scene.clock.advance(Duration::HOUR);
    pull(&scene, SyncKind::Full).await;
    assert_eq!(known(&scene, 3).await.vanished_at, Some(scene.clock.now()));
    scene.help_desk.put(zammad_user(3, START));
    scene.clock.advance(Duration::HOUR);
    pull(&scene, SyncKind::Full).await;
    assert!(!has_vanished(&scene, 3).await);
}

#[tokio::test]
async fn a_pull_finds_those_whose_verified_address_somebody_has() {
    let scene = scene_with([2]);
    scene.help_desk.put(zammads(3, "bob", START));
    scene.me(&caller("bob")).await;
    pull(&scene, SyncKind::Full).await;
    assert_eq!(scene.association("bob").await, Some(ZammadUserId(3)));
}

#[tokio::test]
async fn a_helpdesk_out_of_reach_is_told_of_and_left_alone_for_a_while() {
    let scene = scene_with([2, 3, 4]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::minutes(10));
    scene.help_desk.fail_next(out_of_reach());
    assert!(scene.pulling().run_if_due(SCHEDULE).await.unwrap());
    let sync = record(&scene).await;
    let expected = "the helpdesk is unavailable: the connection was refused";
    assert_eq!(sync.last_error.as_deref(), Some(expected));
    assert_eq!((sync.is_running(), sync.finished_at), (false, Some(scene.clock.now())));

    scene.clock.advance(Duration::minutes(10) - Duration::MILLISECOND);
    assert!(!scene.pulling().run_if_due(SCHEDULE).await.unwrap());
    scene.clock.advance(Duration::MILLISECOND);
    assert!(scene.pulling().run_if_due(SCHEDULE).await.unwrap());
    assert_eq!(record(&scene).await.last_error, None);
}

#[tokio::test]
async fn a_full_pull_goes_on_where_the_helpdesk_failed_unless_that_is_long_ago() {
    for (pause, expected) in [
        (Duration::HOUR - Duration::MILLISECOND, [Page(1), Page(2), Page(2), Page(3)].as_slice()),
        (Duration::HOUR, &[Page(1), Page(2), Page(1), Page(2), Page(3)]),
    ] {
        let scene = scene_with([2, 3, 4]);
        let meanwhile = scene.clone();
        scene.help_desk.before_call(2, async move || meanwhile.help_desk.fail_next(out_of_reach()));
        assert!(pull(&scene, SyncKind::Full).await.last_error.is_some());
        scene.clock.advance(pause);
        let sync = pull(&scene, SyncKind::Full).await;
        assert_eq!(listing_calls(&scene), expected);
        assert_eq!((counts(&sync).0, sync.last_error), (3, None));
    }
}

#[tokio::test]
async fn a_pull_that_runs_will_do_unless_more_is_asked_for() {
    let scene = scene_with([2, 3]);
    let meanwhile = scene.clone();
    scene.help_desk.before_call(1, async move || {
        let sync = meanwhile.pulling().request(SyncKind::Full).await.unwrap();
        assert!(sync.is_running());
        assert_eq!(sync.requested, None);
    });
    pull(&scene, SyncKind::Full).await;
    assert!(!scene.pulling().run_if_due(NEVER).await.unwrap());

    let n_calls = scene.help_desk.calls().len();
    let meanwhile = scene.clone();
    scene.help_desk.before_call(n_calls + 1, async move || {
        meanwhile.pulling().request(SyncKind::Full).await.unwrap();
    });
    let sync = pull(&scene, SyncKind::Incremental).await;
    assert_eq!(sync.requested, Some(SyncKind::Full));
    assert!(scene.pulling().run_if_due(NEVER).await.unwrap());
    assert_eq!(record(&scene).await.run.unwrap().kind, SyncKind::Full);
    assert!(!scene.pulling().run_if_due(NEVER).await.unwrap());
}
