//! The pool of connections of each engine.
//!
//! Made by hand and not by SeaORM, whose tracing spans and errors show the whole URL.

use std::{fs::OpenOptions, path::PathBuf, str::FromStr, time::Duration};

use sea_orm::{DatabaseConnection, DbBackend};
use sqlx::{
    ConnectOptions, Connection, Database, Executor, Pool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::{sleep, timeout};

use super::ConnectError;
use crate::{Connections, error::is_conflict};

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
const SQLITE_PAUSE: Duration = Duration::from_millis(10);

/// A connection that was in use this recently needs no check before it is used again.
const IDLE_BEFORE_CHECK: Duration = Duration::from_secs(5);

pub(super) async fn connect(url: &str, max_connections: u32) -> Result<DatabaseConnection, ConnectError> {
    let connected = match scheme(url) {
        Some("sqlite") => {
            make_for_its_user_alone(url);
            connect_sqlite(parse(url)?, max_connections).await
        }
        Some("postgres" | "postgresql") => connect_postgres(parse(url)?, max_connections).await,
        Some("mysql" | "mariadb") => connect_mysql(parse(url)?, max_connections).await,
        _ => return Err(ConnectError::UnknownEngine),
    };
    connected.map_err(|err| ConnectError::Unreachable(err.into()))
}

/// What a pool has at this moment.
pub(super) fn connections(connection: &DatabaseConnection) -> Connections {
    let (size, idle) = match connection.get_database_backend() {
        DbBackend::Postgres => counts(connection.get_postgres_connection_pool()),
        DbBackend::MySql => counts(connection.get_mysql_connection_pool()),
        _ => counts(connection.get_sqlite_connection_pool()),
    };
    Connections { in_use: size.saturating_sub(idle), idle }
}

fn counts<DB: Database>(pool: &Pool<DB>) -> (u64, u64) {
    (pool.size().into(), pool.num_idle() as u64)
}

/// One connection over which nothing can be written. A SQLite file has to be there.
pub(super) async fn connect_read_only(url: &str) -> Result<DatabaseConnection, ConnectError> {
    let connected = match scheme(url) {
        Some("sqlite") => {
            let options = parse::<SqliteConnectOptions>(url)?.read_only(true).create_if_missing(false);
            let options = options.busy_timeout(SQLITE_BUSY_TIMEOUT).disable_statement_logging();
            single(SqlitePoolOptions::new()).connect_with(options).await.map(Into::into)
        }
        Some("postgres" | "postgresql") => {
            let options = parse::<PgConnectOptions>(url)?.disable_statement_logging();
            let pool = single(PgPoolOptions::new()).after_connect(|connection, _| {
                Box::pin(async {
                    connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").await?;
                    Ok(())
                })
            });
            try_once(&options).await.map(|()| pool.connect_lazy_with(options).into())
        }
        Some("mysql" | "mariadb") => {
            let options = parse::<MySqlConnectOptions>(url)?.disable_statement_logging();
            let pool = single(MySqlPoolOptions::new()).after_connect(|connection, _| {
                Box::pin(async {
                    connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
                    Ok(())
                })
            });
            try_once(&options).await.map(|()| pool.connect_lazy_with(options).into())
        }
        _ => return Err(ConnectError::UnknownEngine),
    };
    connected.map_err(|err| ConnectError::Unreachable(err.into()))
}

/// The file that a SQLite database is in; `None` when it is another engine's, or in memory.
pub(super) fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options: SqliteConnectOptions = parse(url).ok().filter(|_| scheme(url) == Some("sqlite"))?;
    let file = options.get_filename().to_owned();
    (!url.contains(":memory:")).then_some(file)
}

fn scheme(url: &str) -> Option<&str> {
    url.split_once(':').map(|(scheme, _)| scheme)
}

fn single<DB: Database>(options: PoolOptions<DB>) -> PoolOptions<DB> {
    options.max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT)
}

fn parse<T: FromStr>(url: &str) -> Result<T, ConnectError> {
    url.parse().map_err(|_| ConnectError::MalformedUrl)
}

/// Makes the file, if it is to be made, so that nobody else may read it; what SQLite puts beside it is as it is. Whatever
/// does not work here, SQLite tells of.
fn make_for_its_user_alone(url: &str) {
    if let Some(file) = sqlite_file(url).filter(|_| url.contains("mode=rwc")) {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let _ = options.open(file);
    }
}

async fn connect_sqlite(
    options: SqliteConnectOptions,
    max_connections: u32,
) -> Result<DatabaseConnection, sqlx::Error> {
    let options = options
        .foreign_keys(true)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        // Readers and the writer do not wait for one another.
        .journal_mode(SqliteJournalMode::Wal)
        // What was answered survives a power failure.
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // The last connection to a file tidies up when it closes, and gets in the way of other processes.
        .idle_timeout(None)
        .max_lifetime(None);
    // SQLite waits for other processes everywhere but at the change to WAL.
    let connecting = async {
        loop {
            match pool.clone().connect_with(options.clone()).await {
                Err(err) if err.as_database_error().is_some_and(is_conflict) => sleep(SQLITE_PAUSE).await,
                connected => return connected,
            }
        }
    };
    let connected = timeout(SQLITE_BUSY_TIMEOUT, connecting).await;
    Ok(connected.map_err(|_| sqlx::Error::PoolTimedOut)??.into())
}

async fn connect_postgres(
    options: PgConnectOptions,
    max_connections: u32,
) -> Result<DatabaseConnection, sqlx::Error> {
    let options = options.disable_statement_logging();
    try_once(&options).await?;
    let pool = checked_when_idle(PgPoolOptions::new())
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options);
    Ok(pool.into())
}

async fn connect_mysql(
    options: MySqlConnectOptions,
    max_connections: u32,
) -> Result<DatabaseConnection, sqlx::Error> {
    let options = options.disable_statement_logging();
    try_once(&options).await?;
    let pool = checked_when_idle(MySqlPoolOptions::new())
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // As on PostgreSQL: a statement that waited for a lock sees what was written meanwhile, and no gaps are locked.
        .after_connect(|connection, _| {
            Box::pin(async {
                connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
                Ok(())
            })
        })
        .connect_lazy_with(options);
    Ok(pool.into())
}

/// A pool that cannot connect keeps trying until its time is up, and then does not say what was wrong.
async fn try_once(options: &impl ConnectOptions<Connection: Connection + Sized>) -> Result<(), sqlx::Error> {
    let connected = timeout(ACQUIRE_TIMEOUT, options.connect()).await;
    connected.map_err(|_| sqlx::Error::PoolTimedOut)??.close().await
}

/// By default every use of a connection begins with a round trip that checks it.
fn checked_when_idle<DB: Database>(options: PoolOptions<DB>) -> PoolOptions<DB> {
    options.test_before_acquire(false).before_acquire(|connection, usage| {
        Box::pin(async move { Ok(usage.idle_for < IDLE_BEFORE_CHECK || connection.ping().await.is_ok()) })
    })
}
