//! How full all plans are.

use family_plan_domain::{Capacity, Occupancy, PlanId};

use super::{Stores, world::World};

fn seats(seats: i64) -> Capacity {
    Capacity::new(seats).unwrap()
}

/// A plan of `owner` with `n_members` besides.
async fn plan_with(world: &World, owner: &str, n_members: usize) -> PlanId {
    let plan = world.plan_of(owner).await;
    for n in 0..n_members {
        world.join(plan, &format!("{owner}{n}")).await;
    }
    plan
}

async fn occupancy(world: &World, user_limit: i64) -> (u64, u64, u64, u64) {
    let Occupancy { plans, plans_at_limit, plans_over_limit, people_over_limit } =
        world.stores.plans.occupancy(seats(user_limit)).await.unwrap();
    (plans, plans_at_limit, plans_over_limit, people_over_limit)
}

pub async fn without_plans_nothing_is_full(stores: Stores) {
    let world = World::new(stores);
    assert_eq!(occupancy(&world, 1).await, (0, 0, 0, 0));
}

pub async fn plans_are_counted_at_and_over_a_limit(stores: Stores) {
    let world = World::new(stores);
    plan_with(&world, "ann", 3).await;
    plan_with(&world, "bob", 2).await;
    plan_with(&world, "cid", 0).await;
    // Whatever the limit in force is: plans in all, at the limit, over it, and people over it.
    assert_eq!(occupancy(&world, 5).await, (3, 0, 0, 0));
    assert_eq!(occupancy(&world, 4).await, (3, 1, 0, 0));
    assert_eq!(occupancy(&world, 3).await, (3, 1, 1, 1));
    assert_eq!(occupancy(&world, 2).await, (3, 0, 2, 3));
    assert_eq!(occupancy(&world, 1).await, (3, 1, 2, 5));
}

pub async fn a_limit_of_its_own_counts_for_a_plan(stores: Stores) {
    let world = World::new(stores);
    let plan = plan_with(&world, "ann", 3).await;
    plan_with(&world, "bob", 1).await;
    let limit_to = async |limit: Option<i64>| {
        world.decide(plan, |plan, _| plan.limit_to(limit.map(seats))).await;
    };
    limit_to(Some(100)).await;
    assert_eq!(occupancy(&world, 1).await, (2, 0, 1, 1));
    limit_to(Some(4)).await;
    assert_eq!(occupancy(&world, 1).await, (2, 1, 1, 1));
    limit_to(Some(1)).await;
    assert_eq!(occupancy(&world, 100).await, (2, 0, 1, 3));
    limit_to(None).await;
    assert_eq!(occupancy(&world, 100).await, (2, 0, 0, 0));
}

pub async fn only_people_who_are_in_count(stores: Stores) {
    let world = World::new(stores);
    let plan = plan_with(&world, "ann", 1).await;
    let (bob, _) = world.join(plan, "bob").await;
    world.issue(plan).await;
    world.detach(plan, &bob.id).await.unwrap();
    assert_eq!(occupancy(&world, 2).await, (1, 1, 0, 0));
    let closed = plan_with(&world, "zoe", 3).await;
    world.close(closed).await;
    assert_eq!(occupancy(&world, 1).await, (1, 0, 1, 1));
}
