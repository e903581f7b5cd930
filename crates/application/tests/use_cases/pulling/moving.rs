//! Pulling while users change and go.

use family_plan_domain::{SyncKind, ZammadUser, ZammadUserId, ports::Clock};
use family_plan_testkit::{HelpDeskCall::Find, START, fixtures::zammad_user};
use proptest::prelude::*;
use time::Duration;

use super::{counts, has_vanished, known, listing_calls, pull, scene_with};
use crate::scene::{Scene, caller, zammads};

fn named(id: i64, name: &str, updated_at: time::OffsetDateTime) -> ZammadUser {
    ZammadUser { firstname: name.to_owned(), ..zammad_user(id, updated_at) }
}

#[tokio::test]
async fn whoever_is_renamed_after_their_page_was_read_has_the_new_name_in_the_end() {
    let scene = scene_with([2, 3, 4]);
    let meanwhile = scene.clone();
    scene.help_desk.before_call(2, async move || {
        meanwhile.clock.advance(Duration::MINUTE);
        meanwhile.help_desk.change(ZammadUserId(2), |it| it.user.firstname = "Renamed".to_owned());
        meanwhile.help_desk.change(ZammadUserId(4), |it| it.user.firstname = "Renamed".to_owned());
    });
    let sync = pull(&scene, SyncKind::Full).await;
    for id in [2, 4] {
        assert_eq!(known(&scene, id).await.user.firstname, "Renamed", "{id}");
    }
    assert_eq!(counts(&sync), (3, 4, 0), "seen once, and changed again");
}

#[tokio::test]
async fn whoever_is_renamed_meanwhile_has_the_new_name_with_the_next_pull_if_the_helpdesk_cannot_tell() {
    let scene = scene_with([2, 3, 4]);
    scene.help_desk.tell_changes(false);
    let meanwhile = scene.clone();
    scene.help_desk.before_call(2, async move || {
        meanwhile.clock.advance(Duration::MINUTE);
        meanwhile.help_desk.change(ZammadUserId(2), |it| it.user.firstname = "Renamed".to_owned());
    });
    let sync = pull(&scene, SyncKind::Full).await;
    assert_eq!(sync.known_until, Some(START), "not of what changed while it was read");
    scene.help_desk.tell_changes(true);
    pull(&scene, SyncKind::Incremental).await;
    assert_eq!(known(&scene, 2).await.user.firstname, "Renamed");
}

#[tokio::test]
async fn what_a_webhook_told_is_not_overwritten_by_a_page_from_before() {
    let scene = scene_with([2, 3, 4]);
    let meanwhile = scene.clone();
    scene.help_desk.before_call(2, async move || {
        meanwhile.deliver(&[named(4, "Newer", START + Duration::SECOND)]).await;
    });
    let sync = pull(&scene, SyncKind::Full).await;
    assert_eq!(known(&scene, 4).await.user.firstname, "Newer");
    assert_eq!(counts(&sync), (3, 2, 0), "the page told nothing new of one of them");
}

#[tokio::test]
async fn when_somebody_is_deleted_meanwhile_only_who_is_gone_is_taken_for_gone() {
    let scene = scene_with(2..=7);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::HOUR);
    let n_calls = scene.help_desk.calls().len();
    let meanwhile = scene.clone();
    // After the first page: the fourth user moves there, and is on no page that is read.
    scene.help_desk.before_call(n_calls + 2, async move || {
        meanwhile.help_desk.remove(ZammadUserId(2));
        meanwhile.help_desk.remove(ZammadUserId(7));
    });
    let sync = pull(&scene, SyncKind::Full).await;
    assert_eq!(counts(&sync), (5, 0, 1));
    let looked_for = scene.help_desk.calls().into_iter().filter(|it| matches!(it, Find(_)));
    let expected = [Find(ZammadUserId(4)), Find(ZammadUserId(7))];
    assert_eq!(looked_for.collect::<Vec<_>>(), expected);
    assert!(has_vanished(&scene, 7).await);
    for there in 3..=6 {
        assert!(!has_vanished(&scene, there).await, "{there}");
    }

    scene.clock.advance(Duration::HOUR);
    pull(&scene, SyncKind::Full).await;
    assert!(has_vanished(&scene, 2).await, "they were there when this began");
}

#[tokio::test]
async fn whoever_is_heard_of_while_they_are_looked_for_is_not_gone() {
    let scene = scene_with([2, 3]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::HOUR);
    scene.help_desk.remove(ZammadUserId(3));
    let n_calls = scene.help_desk.calls().len();
    let meanwhile = scene.clone();
    scene.help_desk.before_call(n_calls + 3, async move || {
        meanwhile.clock.advance(Duration::SECOND);
        meanwhile.deliver(&[zammad_user(3, meanwhile.clock.now())]).await;
        meanwhile.clock.advance(Duration::SECOND);
    });
    pull(&scene, SyncKind::Full).await;
    assert_eq!(listing_calls(&scene).last(), Some(&Find(ZammadUserId(3))));
    assert!(!has_vanished(&scene, 3).await);
}

#[tokio::test]
async fn an_address_that_a_later_page_has_again_is_nobodys() {
    let scene = scene_with([3, 4]);
    for id in [2, 5] {
        scene.help_desk.put(zammads(id, "bob", START));
    }
    scene.me(&caller("bob")).await;
    pull(&scene, SyncKind::Full).await;
    assert_eq!(scene.association("bob").await, None);

    scene.help_desk.remove(ZammadUserId(5));
    scene.clock.advance(Duration::HOUR);
    pull(&scene, SyncKind::Full).await;
    assert_eq!(scene.association("bob").await, Some(ZammadUserId(2)), "the only one who is left");
}

