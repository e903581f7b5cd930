//! What the feed and the outbox cost.

use std::sync::Arc;

use family_plan_domain::{
    Attempt, Endpoint, EndpointUrl, Plan, PlanName, SealedSecret, Settlement,
    ports::{Endpoints, EventFeed, Ids, Outbox, Plans},
};
use family_plan_testkit::{
    START, SequentialIds,
    fixtures::{origin, user, user_id},
};
use time::Duration;
use uuid::Uuid;

use crate::counted::Counted;

#[tokio::test(flavor = "multi_thread")]
async fn many_events_cost_as_much_as_one_and_nothing_to_do_costs_one_statement() {
    let counted = Counted::new().await;
    let (feed, outbox) = (counted.database.feed(), counted.database.outbox());
    let ids = Arc::new(SequentialIds::default());
    counted.introduce(&[&user("ann"), &user("bob")]).await;
    let url = EndpointUrl::new("https://hooks.example.com").unwrap();
    let endpoint = Endpoint::new(ids.next().into(), url, SealedSecret(vec![1]), START);
    let _ = counted.counter.take();
    assert_eq!(feed.extend(100).await.unwrap(), 0);
    assert_eq!(counted.counter.take(), 1, "nothing is new");

    for (owner, n_events, n_statements) in [("ann", 2, 0), ("bob", 102, 2)] {
        let plans = counted.database.plans(ids.clone());
        let by_ann = origin(&user_id("ann"), START);
        let name = |n: usize| PlanName::new(&n.to_string()).unwrap();
        let plan = Plan::open(ids.next_plan(), name(0), user(owner), START);
        plans.save(&plan, &by_ann).await.unwrap();
        for n in 2..n_events {
            let mut plan = plans.load(plan.id(), START).await.unwrap().unwrap().plan;
            plan.rename(name(n));
            plans.save(&plan, &by_ann).await.unwrap();
        }
        let _ = counted.counter.take();
        assert_eq!(feed.extend(200).await.unwrap(), n_events);
        // Whether there are any; BEGIN, the lock, which ones, their places, the last place, who wants them, COMMIT. With
        // an endpoint, what it is to be told, and its lanes.
        assert_eq!(counted.counter.take(), 8 + n_statements, "{owner}");
        counted.database.endpoints().add(endpoint.clone()).await.ok();
    }
    let _ = counted.counter.take();
    let worker = Uuid::from_u128(1);
    let until = START + Duration::MINUTE;
    let claimed = outbox.claim(endpoint.id, worker, 8, START, until).await.unwrap();
    assert_eq!(claimed.len(), 1);
    // Which are due; BEGIN, the claim, which it got, COMMIT.
    assert_eq!(counted.counter.take(), 5, "claim");
    assert!(outbox.claim(endpoint.id, worker, 8, START, until).await.unwrap().is_empty());
    assert_eq!(counted.counter.take(), 1, "nothing to claim");

    let first = outbox.first(claimed[0]).await.unwrap().unwrap();
    assert_eq!(counted.counter.take(), 1, "the first of a lane");
    let attempt = Attempt { at: START, status: Some(200), failure: None };
    assert!(outbox.settle(claimed[0], first.place, attempt, Settlement::Delivered).await.unwrap());
    // BEGIN, the lane, the event, COMMIT.
    assert_eq!(counted.counter.take(), 4, "settle");
    counted.dispose().await;
}
