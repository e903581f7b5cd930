//! Pulling where the helpdesk is to show plans.

use family_plan_application::PullUsers;
use family_plan_domain::{
    SyncKind, ZammadUserId, plan_line,
    ports::{Clock, PlanWrites},
};
use family_plan_testkit::{START, fixtures::user_id};

use super::{NEVER, pull, record};
use crate::scene::{Scene, admin, zammads};

/// Those who are to be told their plan.
async fn due(scene: &Scene) -> Vec<i64> {
    let now = scene.clock.now();
    scene.store.claim(10, now, now).await.unwrap().into_iter().map(|it| it.zammad_user.0).collect()
}

/// A helpdesk that shows nothing; two of its users are known, one is in a plan.
async fn scene() -> Scene {
    let scene = Scene::new();
    for (id, user) in [(2, "ann"), (3, "bob"), (4, "cid")] {
        scene.help_desk.put(zammads(id, user, START));
    }
    scene.open("ann").await;
    for (id, user) in [(2, "ann"), (3, "bob")] {
        scene.linking().link(&admin("ada"), user_id(user), ZammadUserId(id)).await.unwrap();
    }
    scene
}

#[tokio::test]
async fn whoever_shows_another_plan_than_theirs_is_told_and_nobody_else() {
    let scene = scene().await;
    pull(&scene, SyncKind::Full).await;
    assert_eq!(due(&scene).await, [2], "bob has no plan, and shows none; cid is nobody here");

    let ann = scene.linking().report(&admin("ada"), ZammadUserId(2)).await.unwrap().person;
    let line = plan_line(ann.as_ref());
    scene.help_desk.change(ZammadUserId(2), |it| it.plan_line = Some(line));
    scene.help_desk.change(ZammadUserId(3), |it| it.plan_line = Some("family: somebody wrote".to_owned()));
    scene.help_desk.change(ZammadUserId(4), |it| it.plan_line = Some("family: somebody wrote".to_owned()));
    let writes = scene.store.claim(10, scene.clock.now(), scene.clock.now()).await.unwrap();
    for write in writes {
        scene.store.finish(write).await.unwrap();
    }
    pull(&scene, SyncKind::Incremental).await;
    assert_eq!(due(&scene).await, [3]);
}

#[tokio::test]
async fn a_helpdesk_that_is_told_no_plans_is_told_none() {
    let scene = scene().await;
    let pulling = PullUsers { plan_writes: None, ..scene.pulling() };
    pulling.request(SyncKind::Full).await.unwrap();
    assert!(pulling.run_if_due(NEVER).await.unwrap());
    assert_eq!(record(&scene).await.last_error, None);
    assert_eq!(due(&scene).await, [] as [i64; 0]);
}
