//! What goes wrong with a database, and which of it a caller can act upon.

use std::error::Error;

use family_plan_domain::ports::{LinkError, SaveError, SaveOnceError, StoreError};
use sea_orm::{DbErr, RuntimeErr, SqlErr};
use sqlx::{error::DatabaseError, mysql::MySqlDatabaseError, postgres::PgDatabaseError, sqlite::SqliteError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum SqlError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("column `{column}` cannot be read")]
    Unreadable { column: &'static str, source: Box<dyn Error + Send + Sync> },
    #[error("facts cannot be written")]
    Facts(#[from] serde_json::Error),
    #[error("somebody else was first")]
    Stale,
    #[error("somebody else has it")]
    Taken,
    #[error("somebody else carries the request out")]
    Superseded,
}

impl SqlError {
    /// Whether the same step may succeed if it is tried again from its beginning.
    pub(crate) fn asks_to_try_again(&self) -> bool {
        match self {
            Self::Stale => true,
            Self::Database(err) => asks_to_try_again(err),
            Self::Unreadable { .. } | Self::Facts(_) | Self::Taken | Self::Superseded => false,
        }
    }

    /// A value that somebody else has taken already means that they were first.
    pub(crate) fn or_taken(err: DbErr) -> Self {
        match err.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Stale,
            _ => Self::Database(err),
        }
    }
}

impl From<SqlError> for StoreError {
    fn from(err: SqlError) -> Self {
        Self::new(err)
    }
}

impl From<SqlError> for SaveError {
    fn from(err: SqlError) -> Self {
        if err.asks_to_try_again() { Self::Stale } else { Self::Store(err.into()) }
    }
}

impl From<SqlError> for SaveOnceError {
    fn from(err: SqlError) -> Self {
        match err {
            SqlError::Superseded => Self::Superseded,
            err => Self::Save(err.into()),
        }
    }
}

impl From<SqlError> for LinkError {
    fn from(err: SqlError) -> Self {
        match err {
            SqlError::Taken => Self::Taken,
            err => Self::Store(err.into()),
        }
    }
}

/// Names the column that a value came from, should it be unreadable.
pub(crate) trait InColumn<T> {
    fn in_column(self, column: &'static str) -> Result<T, SqlError>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> InColumn<T> for Result<T, E> {
    fn in_column(self, column: &'static str) -> Result<T, SqlError> {
        self.map_err(|err| SqlError::Unreadable { column, source: err.into() })
    }
}

/// Whether the same transaction may succeed if it is tried again.
fn asks_to_try_again(err: &DbErr) -> bool {
    let (DbErr::Conn(err) | DbErr::Exec(err) | DbErr::Query(err)) = err else {
        return false;
    };
    match err {
        RuntimeErr::SqlxError(err) => err.as_database_error().is_some_and(is_conflict),
        RuntimeErr::Internal(_) => false,
    }
}

pub(crate) fn is_conflict(err: &dyn DatabaseError) -> bool {
    if let Some(err) = err.try_downcast_ref::<PgDatabaseError>() {
        // serialization_failure, deadlock_detected, lock_not_available
        return matches!(err.code(), "40001" | "40P01" | "55P03");
    }
    if let Some(err) = err.try_downcast_ref::<MySqlDatabaseError>() {
        // ER_LOCK_DEADLOCK (Galera's conflicts, too), ER_LOCK_WAIT_TIMEOUT, ER_CHECKREAD
        return matches!(err.number(), 1213 | 1205 | 1020);
    }
    if err.try_downcast_ref::<SqliteError>().is_some() {
        // SQLITE_BUSY; higher bits tell apart its kinds.
        const BUSY: u32 = 5;
        let code = err.code().and_then(|it| it.parse::<u32>().ok());
        return code.is_some_and(|it| it & 0xff == BUSY);
    }
    false
}
