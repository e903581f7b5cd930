//! What the tests of every engine need.

use std::sync::Arc;

use family_plan_persistence::Database;
use family_plan_testkit::{Replicated, SequentialIds, Stores};

/// Few, so that tasks wait for one another here, too.
pub(crate) const MAX_CONNECTIONS: u32 = 6;

pub(crate) fn stores(database: &Database) -> Stores {
    let database = database.clone().noting_plan_writes();
    let ids = Arc::new(SequentialIds::default());
    Stores {
        plans: Arc::new(database.plans(ids.clone())),
        users: Arc::new(database.users(ids.clone())),
        settings: Arc::new(database.settings(ids)),
        feed: Arc::new(database.feed()),
        endpoints: Arc::new(database.endpoints()),
        outbox: Arc::new(database.outbox()),
        zammad_users: Arc::new(database.zammad_users()),
        plan_writes: Arc::new(database.plan_writes()),
        inbox: Arc::new(database.inbox()),
        syncs: Arc::new(database.syncs()),
        sweeps: Arc::new(database.sweeps()),
        invite_register: Arc::new(database.invite_register()),
        idempotency_keys: Arc::new(database.idempotency_keys()),
    }
}

/// Those of two servers of ours on the same database.
pub(crate) fn replicated_stores(one: &Database, other: &Database) -> Stores {
    let replicas = [one, other].map(|it| it.clone().noting_plan_writes());
    let ids = Arc::new(SequentialIds::default());
    Stores {
        plans: replicated(&replicas, |it| it.plans(ids.clone())),
        users: replicated(&replicas, |it| it.users(ids.clone())),
        settings: Arc::new(other.settings(ids.clone())),
        feed: replicated(&replicas, Database::feed),
        endpoints: Arc::new(other.endpoints()),
        outbox: replicated(&replicas, Database::outbox),
        zammad_users: replicated(&replicas, Database::zammad_users),
        plan_writes: replicated(&replicas, Database::plan_writes),
        inbox: replicated(&replicas, Database::inbox),
        syncs: replicated(&replicas, Database::syncs),
        sweeps: Arc::new(other.sweeps()),
        invite_register: Arc::new(other.invite_register()),
        idempotency_keys: replicated(&replicas, Database::idempotency_keys),
    }
}

fn replicated<P>(replicas: &[Database], store: impl Fn(&Database) -> P) -> Arc<Replicated<P>> {
    Arc::new(Replicated::new(replicas.iter().map(|it| Arc::new(store(it))).collect()))
}
