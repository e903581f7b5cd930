//! Connecting to a database, and its transactions.

mod pool;

use std::{error::Error, fmt, path::PathBuf, sync::Arc};

use family_plan_domain::ports::{Ids, StoreError};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    Backlog, Connections, Fullness, SqlEndpoints, SqlEventFeed, SqlIdempotencyKeys, SqlInbox,
    SqlInviteRegister, SqlOutbox, SqlPlanWrites, SqlPlans, SqlSettings, SqlSweeps, SqlSyncs, SqlUsers,
    SqlZammadUsers, error::SqlError, gauges,
};

/// Why there is no connection. Says nothing of the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL names no engine that is supported.
    #[error("a database URL starts with sqlite://, postgres:// or mysql://")]
    UnknownEngine,
    /// The URL cannot be read.
    #[error("the database URL is malformed")]
    MalformedUrl,
    /// The database cannot be reached, or does not let us in.
    #[error("cannot connect to the database")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

/// The kinds of databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite: one file, embedded.
    Sqlite,
    /// PostgreSQL, or what speaks its protocol.
    Postgres,
    /// MariaDB or MySQL, or what speaks their protocol.
    MySql,
}

/// A database; clones share its connections.
#[derive(Clone, Debug)]
pub struct Database {
    connection: DatabaseConnection,
    /// SQLite has one writer at a time: tasks queue here, first come, first served, because those that wait inside of
    /// SQLite poll, and the unlucky starve. Other processes are waited for inside of SQLite.
    write_gate: Option<Arc<Semaphore>>,
    notes_plan_writes: bool,
    listener: Option<Listener>,
    lost_saves: Option<Listener>,
}

/// Told that something happened.
#[derive(Clone)]
struct Listener(Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Listener")
    }
}

