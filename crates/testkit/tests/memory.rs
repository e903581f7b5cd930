//! The stores that live in memory keep the contract, so that tests can trust them.

use std::{future::Future, sync::Arc};

use family_plan_testkit::{MemoryStore, SequentialIds, Stores};

async fn fresh() -> (Stores, impl Future<Output = ()>) {
    let store = Arc::new(MemoryStore::new(Arc::new(SequentialIds::default())));
    let stores = Stores { plans: store.clone(), users: store.clone(), settings: store };
    (stores, async {})
}

family_plan_testkit::contract!(fresh);
