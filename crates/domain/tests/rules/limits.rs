//! A plan's own limit counts instead of the settings', and no limit evicts anybody.

use family_plan_domain::{AcceptRefusal, Change, IssueRefusal, PlanFull};

use crate::scene::{Scene, capacity, seats};

#[test]
fn a_plans_own_limit_counts_instead_of_the_one_in_the_settings() {
    let mut scene = Scene::with_limit(2);
    scene.plan.limit_to(Some(capacity(3)));
    assert_eq!(scene.seats().limit, 3);
    scene.settings.values.user_limit = capacity(1);
    assert_eq!(scene.seats().limit, 3);
    scene.plan.limit_to(None);
    assert_eq!(scene.seats().limit, 1);
}

#[test]
fn a_lowered_limit_evicts_nobody_and_admits_nobody() {
    let mut scene = Scene::with_limit(5);
    for name in ["bob", "cid"] {
        scene.join(name);
    }
    let promised = scene.issue();
    scene.plan.limit_to(Some(capacity(2)));

    assert_eq!(scene.members(), ["ann", "bob", "cid"]);
    assert_eq!(scene.seats(), seats(2, 3, 1));
    assert_eq!((scene.seats().over_by(), scene.seats().available()), (1, 0));
    let full = PlanFull(seats(2, 3, 1));
    assert_eq!(scene.try_join("dan", &promised), Err(AcceptRefusal::Full(full)));
    assert_eq!(scene.try_issue(), Err(IssueRefusal::Full(full)));
}

#[test]
fn a_limit_lowered_in_the_settings_binds_the_very_next_accept() {
    let mut scene = Scene::with_limit(3);
    scene.join("bob");
    let promised = scene.issue();
    scene.settings.values.user_limit = capacity(2);
    let full = AcceptRefusal::Full(PlanFull(seats(2, 2, 1)));
    assert_eq!(scene.try_join("cid", &promised), Err(full));
    scene.settings.values.user_limit = capacity(3);
    scene.join_by("cid", &promised);
}

#[test]
fn a_plan_over_its_limit_admits_again_once_enough_people_left() {
    let mut scene = Scene::with_limit(5);
    for name in ["bob", "cid"] {
        scene.join(name);
    }
    let promised = scene.issue();
    scene.plan.limit_to(Some(capacity(2)));
    scene.remove("bob");
    scene.try_join("dan", &promised).unwrap_err();
    scene.remove("cid");
    scene.join_by("dan", &promised);
    assert_eq!(scene.seats(), seats(2, 2, 0));
}

#[test]
fn a_changed_limit_is_recorded_with_the_former_one_and_the_same_again_is_not() {
    let mut scene = Scene::with_limit(5);
    scene.plan.limit_to(None);
    assert_eq!(scene.plan.changes(), []);
    scene.plan.limit_to(Some(capacity(5)));
    scene.plan.limit_to(Some(capacity(5)));
    scene.plan.limit_to(None);
    let expected = [Change::LimitChanged { from: None }, Change::LimitChanged { from: Some(capacity(5)) }];
    assert_eq!(scene.plan.changes(), expected);
}
