//! Trying again what an engine took back by itself: deadlocks, and conflicts of replicas.

use std::future::Future;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, Insert, QueryTrait, SqlErr, StatementBuilder,
    sea_query::OnConflict,
};

use crate::{Database, Engine, error::SqlError};

/// Each attempt that is lost means that somebody else has finished, so that even dozens who write the same row at once come
/// to an end before this.
const MAX_ATTEMPTS: usize = 40;

/// Makes attempts until one has nobody in its way, or there were too many. Each must undo what it did when it fails, or do
/// the same again.
pub(crate) async fn retried<T, F>(attempt: impl Fn() -> F) -> Result<T, SqlError>
where
    F: Future<Output = Result<T, SqlError>>,
{
    for _ in 1..MAX_ATTEMPTS {
        match attempt().await {
            Err(err) if err.asks_to_try_again() => (),
            done => return done,
        }
    }
    attempt().await
}

/// Runs one statement that writes and stands alone; answers how many rows it wrote.
pub(crate) async fn write(database: &Database, statement: &impl StatementBuilder) -> Result<u64, SqlError> {
    let _permit = database.write_permit().await;
    retried(|| async { Ok(database.reader().execute(statement).await?.rows_affected()) }).await
}

/// Inserts a row that stands alone, unless there is one with the same value in `unique`; answers whether it did.
pub(crate) async fn insert_unless_there<A: ActiveModelTrait>(
    database: &Database,
    mut row: Insert<A>,
    unique: <A::Entity as EntityTrait>::Column,
) -> Result<bool, SqlError> {
    if database.engine() != Engine::MySql {
        // PostgreSQL then writes no row that came before, nor an error to its log. MySQL could not tell whether it wrote
        // one: it counts the rows that it finds.
        row = row.on_conflict(OnConflict::column(unique).do_nothing().to_owned());
    }
    match write(database, &row.into_query()).await {
        Err(SqlError::Database(err)) if is_duplicate(err.sql_err().as_ref()) => Ok(false),
        written => Ok(written? == 1),
    }
}

fn is_duplicate(err: Option<&SqlErr>) -> bool {
    matches!(err, Some(SqlErr::UniqueConstraintViolation(_)))
}
