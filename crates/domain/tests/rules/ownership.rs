//! Opening a plan, naming it, and handing it over.

use family_plan_domain::{
    AcceptRefusal, Change, DetachRefusal, Edit, NotAMember, PersonName, Plan, Role, UserEdit,
};

use crate::scene::{NOW, Scene, person, plan_id, plan_name, seats, user_id};

#[test]
fn a_new_plan_has_its_owner_on_one_seat() {
    let plan = Plan::open(plan_id(1), plan_name("The Hills"), person("ann"), NOW);
    assert_eq!(plan.owner(), &user_id("ann"));
    assert_eq!((plan.revision(), plan.next_revision()), (0, 1));
    assert_eq!((plan.created_at(), plan.user_limit()), (NOW, None));
    assert_eq!(plan.seats(NOW, &Scene::with_limit(5).settings.values), seats(5, 1, 0));
    let [owner] = plan.members() else {
        panic!("one member");
    };
    assert_eq!((&owner.user, &owner.joined_by, owner.joined_at), (&person("ann"), &None, NOW));
    let joined = Change::MemberJoined { member: owner.clone() };
    assert_eq!(plan.changes(), [Change::Created, joined]);
}

#[test]
fn a_new_name_is_recorded_with_the_former_one_and_the_same_again_is_not() {
    let mut scene = Scene::with_limit(5);
    scene.plan.rename(plan_name("The Hills"));
    assert_eq!(scene.plan.changes(), []);
    scene.plan.rename(plan_name("The Dales"));
    assert_eq!(scene.plan.name().as_str(), "The Dales");
    let from = plan_name("The Hills");
    assert_eq!(scene.plan.changes(), [Change::Renamed { from }]);
}

#[test]
fn a_plan_is_handed_over_to_a_member_and_the_former_owner_stays() {
    let mut scene = Scene::with_limit(5);
    scene.join("bob");
    scene.save();
    scene.plan.transfer(&user_id("bob")).unwrap();
    assert_eq!(scene.plan.role_of(&user_id("bob")), Role::Owner);
    assert_eq!(scene.plan.role_of(&user_id("ann")), Role::Member);
    assert_eq!(scene.members(), ["ann", "bob"]);
    let from = user_id("ann");
    assert_eq!(scene.plan.changes(), [Change::OwnerChanged { from }]);
}

#[test]
fn after_a_transfer_the_new_owner_cannot_leave_and_the_former_one_can() {
    let mut scene = Scene::with_limit(5);
    scene.join("bob");
    scene.plan.transfer(&user_id("bob")).unwrap();
    let invite = scene.issue();
    assert_eq!(scene.try_join("bob", &invite), Err(AcceptRefusal::OwnPlan));
    assert_eq!(scene.try_remove("bob"), Err(DetachRefusal::Owner));
    assert_eq!(scene.remove("ann").invite, None, "the first owner came by no invite");
    scene.join_by("ann", &invite);
    assert_eq!(scene.members(), ["bob", "ann"]);
}

#[test]
fn a_plan_is_not_handed_over_to_a_stranger() {
    let mut scene = Scene::with_limit(5);
    assert_eq!(scene.plan.transfer(&user_id("bob")), Err(NotAMember));
    assert_eq!(scene.plan.owner(), &user_id("ann"));
    assert_eq!(scene.plan.changes(), []);
}

#[test]
fn handing_a_plan_over_to_its_owner_changes_nothing() {
    let mut scene = Scene::with_limit(5);
    scene.plan.transfer(&user_id("ann")).unwrap();
    assert_eq!(scene.plan.changes(), []);
}

#[test]
fn what_is_learnt_about_a_member_is_no_change_of_the_plan() {
    let mut scene = Scene::with_limit(5);
    let name = PersonName::new("Ann Hill").ok();
    let about =
        |id: &str| UserEdit { name: Edit::from_known(name.clone()), ..UserEdit::mention(user_id(id)) };
    scene.plan.learn(&about("ann"));
    scene.plan.learn(&about("bob"));
    assert_eq!(scene.plan.member(&user_id("ann")).unwrap().user.name, name);
    assert_eq!(scene.members(), ["ann"]);
    assert_eq!(scene.plan.changes(), []);
}
