//! Who of the helpdesk somebody is, when somebody says so.

use family_plan_application::{Caller, LinkZammadUserError};
use family_plan_domain::{EventKind, Role, ZammadUserId};
use family_plan_testkit::{START, fixtures::user_id, fixtures::zammad_user};

use crate::scene::{Scene, admin, caller, service, zammads};

const EIGHT: ZammadUserId = ZammadUserId(8);
const NINE: ZammadUserId = ZammadUserId(9);

#[tokio::test]
async fn administrators_and_services_associate_and_users_do_not() {
    let scene = Scene::new();
    let refused = |err| matches!(err, LinkZammadUserError::Forbidden);
    let linking = scene.linking();
    assert!(refused(linking.link(&caller("bob"), user_id("bob"), EIGHT).await.unwrap_err()));
    assert!(refused(linking.unlink(&caller("bob"), user_id("bob")).await.unwrap_err()));
    assert!(refused(linking.report(&caller("bob"), EIGHT).await.unwrap_err()));
    assert_eq!(scene.association("bob").await, None);

    linking.link(&service("billing"), user_id("bob"), EIGHT).await.unwrap();
    linking.report(&service("billing"), EIGHT).await.unwrap();
    linking.unlink(&service("billing"), user_id("bob")).await.unwrap();
    linking.link(&admin("ada"), user_id("bob"), EIGHT).await.unwrap();
    assert_eq!(scene.association("bob").await, Some(EIGHT));
}

#[tokio::test]
async fn an_association_needs_nobody_to_be_known_before() {
    let scene = Scene::new();
    let report = scene.linking().link(&admin("ada"), user_id("bob"), EIGHT).await.unwrap();
    assert_eq!(report.person.user.id, user_id("bob"));
    assert_eq!(report.person.user.zammad_user_id, Some(EIGHT));
    assert_eq!(report.zammad_user, None, "the helpdesk has not told of them");

    scene.deliver(&[zammad_user(8, START)]).await;
    let again = scene.linking().link(&admin("ada"), user_id("bob"), EIGHT).await.unwrap();
    assert_eq!(again.zammad_user.unwrap().user, zammad_user(8, START));
    let events = scene.events(EventKind::ZammadUserLinked);
    assert_eq!(events.len(), 1, "the same again is no event");
    assert_eq!(events[0].actor, Some(user_id("ada")));
    assert_eq!(events[0].request_id.as_deref(), Some("request"));
    assert_eq!(events[0].reason.as_deref(), Some("requested"));
}

#[tokio::test]
async fn nobody_takes_what_somebody_else_has() {
    let scene = Scene::new();
    scene.linking().link(&admin("ada"), user_id("bob"), EIGHT).await.unwrap();
    let err = scene.linking().link(&admin("ada"), user_id("cid"), EIGHT).await.unwrap_err();
    assert!(matches!(err, LinkZammadUserError::Taken));
    assert_eq!(scene.association("cid").await, None);
    assert_eq!(scene.association("bob").await, Some(EIGHT));
}

#[tokio::test]
async fn another_association_replaces_the_one_before() {
    let scene = Scene::new();
    scene.linking().link(&admin("ada"), user_id("bob"), EIGHT).await.unwrap();
    scene.linking().link(&admin("ada"), user_id("bob"), NINE).await.unwrap();
    assert_eq!(scene.association("bob").await, Some(NINE));
    assert_eq!(scene.events(EventKind::ZammadUserUnlinked).len(), 1);
    scene.linking().link(&admin("ada"), user_id("cid"), EIGHT).await.unwrap();
}

#[tokio::test]
async fn whoever_was_unlinked_is_linked_again_by_hand_only() {
    let scene = Scene::new();
    scene.deliver(&[zammads(8, "bob", START)]).await;
    scene.me(&caller("bob")).await;
    for _ in 0..2 {
        scene.linking().unlink(&admin("ada"), user_id("bob")).await.unwrap();
    }
    assert_eq!(scene.events(EventKind::ZammadUserUnlinked).len(), 1, "there was one to take away");
    assert_eq!(scene.me(&caller("bob")).await.user.zammad_user_id, None);
    scene.linking().link(&admin("ada"), user_id("bob"), EIGHT).await.unwrap();
    assert_eq!(scene.association("bob").await, Some(EIGHT));
}

#[tokio::test]
async fn a_report_tells_who_they_are_and_of_their_plan() {
    let scene = Scene::new();
    scene.deliver(&[zammads(8, "bob", START)]).await;
    let plan = scene.open("ann").await;
    scene.join(plan, "ann", "bob").await;

    let report = scene.linking().report(&admin("ada"), EIGHT).await.unwrap();
    assert_eq!(report.known, scene.mirrored(8).await);
    let person = report.person.unwrap();
    assert_eq!(person.user.id, user_id("bob"));
    assert_eq!(person.family.unwrap().role, Role::Member);
    let plan_report = report.plan.unwrap();
    assert_eq!((plan_report.id, plan_report.owner), (plan, user_id("ann")));
    assert_eq!((plan_report.seats.used, plan_report.seats.held, plan_report.seats.limit), (2, 0, 5));
}

#[tokio::test]
async fn a_report_makes_do_with_what_is_known() {
    let scene = Scene::new();
    scene.linking().link(&admin("ada"), user_id("bob"), EIGHT).await.unwrap();
    let unseen = scene.linking().report(&admin("ada"), EIGHT).await.unwrap();
    assert_eq!((unseen.id, unseen.known, unseen.plan), (EIGHT, None, None));
    assert_eq!(unseen.person.unwrap().user.id, user_id("bob"));

    scene.deliver(&[zammad_user(9, START)]).await;
    let nobody = scene.linking().report(&admin("ada"), NINE).await.unwrap();
    assert!(nobody.known.is_some());
    assert_eq!((nobody.person, nobody.plan), (None, None));

    let err = scene.linking().report(&admin("ada"), ZammadUserId(10)).await.unwrap_err();
    assert!(matches!(err, LinkZammadUserError::NotFound));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_found_while_they_do_something_does_it_all_the_same() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let invite = scene.issue(plan, caller("ann")).await.unwrap();
    scene.accept(&invite, &Caller { email_verified: false, ..caller("bob") }).await.unwrap();
    scene.deliver(&[zammads(8, "bob", START)]).await;
    assert_eq!(scene.association("bob").await, None);

    scene.detach().run(&caller("bob"), plan, &user_id("bob")).await.unwrap();
    assert_eq!(scene.association("bob").await, Some(EIGHT));
    assert_eq!(scene.loaded(plan).await.members().len(), 1);
}
