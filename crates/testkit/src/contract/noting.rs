//! What a store takes note of by itself: whose plan is another, and is to be told to the helpdesk.

use family_plan_domain::{
    Capacity, Edit, Email, IndividualPlan, LinkReason, PersonName, Plan, PlanName, UserEdit, UserId,
    ZammadUserId, ports::SaveError,
};
use time::Duration;

use super::{
    Stores,
    world::{NotJoined, World},
};
use crate::fixtures::{candidate, code_of, user_id};

const ANN: ZammadUserId = ZammadUserId(7);
const BOB: ZammadUserId = ZammadUserId(8);

impl World {
    /// Whom somebody took note of since the last time that this was asked.
    pub(super) async fn noted(&self) -> Vec<ZammadUserId> {
        let until = self.now() + Duration::MINUTE;
        let writes = self.stores.plan_writes.claim(1_000, self.now(), until).await.unwrap();
        for write in &writes {
            self.stores.plan_writes.finish(write.clone()).await.unwrap();
        }
        let mut noted: Vec<_> = writes.into_iter().map(|it| it.zammad_user).collect();
        noted.sort();
        noted
    }

    /// Two people who are associated, of which nobody need take note any more.
    async fn associated(&self) -> [UserId; 2] {
        let users = [("ann", ANN), ("bob", BOB)].map(|(user, it)| (user_id(user), it));
        for (user, zammad_user) in &users {
            self.person(user.as_str()).await;
            self.link(user, *zammad_user).await;
        }
        self.noted().await;
        users.map(|(user, _)| user)
    }

    async fn open_as(&self, owner: &UserId) -> Plan {
        let owner = self.stores.users.find(owner.clone()).await.unwrap().unwrap().user;
        self.new_plan(&owner)
    }
}

pub async fn joining_and_leaving_is_told(stores: Stores) {
    let world = World::new(stores);
    let [_, bob] = world.associated().await;
    let plan = world.plan_of("zoe").await;
    world.join(plan, "cid").await;
    assert_eq!(world.noted().await, [], "nobody is associated with them");
    world.join(plan, "bob").await;
    assert_eq!(world.noted().await, [BOB]);
    world.detach(plan, &bob).await.unwrap();
    assert_eq!(world.noted().await, [BOB]);
    world.detach(plan, &user_id("cid")).await.unwrap();
    assert_eq!(world.noted().await, []);
}

pub async fn opening_and_closing_is_told(stores: Stores) {
    let world = World::new(stores);
    let [ann, _] = world.associated().await;
    let plan = world.open_as(&ann).await;
    world.save(&plan).await;
    assert_eq!(world.noted().await, [ANN]);
    for user in ["bob", "cid"] {
        world.join(plan.id(), user).await;
    }
    world.noted().await;
    world.close(plan.id()).await;
    assert_eq!(world.noted().await, [ANN, BOB]);
}

pub async fn another_name_is_told_to_everybody(stores: Stores) {
    let world = World::new(stores);
    world.associated().await;
    let plan = world.plan_of("zoe").await;
    for user in ["ann", "bob", "cid"] {
        world.join(plan, user).await;
    }
    world.noted().await;
    world.decide(plan, |plan, _| plan.rename(PlanName::new("Elsewhere").unwrap())).await;
    assert_eq!(world.noted().await, [ANN, BOB]);
}

pub async fn what_is_no_matter_of_the_plan_line_is_not_told(stores: Stores) {
    let world = World::new(stores);
    let [ann, bob] = world.associated().await;
    let plan = world.plan_of("zoe").await;
    world.join(plan, "ann").await;
    world.noted().await;
    let invite = world.issue(plan).await.id;
    world.revoke(plan, invite).await;
    world
        .decide(plan, |plan, _| {
            plan.limit_to(Some(Capacity::new(3).unwrap()));
            plan.transfer(&ann).unwrap();
        })
        .await;
    world.join(plan, "cid").await;
    let name = Edit::Set(PersonName::new("Bob").ok());
    let email = Edit::Set(Email::new("bob@new.example").ok());
    world.record(UserEdit { name, email, ..UserEdit::mention(bob.clone()) }).await;
    assert!(!world.try_link(&bob, BOB, LinkReason::Requested).await.unwrap());
    assert_eq!(world.noted().await, []);
}

pub async fn an_association_is_told_to_both(stores: Stores) {
    let world = World::new(stores);
    let ann = user_id("ann");
    world.link(&ann, BOB).await;
    assert_eq!(world.noted().await, [BOB]);
    world.link(&ann, ANN).await;
    assert_eq!(world.noted().await, [ANN, BOB]);
    world.unlink(&ann).await;
    assert_eq!(world.noted().await, [ANN]);
}

pub async fn an_own_plan_is_told(stores: Stores) {
    let world = World::new(stores);
    let [ann, bob] = world.associated().await;
    let own = |plan| Edit::Set(IndividualPlan::new(plan).ok());
    world.record(UserEdit { individual_plan: own("free"), ..UserEdit::mention(ann.clone()) }).await;
    assert_eq!(world.noted().await, [ANN]);
    world.record(UserEdit { individual_plan: Edit::Set(None), ..UserEdit::mention(bob) }).await;
    assert_eq!(world.noted().await, [BOB]);
    for user in ["cid", "dan"].map(user_id) {
        world.record(UserEdit { individual_plan: own("paid"), ..UserEdit::mention(user) }).await;
    }
    assert_eq!(world.noted().await, [], "nobody is associated with them");
    let person = world.stores.users.find(ann).await.unwrap().unwrap();
    assert_eq!(person.user.individual_plan, IndividualPlan::new("free").ok());
    let person = world.stores.users.find(user_id("dan")).await.unwrap().unwrap();
    assert_eq!(person.user.individual_plan, IndividualPlan::new("paid").ok());
}

pub async fn a_save_that_fails_is_not_told(stores: Stores) {
    let world = World::new(stores);
    let [ann, _] = world.associated().await;
    let plans = [world.open_as(&ann).await, world.open_as(&ann).await];
    world.save(&plans[0]).await;
    world.noted().await;
    assert!(matches!(world.try_save(&plans[1]).await, Err(SaveError::Stale)));
    assert_eq!(world.noted().await, []);
}

pub async fn whoever_is_associated_meanwhile_joins_anew(stores: Stores) {
    let world = World::new(stores);
    let plan = world.plan_of("zoe").await;
    let bob = world.person("bob").await;
    let invite = world.issue(plan).await;
    for zammad_user in [BOB, ANN] {
        let loaded = world.find_by_code(code_of(invite.id), Some(&bob.id)).await.unwrap();
        let mut stale = loaded.plan;
        let candidate = candidate(loaded.visitor.unwrap().person.user);
        stale.accept(&loaded.invite, candidate, world.now(), &loaded.settings).unwrap();
        world.link(&bob.id, zammad_user).await;
        assert!(matches!(world.try_save(&stale).await, Err(SaveError::Stale)));
    }
    let stale = world.open_as(&bob.id).await;
    world.unlink(&bob.id).await;
    assert!(matches!(world.try_save(&stale).await, Err(SaveError::Stale)));
    world.link(&bob.id, BOB).await;
    world.noted().await;

    let joined: Result<_, NotJoined> = world.accept(invite.id, &bob).await;
    joined.unwrap();
    assert_eq!(world.noted().await, [BOB]);
    let told = world.history(plan).await.pop().unwrap();
    let zammad_user = told.facts.iter().find(|(name, _)| *name == "zammad_user_id").unwrap();
    assert_eq!(*zammad_user.1, BOB.0.into());
    world.check(plan).await;
}
