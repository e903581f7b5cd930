//! Users.

use std::sync::Arc;

use family_plan_domain::{Edit, IndividualPlan, PersonName, Role, User, UserEdit};

use super::{
    Stores,
    world::{World, at_once},
};
use crate::fixtures::{email, user, user_id};

pub async fn an_unknown_user_is_not_found(stores: Stores) {
    assert_eq!(stores.users.find(user_id("nobody")).await.unwrap(), None);
}

pub async fn a_mention_makes_a_user(stores: Stores) {
    let ann = user_id("ann");
    for _ in 0..2 {
        stores.users.record(UserEdit::mention(ann.clone())).await.unwrap();
        let person = stores.users.find(ann.clone()).await.unwrap().unwrap();
        assert_eq!(person.user, User::new(ann.clone()));
        assert_eq!(person.family, None);
    }
}

pub async fn an_edit_touches_only_what_it_sets(stores: Stores) {
    let world = World::new(stores);
    let mut expected = world.person("ann").await;
    let name = |text| Edit::Set(Some(PersonName::new(text).unwrap()));
    let free = Edit::Set(Some(IndividualPlan::new("free").unwrap()));
    let nothing = UserEdit::mention(user_id("ann"));
    for edit in [
        UserEdit { individual_plan: free.clone(), ..nothing.clone() },
        UserEdit { name: name("Ann"), ..nothing.clone() },
        UserEdit {
            email: Edit::Set(Some(email("Ann@New.example"))),
            name: Edit::Set(None),
            ..nothing.clone()
        },
        UserEdit { email: Edit::Set(None), ..nothing.clone() },
        nothing.clone(),
        UserEdit { individual_plan: Edit::Set(None), name: name("Anna"), ..nothing.clone() },
    ] {
        expected.apply(&edit);
        world.record(edit).await;
        let person = world.stores.users.find(user_id("ann")).await.unwrap();
        assert_eq!(person.unwrap().user, expected);
    }
}

pub async fn a_family_shows_in_its_members(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("ann").await;
    let (bob, _) = world.join(plan, "bob").await;
    let family = async |id| {
        let person = world.stores.users.find(user_id(id)).await.unwrap().unwrap();
        person.family.map(|it| (it.plan, it.name.to_string(), it.role))
    };
    assert_eq!(family("ann").await, Some((plan, "The Hills".to_owned(), Role::Owner)));
    assert_eq!(family("bob").await, Some((plan, "The Hills".to_owned(), Role::Member)));
    world.detach(plan, &bob.id).await.unwrap();
    assert_eq!(family("bob").await, None);
}

pub async fn ids_of_users_are_compared_exactly(stores: Stores) {
    let world = World::new(stores);
    let ids = ["alice", "Alice", "alicé", "ALICE", "straße", "strasse"];
    for id in ids {
        world.record(UserEdit::mention(user_id(id))).await;
        world.name(&user_id(id), &format!("I am {id}")).await;
    }
    let plan = world.plan_of("alice").await;
    for id in ids {
        let person = world.stores.users.find(user_id(id)).await.unwrap().unwrap();
        assert_eq!(person.user.id, user_id(id));
        assert_eq!(person.family.is_some(), id == "alice");
    }
    let invite = world.issue(plan).await.id;
    world.accept(invite, &user("Alice")).await.unwrap();
    assert_eq!(world.load(plan).await.plan.members().len(), 2);
}

pub async fn the_longest_ids_and_names_fit(stores: Stores) {
    let world = World::new(stores);
    let id = user_id(&"🦊".repeat(255));
    let long = UserEdit {
        name: Edit::Set(Some(PersonName::new(&"é".repeat(200)).unwrap())),
        individual_plan: Edit::Set(Some(IndividualPlan::new(&"🌱".repeat(100)).unwrap())),
        ..UserEdit::mention(id.clone())
    };
    let mut owner = User::new(id.clone());
    owner.apply(&long);
    world.record(long).await;
    let plan = world.new_plan(&owner);
    world.save(&plan).await;
    assert_eq!(world.load(plan.id()).await.plan.members()[0].user, owner);
    assert!(world.stores.users.find(id).await.unwrap().unwrap().family.is_some());
}

pub async fn a_user_can_be_recorded_by_many_at_once(stores: Stores) {
    let world = Arc::new(World::new(stores));
    at_once((0..32).map(|_| {
        let world = Arc::clone(&world);
        async move { world.person("ann").await }
    }))
    .await;
    let person = world.stores.users.find(user_id("ann")).await.unwrap();
    assert_eq!(person.unwrap().user, user("ann"));
}
