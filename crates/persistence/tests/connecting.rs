//! Connecting, and bringing a schema up to date.

use std::{error::Error, pin::pin, time::Duration};

use family_plan_persistence::{ConnectError, Database, Engine};
use sqlx::{Connection, Executor, SqliteConnection};
use tempfile::TempDir;
use tokio::time::timeout;

fn url(directory: &TempDir) -> String {
    format!("sqlite://{}?mode=rwc", directory.path().join("family-plan.db").display())
}

#[tokio::test]
async fn nothing_tells_the_password() {
    let unreachable = "postgres://family:s3cret@127.0.0.1:1/plans";
    let malformed = "mysql://family:s3cret@127.0.0.1:port/plans";
    let unknown = "oracle://family:s3cret@127.0.0.1/plans";
    for url in [unreachable, malformed, unknown] {
        let err = Database::connect(url, 1).await.unwrap_err();
        let mut told = vec![format!("{err:?}")];
        let mut cause: Option<&dyn Error> = Some(&err);
        while let Some(err) = cause {
            told.push(err.to_string());
            cause = err.source();
        }
        assert!(told.iter().all(|it| !it.contains("s3cret")), "{told:?}");
        match url {
            _ if url == unreachable => assert!(matches!(err, ConnectError::Unreachable(_))),
            _ if url == malformed => assert!(matches!(err, ConnectError::MalformedUrl)),
            _ => assert!(matches!(err, ConnectError::UnknownEngine)),
        }
    }
}

#[tokio::test]
async fn a_new_database_lacks_every_step_until_it_is_migrated() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::connect(&url(&directory), 2).await.unwrap();
    assert_eq!(database.engine(), Engine::Sqlite);
    database.ping().await.unwrap();
    let pending = database.pending_migrations().await.unwrap();
    assert_eq!(pending[0], "m20261121_000001_create_users");
    assert!(pending.is_sorted());

    for _ in 0..2 {
        database.migrate().await.unwrap();
        assert!(database.pending_migrations().await.unwrap().is_empty());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_made_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let database = Database::connect(&url(&directory), 2).await.unwrap();
    database.migrate().await.unwrap();
    for name in ["family-plan.db", "family-plan.db-wal", "family-plan.db-shm"] {
        let mode = directory.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_may_make_one_file_at_once() {
    for _ in 0..30 {
        let directory = tempfile::tempdir().unwrap();
        let url = url(&directory);
        let starting = [(); 4].map(|()| {
            let url = url.clone();
            tokio::spawn(async move {
                let database = Database::connect(&url, 2).await.unwrap();
                database.migrate().await.unwrap();
                database
            })
        });
        for started in starting {
            let database = started.await.unwrap();
            assert!(database.pending_migrations().await.unwrap().is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_process_locks_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let url = url(&directory);
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();

    let mut connecting = pin!(Database::connect(&url, 2));
    let waiting = timeout(Duration::from_millis(100), &mut connecting).await;
    assert!(waiting.is_err(), "it waits: {waiting:?}");
    other.execute("COMMIT").await.unwrap();
    connecting.await.unwrap().migrate().await.unwrap();
}
