//! The contract on MariaDB.

mod numbering;
mod server;
mod support;

use std::future::Future;

use family_plan_testkit::{Stores, server_url};
use sqlx::{MySql, MySqlConnection};

use crate::server::OwnDatabase;

async fn fresh() -> (Stores, impl Future<Output = ()>) {
    server::fresh::<MySql>(&server_url("FAMILY_PLAN_TEST_MARIADB_URL")).await
}

family_plan_testkit::contract!(fresh);

#[tokio::test]
async fn events_from_before_the_feed_get_their_places_in_it() {
    let own = OwnDatabase::create::<MySql>(&server_url("FAMILY_PLAN_TEST_MARIADB_URL")).await;
    let database = own.open().await;
    let drop_index = |it: &str| format!("DROP INDEX {it} ON events");
    numbering::numbers::<MySqlConnection>(&database, own.url.as_str(), drop_index).await;
    database.close().await.unwrap();
    own.dispose::<MySql>().await;
}

mod replicas {
    use super::*;

    async fn fresh() -> (Stores, impl Future<Output = ()>) {
        server::fresh_replicas::<MySql>(&server_url("FAMILY_PLAN_TEST_MARIADB_URL")).await
    }

    family_plan_testkit::races!(fresh);
}
