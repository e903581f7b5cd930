//! Closing a plan.

use family_plan_application::ClosePlan;
use family_plan_domain::EventKind;

use crate::scene::{Scene, caller};

#[tokio::test]
async fn closing_takes_back_every_invite_that_is_open_a_reopened_one_too() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.issue(plan, caller("ann")).await.unwrap();
    scene.join(plan, "ann", "bob").await;
    scene.detach().run(&caller("ann"), plan, &caller("bob").user).await.unwrap();
    scene.join(plan, "ann", "cid").await;

    ClosePlan { access: scene.access() }.run(&caller("ann"), plan).await.unwrap();

    let revoked = scene.events(EventKind::InviteRevoked);
    assert_eq!(revoked.len(), 2, "but for the one that cid came by");
    assert!(revoked.iter().all(|it| it.reason.as_deref() == Some("plan_closed")));
}
