//! The contract on MariaDB.

mod server;
mod support;

use std::future::Future;

use family_plan_testkit::{Stores, server_url};
use sqlx::MySql;

async fn fresh() -> (Stores, impl Future<Output = ()>) {
    server::fresh::<MySql>(&server_url("FAMILY_PLAN_TEST_MARIADB_URL")).await
}

family_plan_testkit::contract!(fresh);

mod replicas {
    use super::*;

    async fn fresh() -> (Stores, impl Future<Output = ()>) {
        server::fresh_replicas::<MySql>(&server_url("FAMILY_PLAN_TEST_MARIADB_URL")).await
    }

    family_plan_testkit::races!(fresh);
}
