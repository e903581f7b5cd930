//! Several replicas at once, at what endpoints are to be told.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use family_plan_domain::{Attempt, Event, PlanId, PlanName, Settlement};
use time::Duration;
use uuid::Uuid;

use super::{
    Stores,
    endpoints::endpoint,
    feed::extend,
    world::{World, at_once},
};
use crate::START;

const N_PLANS: usize = 5;
const N_SAVES: usize = 10;
const N_WORKERS: usize = 4;

pub async fn workers_share_the_lanes_and_each_is_told_in_order(stores: Stores) {
    let world = Arc::new(World::new(stores));
    let endpoint = endpoint(&world.ids);
    let id = endpoint.id;
    world.stores.endpoints.add(endpoint).await.unwrap();
    let mut plans = Vec::new();
    for n in 0..N_PLANS {
        plans.push(world.plan_of(&format!("owner{n}")).await);
    }
    let told = Arc::new(Mutex::new(BTreeMap::<PlanId, Vec<Event>>::new()));
    let n_writing = Arc::new(AtomicUsize::new(N_PLANS));
    at_once((0..N_PLANS + N_WORKERS).map(|n| {
        let (world, told, n_writing) = (Arc::clone(&world), Arc::clone(&told), Arc::clone(&n_writing));
        let plan = plans[n % N_PLANS];
        async move {
            let (feed, outbox) = (&*world.stores.feed, &*world.stores.outbox);
            if n < N_PLANS {
                for save in 0..N_SAVES {
                    let name = PlanName::new(&save.to_string()).unwrap();
                    world.decide(plan, |plan, _| plan.rename(name.clone())).await;
                }
                n_writing.fetch_sub(1, Ordering::SeqCst);
                return;
            }
            let worker = Uuid::from_u128(n as u128);
            loop {
                let is_over = n_writing.load(Ordering::SeqCst) == 0;
                let n_placed = extend(feed).await;
                let claimed = outbox.claim(id, worker, 2, START, START + Duration::MINUTE).await.unwrap();
                if is_over && n_placed == 0 && claimed.is_empty() {
                    return;
                }
                for lane in claimed {
                    while let Some(first) = outbox.first(lane).await.unwrap() {
                        told.lock().unwrap().entry(first.event.plan.unwrap()).or_default().push(first.event);
                        let attempt = Attempt { at: START, status: Some(200), failure: None };
                        let settled = outbox.settle(lane, first.place, attempt, Settlement::Delivered).await;
                        assert!(settled.unwrap(), "nobody else has it");
                    }
                    outbox.release(lane, START).await.unwrap();
                }
                tokio::task::yield_now().await;
            }
        }
    }))
    .await;
    // The last worker may have looked while another was still at it, but nothing is left by now.
    let mut told = told.lock().unwrap().clone();
    for plan in plans {
        assert_eq!(told.remove(&plan), Some(world.history(plan).await), "all, once, in order");
    }
}
