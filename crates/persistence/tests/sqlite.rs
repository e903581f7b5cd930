//! The contract on SQLite.

mod support;

use std::{future::Future, sync::Arc};

use family_plan_persistence::Database;
use family_plan_testkit::{ReplicatedPlans, SequentialIds, Stores};
use tempfile::TempDir;

use crate::support::{MAX_CONNECTIONS, stores};

async fn open(directory: &TempDir) -> Database {
    let path = directory.path().join("family-plan.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let database = Database::connect(&url, MAX_CONNECTIONS).await.unwrap();
    database.migrate().await.unwrap();
    database
}

async fn fresh() -> (Stores, impl Future<Output = ()>) {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory).await;
    let stores = stores(&database);
    let dispose = async move {
        database.close().await.unwrap();
        directory.close().unwrap();
    };
    (stores, dispose)
}

family_plan_testkit::contract!(fresh);

/// Two servers on one file wait for one another inside of SQLite.
mod two_processes {
    use super::*;

    async fn fresh() -> (Stores, impl Future<Output = ()>) {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = tokio::join!(open(&directory), open(&directory));
        let ids = Arc::new(SequentialIds::default());
        let stores = Stores {
            plans: Arc::new(ReplicatedPlans::new(vec![
                Arc::new(one.plans(ids.clone())),
                Arc::new(other.plans(ids.clone())),
            ])),
            users: Arc::new(one.users()),
            settings: Arc::new(other.settings(ids)),
        };
        let dispose = async move {
            one.close().await.unwrap();
            other.close().await.unwrap();
            directory.close().unwrap();
        };
        (stores, dispose)
    }

    family_plan_testkit::races!(fresh);
}
