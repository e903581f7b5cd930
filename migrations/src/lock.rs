//! One process migrates, the others wait for it: each engine has its own lock.

use sea_orm_migration::{
    prelude::{ConnectionTrait, DbErr, MigratorTrait},
    sea_orm::{
        DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
        TransactionOptions, TransactionTrait,
    },
};

/// "family-p" in ASCII: any number will do, as long as it is always the same.
const POSTGRES_LOCK: i64 = 0x6661_6d69_6c79_2d70;

const MYSQL_LOCK_SECONDS: i32 = 300;

pub(crate) async fn migrate<M: MigratorTrait>(database: &DatabaseConnection) -> Result<(), DbErr> {
    // Also where schema changes cannot be rolled back, the transaction keeps everything on one connection, which is
    // the one that holds the lock.
    let transaction = database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    match database.get_database_backend() {
        DbBackend::Postgres => {
            let lock = Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT pg_advisory_xact_lock($1)",
                [POSTGRES_LOCK.into()],
            );
            transaction.execute_raw(lock).await?;
            M::up(&transaction, None).await?;
        }
        DbBackend::MySql => {
            lock_mysql(&transaction).await?;
            let migrated = M::up(&transaction, None).await;
            // The lock belongs to the connection, which goes back to the pool.
            transaction
                .execute_unprepared("DO RELEASE_LOCK(CONCAT('family-plan ', MD5(DATABASE())))")
                .await?;
            migrated?;
        }
        // The immediate transaction is the lock.
        _ => M::up(&transaction, None).await?,
    }
    transaction.commit().await
}

/// The names of MySQL's locks are shared by all databases of a server, and at most 64 characters long.
async fn lock_mysql(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let lock = Statement::from_sql_and_values(
        DbBackend::MySql,
        "SELECT GET_LOCK(CONCAT('family-plan ', MD5(DATABASE())), ?) AS locked",
        [MYSQL_LOCK_SECONDS.into()],
    );
    let row = transaction.query_one_raw(lock).await?;
    let locked = match row {
        Some(row) => row.try_get::<Option<i64>>("", "locked")?,
        None => None,
    };
    if locked == Some(1) {
        Ok(())
    } else {
        Err(DbErr::Migration("another process is still migrating".to_owned()))
    }
}
