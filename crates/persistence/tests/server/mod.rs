//! Databases of their own on a server that all tests share.

use std::{
    future::Future,
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use family_plan_persistence::Database;
use family_plan_testkit::Stores;
use sqlx::{AssertSqlSafe, Connection, Database as SqlxDatabase, Executor};
use url::Url;

use crate::support::{MAX_CONNECTIONS, replicated_stores, stores};

static N_DATABASES: AtomicUsize = AtomicUsize::new(0);

/// A database that nobody else uses.
pub(crate) struct OwnDatabase {
    admin: Url,
    name: String,
    /// Where it is.
    pub(crate) url: Url,
}

impl OwnDatabase {
    pub(crate) async fn create<DB>(admin: &str) -> Self
    where
        DB: SqlxDatabase,
        for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    {
        let admin: Url = admin.parse().unwrap();
        let n = N_DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("family_plan_test_{}_{n}", process::id());
        let mut url = admin.clone();
        url.set_path(&name);
        let own = Self { admin, name, url };
        // One may be left from a run that failed.
        own.execute::<DB>("DROP DATABASE IF EXISTS").await;
        own.execute::<DB>("CREATE DATABASE").await;
        own
    }

    /// Connects, and brings the schema up to date.
    pub(crate) async fn open(&self) -> Database {
        let database = Database::connect(self.url.as_str(), MAX_CONNECTIONS).await.unwrap();
        database.migrate().await.unwrap();
        database
    }

    pub(crate) async fn dispose<DB>(self)
    where
        DB: SqlxDatabase,
        for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    {
        self.execute::<DB>("DROP DATABASE").await;
    }

    async fn execute<DB>(&self, what: &str)
    where
        DB: SqlxDatabase,
        for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    {
        let mut connection = DB::Connection::connect(self.admin.as_str()).await.unwrap();
        let sql = format!("{what} {}", self.name);
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// One server of ours.
pub(crate) async fn fresh<DB>(admin: &str) -> (Stores, impl Future<Output = ()> + use<DB>)
where
    DB: SqlxDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let own = OwnDatabase::create::<DB>(admin).await;
    let database = own.open().await;
    let stores = stores(&database);
    let dispose = async move {
        database.close().await.unwrap();
        own.dispose::<DB>().await;
    };
    (stores, dispose)
}

/// Two servers of ours, which start at the same time and share the database.
pub(crate) async fn fresh_replicas<DB>(admin: &str) -> (Stores, impl Future<Output = ()> + use<DB>)
where
    DB: SqlxDatabase,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let own = OwnDatabase::create::<DB>(admin).await;
    let (one, other) = tokio::join!(own.open(), own.open());
    let stores = replicated_stores(&one, &other);
    let dispose = async move {
        one.close().await.unwrap();
        other.close().await.unwrap();
        own.dispose::<DB>().await;
    };
    (stores, dispose)
}
