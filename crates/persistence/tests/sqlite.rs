//! The contract on SQLite.

mod numbering;
mod support;

use std::{future::Future, sync::Arc};

use family_plan_domain::{
    Edit, IndividualPlan, LinkReason, Plan, PlanName, UserEdit, ZammadUserId,
    ports::{PlanWrites, Plans, Users},
};
use family_plan_persistence::Database;
use family_plan_testkit::{
    START, SequentialIds, Stores,
    fixtures::{origin, user_id},
};
use sqlx::{Connection, Executor, Row, SqliteConnection};
use tempfile::TempDir;

use crate::support::{MAX_CONNECTIONS, replicated_stores, stores};

fn url(directory: &TempDir) -> String {
    format!("sqlite://{}?mode=rwc", directory.path().join("family-plan.db").display())
}

async fn open(directory: &TempDir) -> Database {
    let database = Database::connect(&url(directory), MAX_CONNECTIONS).await.unwrap();
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

#[tokio::test]
async fn what_happens_outside_of_plans_is_written_down_too() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory).await;
    let users = database.users(Arc::new(SequentialIds::default()));
    let ann = user_id("ann");
    let origin = origin(&ann, START);
    for zammad_user in [7, 8] {
        let link = users.link(ann.clone(), ZammadUserId(zammad_user), LinkReason::Requested, &origin);
        assert!(link.await.unwrap());
    }
    assert!(users.unlink(ann, &origin).await.unwrap());
    database.close().await.unwrap();

    let mut connection = SqliteConnection::connect(&url(&directory)).await.unwrap();
    let select = "SELECT kind, plan_id IS NULL, revision, position, at, actor, data FROM events ORDER BY id";
    let rows = connection.fetch_all(select).await.unwrap();
    let mut told = Vec::new();
    for row in &rows {
        assert!(row.get::<bool, _>(1), "it belongs to no plan");
        assert_eq!((row.get(2), row.get(3)), (0_i64, 0_i64));
        assert_eq!(i128::from(row.get::<i64, _>(4)) * 1_000_000, START.unix_timestamp_nanos());
        assert_eq!(row.get::<&str, _>(5), "ann");
        told.push((row.get::<&str, _>(0), row.get::<&str, _>(6)));
    }
    let [zoe, zora] = [r#"{"user_id":"ann","zammad_user_id":7}"#, r#"{"user_id":"ann","zammad_user_id":8}"#];
    let [linked, unlinked] = ["zammad_user.linked", "zammad_user.unlinked"];
    assert_eq!(told, [(linked, zoe), (unlinked, zoe), (linked, zora), (unlinked, zora)]);
}

#[tokio::test]
async fn nobody_takes_note_of_plans_to_be_told_unless_set_up_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory).await;
    let ids = Arc::new(SequentialIds::default());
    let users = database.users(ids.clone());
    let ann = user_id("ann");
    let origin = origin(&ann, START);
    users.link(ann.clone(), ZammadUserId(7), LinkReason::Requested, &origin).await.unwrap();
    let own = Edit::Set(IndividualPlan::new("free").ok());
    users.record(UserEdit { individual_plan: own, ..UserEdit::mention(ann.clone()) }).await.unwrap();
    let ann = users.find(ann).await.unwrap().unwrap().user;
    let plan = Plan::open(ids.next_plan(), PlanName::new("The Hills").unwrap(), ann, START);
    database.plans(ids).save(&plan, &origin).await.unwrap();
    assert_eq!(database.plan_writes().claim(10, START, START).await.unwrap(), []);
    database.close().await.unwrap();
}

#[tokio::test]
async fn events_from_before_the_feed_get_their_places_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(&directory).await;
    numbering::numbers::<SqliteConnection>(&database, &url(&directory), |it| format!("DROP INDEX {it}"))
        .await;
    database.close().await.unwrap();
}

/// Two servers on one file wait for one another inside of SQLite.
mod two_processes {
    use super::*;

    async fn fresh() -> (Stores, impl Future<Output = ()>) {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = tokio::join!(open(&directory), open(&directory));
        let stores = replicated_stores(&one, &other);
        let dispose = async move {
            one.close().await.unwrap();
            other.close().await.unwrap();
            directory.close().unwrap();
        };
        (stores, dispose)
    }

    family_plan_testkit::races!(fresh);
}
