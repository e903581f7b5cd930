//! Who may know a plan, and who may do what to it.

use family_plan_application::{AccessError, Caller, Right};
use family_plan_domain::PersonName;
use family_plan_testkit::fixtures::user_id;

use crate::scene::{Scene, admin, caller, service};

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Granted,
    Forbidden,
    NotFound,
}
use Access::{Forbidden, Granted, NotFound};

async fn access(
    scene: &Scene,
    plan: family_plan_domain::PlanId,
    caller: &Caller,
    right: Right<'_>,
) -> Access {
    match scene.access().check(caller, plan, right).await {
        Ok(()) => Granted,
        Err(AccessError::Forbidden) => Forbidden,
        Err(AccessError::PlanNotFound) => NotFound,
        Err(AccessError::Store(err)) => panic!("{err}"),
    }
}

#[tokio::test]
async fn everybody_gets_what_is_theirs_and_strangers_learn_nothing() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.join(plan, "ann", "bob").await;
    scene.join(plan, "ann", "cid").await;
    scene.detach().run(&caller("cid"), plan, &caller("cid").user).await.unwrap();

    let bob = user_id("bob");
    let rights = [Right::See, Right::Invite, Right::Own, Right::Limit, Right::Detach(&bob)];
    let table = [
        ("the owner", caller("ann"), [Granted, Granted, Granted, Forbidden, Granted]),
        ("a member", caller("bob"), [Granted, Forbidden, Forbidden, Forbidden, Granted]),
        ("a former member", caller("cid"), [NotFound; 5]),
        ("a stranger", caller("dan"), [NotFound; 5]),
        ("an administrator", admin("ada"), [Granted; 5]),
        ("a service", service("billing"), [Granted, Granted, Forbidden, Forbidden, Granted]),
    ];
    for (who, caller, expected) in table {
        for (right, expected) in rights.into_iter().zip(expected) {
            assert_eq!(access(&scene, plan, &caller, right).await, expected, "{who}, {right:?}");
        }
    }
}

#[tokio::test]
async fn a_member_does_not_detach_another() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    scene.join(plan, "ann", "bob").await;
    assert_eq!(access(&scene, plan, &caller("bob"), Right::Detach(&user_id("ann"))).await, Forbidden);
}

#[tokio::test]
async fn what_a_members_token_tells_is_written_down_when_it_is_news() {
    let scene = Scene::new();
    let plan = scene.open("ann").await;
    let renamed = Caller { name: PersonName::new("Ann Hill").ok(), ..caller("ann") };
    scene.access().check(&renamed, plan, Right::See).await.unwrap();
    assert_eq!(scene.loaded(plan).await.members()[0].user.name, renamed.name);
}
