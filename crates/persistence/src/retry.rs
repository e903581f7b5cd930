//! Trying again what an engine took back by itself: deadlocks, and conflicts of replicas.

use std::future::Future;

use sea_orm::{ConnectionTrait, StatementBuilder};

use crate::{Database, error::SqlError};

/// Far more than deadlocks take: each time, somebody else has finished.
const MAX_ATTEMPTS: usize = 10;

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
