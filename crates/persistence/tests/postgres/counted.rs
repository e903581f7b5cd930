//! A database whose statements are counted.

use std::sync::Arc;

use family_plan_domain::{User, ports::Users};
use family_plan_persistence::{Database, SqlUsers};
use family_plan_testkit::{SequentialIds, StatementCounter, fixtures::introduction, server_url};
use sqlx::Postgres;

use crate::server::OwnDatabase;

/// A database whose server is told nothing that is not counted.
pub(crate) struct Counted {
    own: OwnDatabase,
    pub(crate) counter: StatementCounter,
    pub(crate) database: Database,
}

impl Counted {
    pub(crate) async fn new() -> Self {
        let own = OwnDatabase::create::<Postgres>(&server_url("FAMILY_PLAN_TEST_POSTGRES_URL")).await;
        own.open().await.close().await.unwrap();
        let server = format!("{}:{}", own.url.host_str().unwrap(), own.url.port().unwrap_or(5432));
        let counter = StatementCounter::in_front_of(server).await.unwrap();
        let mut url = own.url.clone();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(counter.address().port())).unwrap();
        url.set_query(Some("sslmode=disable"));
        let database = Database::connect(url.as_str(), 1).await.unwrap();
        // The pool's connection sends some of its own.
        database.ping().await.unwrap();
        let _ = counter.take();
        Self { own, counter, database }
    }

    pub(crate) async fn introduce(&self, people: &[&User]) {
        for user in people {
            self.users().record(introduction(user)).await.unwrap();
        }
    }

    pub(crate) fn users(&self) -> SqlUsers {
        self.database.users(Arc::new(SequentialIds::default()))
    }

    pub(crate) async fn dispose(self) {
        self.database.close().await.unwrap();
        drop(self.counter);
        self.own.dispose::<Postgres>().await;
    }
}
