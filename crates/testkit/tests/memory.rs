//! The stores that live in memory keep the contract, so that tests can trust them.

use std::{future::Future, sync::Arc};

use family_plan_testkit::{MemoryStore, SequentialIds, Stores};

async fn fresh() -> (Stores, impl Future<Output = ()>) {
    let store = MemoryStore::new(Arc::new(SequentialIds::default())).noting_plan_writes();
    let store = Arc::new(store);
    let stores = Stores {
        plans: store.clone(),
        feed: store.clone(),
        endpoints: store.clone(),
        outbox: store.clone(),
        users: store.clone(),
        settings: store.clone(),
        zammad_users: store.clone(),
        plan_writes: store.clone(),
        inbox: store.clone(),
        syncs: store.clone(),
        sweeps: store.clone(),
        invite_register: store.clone(),
        idempotency_keys: store,
    };
    (stores, async {})
}

family_plan_testkit::contract!(fresh);
