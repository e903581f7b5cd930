//! The contract on PostgreSQL.

#[path = "postgres/counted.rs"]
mod counted;
#[path = "postgres/inbox_statements.rs"]
mod inbox_statements;
mod server;
#[path = "postgres/statements.rs"]
mod statements;
mod support;

use std::future::Future;

use family_plan_testkit::{Stores, server_url};
use sqlx::Postgres;

async fn fresh() -> (Stores, impl Future<Output = ()>) {
    server::fresh::<Postgres>(&server_url("FAMILY_PLAN_TEST_POSTGRES_URL")).await
}

family_plan_testkit::contract!(fresh);

mod replicas {
    use super::*;

    async fn fresh() -> (Stores, impl Future<Output = ()>) {
        server::fresh_replicas::<Postgres>(&server_url("FAMILY_PLAN_TEST_POSTGRES_URL")).await
    }

    family_plan_testkit::races!(fresh);
}
