//! The contract on PostgreSQL.

#[path = "postgres/counted.rs"]
mod counted;
#[path = "postgres/feed_statements.rs"]
mod feed_statements;
#[path = "postgres/inbox_statements.rs"]
mod inbox_statements;
mod numbering;
#[path = "postgres/saves.rs"]
mod saves;
mod server;
#[path = "postgres/statements.rs"]
mod statements;
#[path = "postgres/steps.rs"]
mod steps;
mod support;

use std::future::Future;

use family_plan_testkit::{Stores, server_url};
use sqlx::{PgConnection, Postgres};

use crate::server::OwnDatabase;

async fn fresh() -> (Stores, impl Future<Output = ()>) {
    server::fresh::<Postgres>(&server_url("FAMILY_PLAN_TEST_POSTGRES_URL")).await
}

family_plan_testkit::contract!(fresh);

#[tokio::test]
async fn events_from_before_the_feed_get_their_places_in_it() {
    let own = OwnDatabase::create::<Postgres>(&server_url("FAMILY_PLAN_TEST_POSTGRES_URL")).await;
    let database = own.open().await;
    let drop_index = |it: &str| format!("DROP INDEX {it}");
    numbering::numbers::<PgConnection>(&database, own.url.as_str(), drop_index).await;
    database.close().await.unwrap();
    own.dispose::<Postgres>().await;
}

mod replicas {
    use super::*;

    async fn fresh() -> (Stores, impl Future<Output = ()>) {
        server::fresh_replicas::<Postgres>(&server_url("FAMILY_PLAN_TEST_POSTGRES_URL")).await
    }

    family_plan_testkit::races!(fresh);
}