#[tokio::test]
async fn a_helpdesk_that_does_not_count_pages_of_changes_cannot_tell() {
    let scene = scene_with([2]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::HOUR);
    for id in 3..=9 {
        scene.help_desk.put(zammad_user(id, scene.clock.now()));
    }
    scene.help_desk.ignore_page_numbers();
    let sync = pull(&scene, SyncKind::Incremental).await;
    assert_eq!(sync.run.as_ref().unwrap().kind, SyncKind::Full);
}

#[tokio::test]
async fn nobody_is_counted_twice() {
    let scene = scene_with([2]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::HOUR);
    for id in 3..=9 {
        scene
            .help_desk
            .put(zammad_user(id, scene.clock.now() + Duration::MINUTE * i32::try_from(id / 3).unwrap()));
    }
    scene.clock.advance(Duration::HOUR);
    assert_eq!(counts(&pull(&scene, SyncKind::Incremental).await), (7 + 1, 7, 0), "and the overlap");
}

#[tokio::test]
async fn many_who_changed_at_one_instant_are_all_read() {
    let scene = scene_with([2]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::HOUR);
    for id in 3..=9 {
        scene.help_desk.put(zammad_user(id, scene.clock.now()));
    }
    scene.help_desk.put(zammad_user(10, scene.clock.now() + Duration::MILLISECOND));
    scene.help_desk.put(zammad_user(11, scene.clock.now() + Duration::MILLISECOND));
    pull(&scene, SyncKind::Incremental).await;
    for id in 3..=11 {
        assert!(scene.mirrored(id).await.is_some(), "{id}");
    }
}

#[tokio::test]
async fn whoever_changes_while_changes_are_read_hides_nobody() {
    let scene = scene_with([2]);
    pull(&scene, SyncKind::Full).await;
    scene.clock.advance(Duration::HOUR);
    for id in 3..=9 {
        scene
            .help_desk
            .put(zammad_user(id, scene.clock.now() + Duration::SECOND * i32::try_from(id).unwrap()));
    }
    scene.clock.advance(Duration::MINUTE);
    // Each time, the first two move to the end.
    let n_calls = scene.help_desk.calls().len();
    for number in 2..=4 {
        let meanwhile = scene.clone();
        scene.help_desk.before_call(n_calls + number, async move || {
            let first = i64::try_from(number).unwrap() * 2 - 1;
            for id in [first, first + 1] {
                meanwhile.help_desk.change(ZammadUserId(id), |it| it.user.firstname = "Again".to_owned());
            }
        });
    }
    pull(&scene, SyncKind::Incremental).await;
    for id in 3..=9 {
        let expected = scene.help_desk_user(id).await;
        assert_eq!(scene.mirrored(id).await.map(|it| it.user), Some(expected), "{id}");
    }
}

/// What may happen to a user between two calls. Whoever is gone does not come back.
#[derive(Clone, Debug)]
enum Step {
    Remove(i64),
    /// Or comes into being, from 9 on.
    Change(i64),
    /// A webhook tells of them before the pull does.
    Tell(i64),
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        (2_i64..9).prop_map(Step::Remove),
        (2_i64..12).prop_map(Step::Change),
        (2_i64..12).prop_map(Step::Tell),
    ];
    prop::collection::vec(prop::collection::vec(step, 0..3), 1..8)
}

async fn take(scene: &Scene, step: Step) {
    scene.clock.advance(Duration::MILLISECOND);
    let user = |id| named(id, "Changed", scene.clock.now());
    let is_possible = |id| 9 <= id || scene.help_desk.users().iter().any(|it| it.id.0 == id);
    match step {
        Step::Remove(id) => scene.help_desk.remove(ZammadUserId(id)),
        Step::Change(id) if is_possible(id) => scene.help_desk.put(user(id)),
        Step::Tell(id) if is_possible(id) => {
            scene.help_desk.put(user(id));
            scene.deliver(&[user(id)]).await;
        }
        Step::Change(_) | Step::Tell(_) => (),
    }
}

proptest! {
    #[test]
    fn whatever_happens_meanwhile_nobody_who_is_there_is_taken_for_gone(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let scene = scene_with(2..=8);
            pull(&scene, SyncKind::Full).await;
            scene.clock.advance(Duration::HOUR);
            let n_calls = scene.help_desk.calls().len();
            let n_hooks = steps.len();
            for (number, steps) in steps.into_iter().enumerate() {
                let meanwhile = scene.clone();
                scene.help_desk.before_call(n_calls + 1 + number, async move || {
                    for step in steps {
                        take(&meanwhile, step).await;
                    }
                });
            }
            pull(&scene, SyncKind::Full).await;
            for there in scene.help_desk.users() {
                let known = scene.mirrored(there.id.0).await;
                assert!(known.is_none_or(|it| it.vanished_at.is_none()), "{there:?}");
            }

            // Nothing happens from now on.
            for number in 0..n_hooks {
                scene.help_desk.before_call(n_calls + 1 + number, async || ());
            }
            scene.clock.advance(Duration::HOUR);
            pull(&scene, SyncKind::Full).await;
            for id in 2..12 {
                let there = scene.help_desk.users().into_iter().find(|it| it.id.0 == id);
                let known = scene.mirrored(id).await.filter(|it| it.vanished_at.is_none());
                assert_eq!(known.map(|it| it.user), there, "the next pull tells all");
            }
        });
    }
}