impl Database {
    /// Connects to the database at `url`: `sqlite://<path>?mode=rwc`, `postgres://…` or `mysql://…`.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, ConnectError> {
        pool::connect(url, max_connections).await.map(Self::over)
    }

    /// The same, over one connection that the engine lets write nothing. A SQLite file has to be there.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn connect_read_only(url: &str) -> Result<Self, ConnectError> {
        pool::connect_read_only(url).await.map(Self::over)
    }

    fn over(connection: DatabaseConnection) -> Self {
        let write_gate =
            (connection.get_database_backend() == DbBackend::Sqlite).then(|| Arc::new(Semaphore::new(1)));
        Self { connection, write_gate, notes_plan_writes: false, listener: None, lost_saves: None }
    }

    /// The file that the SQLite database at `url` is in, whether it is there or not; `None` for other engines.
    #[must_use]
    pub fn sqlite_file(url: &str) -> Option<PathBuf> {
        pool::sqlite_file(url)
    }

    /// The same database, whose stores take note of every [plan to be told](SqlPlanWrites) from now on.
    #[must_use]
    pub fn noting_plan_writes(self) -> Self {
        Self { notes_plan_writes: true, ..self }
    }

    /// The same database, whose stores call `listener` whenever they have saved events from now on. It must not block.
    #[must_use]
    pub fn telling_of_events(self, listener: impl Fn() + Send + Sync + 'static) -> Self {
        Self { listener: Some(Listener(Arc::new(listener))), ..self }
    }

    /// Events were saved.
    pub(crate) fn tell_of_events(&self) {
        if let Some(Listener(listener)) = &self.listener {
            listener();
        }
    }

    /// The same database, whose plans call `listener` from now on whenever a save wrote nothing because somebody else was
    /// first. It must not block.
    #[must_use]
    pub fn telling_of_lost_saves(self, listener: impl Fn() + Send + Sync + 'static) -> Self {
        Self { lost_saves: Some(Listener(Arc::new(listener))), ..self }
    }

    /// A save of a plan wrote nothing because somebody else was first.
    pub(crate) fn tell_of_lost_save(&self) {
        if let Some(Listener(listener)) = &self.lost_saves {
            listener();
        }
    }

    /// Which kind of database it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.connection.get_database_backend() {
            DbBackend::Postgres => Engine::Postgres,
            DbBackend::MySql => Engine::MySql,
            _ => Engine::Sqlite,
        }
    }

    /// Brings the schema up to date. Several processes may do so at the same time.
    ///
    /// # Errors
    ///
    /// When the database fails, or has a schema from a later version.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let _permit = self.write_permit().await;
        family_plan_migrations::migrate(&self.connection).await.map_err(StoreError::new)
    }

    /// What is missing until the schema is up to date.
    ///
    /// # Errors
    ///
    /// When the database fails, or has a schema from a later version.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        family_plan_migrations::pending(&self.connection).await.map_err(StoreError::new)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.connection.ping().await.map_err(StoreError::new)
    }

    /// The connections to it that this process has.
    #[must_use]
    pub fn connections(&self) -> Connections {
        pool::connections(&self.connection)
    }

    /// How full the plans are. Looks at all of them: the more there are, the longer it takes.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn fullness(&self, now: OffsetDateTime) -> Result<Fullness, StoreError> {
        Ok(gauges::fullness(self, now).await?)
    }

    /// What waits to be done. The more that is, the longer it takes.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        Ok(gauges::backlog(self).await?)
    }

    /// Closes every connection, once those in use are free again.
    ///
    /// # Errors
    ///
    /// When a connection cannot be closed in an orderly way.
    pub async fn close(self) -> Result<(), StoreError> {
        self.connection.close().await.map_err(StoreError::new)
    }

    /// The plans in this database; `ids` makes those of events and memberships.
    #[must_use]
    pub fn plans(&self, ids: Arc<dyn Ids>) -> SqlPlans {
        SqlPlans::new(self.clone(), ids)
    }

    /// The users in this database; `ids` makes those of events.
    #[must_use]
    pub fn users(&self, ids: Arc<dyn Ids>) -> SqlUsers {
        SqlUsers::new(self.clone(), ids)
    }

    /// What this database knows of the helpdesk's users.
    #[must_use]
    pub fn zammad_users(&self) -> SqlZammadUsers {
        SqlZammadUsers::new(self.clone())
    }

    /// Which of the helpdesk's users are to be told their plan.
    #[must_use]
    pub fn plan_writes(&self) -> SqlPlanWrites {
        SqlPlanWrites::new(self.clone())
    }

    /// The settings in this database; `ids` makes those of events.
    #[must_use]
    pub fn settings(&self, ids: Arc<dyn Ids>) -> SqlSettings {
        SqlSettings::new(self.clone(), ids)
    }

    pub(crate) fn notes_plan_writes(&self) -> bool {
        self.notes_plan_writes
    }

    /// The events of all plans in this database, in one order.
    #[must_use]
    pub fn feed(&self) -> SqlEventFeed {
        SqlEventFeed::new(self.clone())
    }

    /// The endpoints in this database.
    #[must_use]
    pub fn endpoints(&self) -> SqlEndpoints {
        SqlEndpoints::new(self.clone())
    }

    /// What endpoints are to be told, in this database.
    #[must_use]
    pub fn outbox(&self) -> SqlOutbox {
        SqlOutbox::new(self.clone())
    }

    /// The inbox in this database.
    #[must_use]
    pub fn inbox(&self) -> SqlInbox {
        SqlInbox::new(self.clone())
    }

    /// The keyed requests in this database.
    #[must_use]
    pub fn idempotency_keys(&self) -> SqlIdempotencyKeys {
        SqlIdempotencyKeys::new(self.clone())
    }

    /// The record of pulls in this database.
    #[must_use]
    pub fn syncs(&self) -> SqlSyncs {
        SqlSyncs::new(self.clone())
    }

    /// The record of sweeps in this database.
    #[must_use]
    pub fn sweeps(&self) -> SqlSweeps {
        SqlSweeps::new(self.clone())
    }

    /// The register of invites in this database.
    #[must_use]
    pub fn invite_register(&self) -> SqlInviteRegister {
        SqlInviteRegister::new(self.clone())
    }

    /// For single statements that read.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Permission for single statements that write, for as long as it is held.
    pub(crate) async fn write_permit(&self) -> Option<OwnedSemaphorePermit> {
        let gate = self.write_gate.clone()?;
        Some(gate.acquire_owned().await.expect("the gate is never closed"))
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<WriteTransaction, SqlError> {
        let permit = self.write_permit().await;
        let options = TransactionOptions {
            // One that begins by reading could not go on to write once another process wrote.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.connection.begin_with_options(options).await?;
        Ok(WriteTransaction { inner, _permit: permit })
    }
}

/// A transaction that is to be [finished](Self::finish).
pub(crate) struct WriteTransaction {
    inner: DatabaseTransaction,
    _permit: Option<OwnedSemaphorePermit>,
}

impl WriteTransaction {
    pub(crate) fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Commits what led to a value, takes back what led to an error.
    pub(crate) async fn finish<T>(self, outcome: Result<T, SqlError>) -> Result<T, SqlError> {
        if outcome.is_ok() {
            self.inner.commit().await?;
        } else if let Err(err) = self.inner.rollback().await {
            // The database takes it back by itself when the connection ends.
            tracing::warn!(error = &err as &dyn Error, "cannot roll back");
        }
        outcome
    }
}
