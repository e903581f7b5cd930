//! [`PlanWrites`] in a SQL database, and how other stores take note of them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use family_plan_domain::{
    UserId, ZammadUserId,
    ports::{PlanWrite, PlanWrites, StoreError},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query},
};
use time::OffsetDateTime;

use crate::{
    Database,
    entity::{plan_write, user},
    error::{InColumn, SqlError},
    instant::to_millis,
    retry::retried,
    rows::MAX_ROWS,
};

/// Keeps in a SQL database which of the helpdesk's users are to be told their plan.
#[derive(Clone, Debug)]
pub struct SqlPlanWrites {
    database: Database,
}

impl SqlPlanWrites {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn claim_once(
        &self,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<PlanWrite>, SqlError> {
        let transaction = self.database.begin().await?;
        let claimed = claim(transaction.connection(), limit, now, until).await;
        transaction.finish(claimed).await
    }
}

/// Makes `zammad_users` due at `at`. Those who do so at the same time lock the rows in the same order.
pub(crate) async fn note(
    connection: &impl ConnectionTrait,
    zammad_users: BTreeSet<ZammadUserId>,
    at: OffsetDateTime,
) -> Result<(), SqlError> {
    let rows: Vec<_> = zammad_users
        .into_iter()
        .map(|it| plan_write::ActiveModel {
            zammad_user_id: Set(it.0),
            due_at: Set(to_millis(at)),
            attempts: Set(0),
        })
        .collect();
    for rows in rows.chunks(MAX_ROWS) {
        plan_write::Entity::insert_many(rows.to_vec())
            .on_conflict(due_anew())
            .exec_without_returning(connection)
            .await?;
    }
    Ok(())
}

/// Makes whom `user` is associated with due, if there is such a one.
pub(crate) async fn note_of(transaction: &DatabaseTransaction, user: &UserId) -> Result<(), SqlError> {
    use plan_write::Column::{Attempts, DueAt, ZammadUserId};

    // What is told of a user bears no time: it is due since ever.
    let associated = Query::select()
        .column(user::Column::ZammadUserId)
        .expr(Expr::val(0_i64))
        .expr(Expr::val(0))
        .from(user::Entity)
        .and_where(user::Column::Id.eq(user.as_str()))
        .and_where(user::Column::ZammadUserId.is_not_null())
        .take();
    let mut insert = Query::insert()
        .into_table(plan_write::Entity)
        .columns([ZammadUserId, DueAt, Attempts])
        .on_conflict(due_anew())
        .take();
    insert.select_from(associated).expect("there are as many values as columns");
    transaction.execute(&insert).await?;
    Ok(())
}

fn due_anew() -> OnConflict {
    use plan_write::Column::{Attempts, DueAt, ZammadUserId};

    OnConflict::column(ZammadUserId).update_columns([DueAt, Attempts]).to_owned()
}

async fn claim(
    transaction: &DatabaseTransaction,
    limit: usize,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<PlanWrite>, SqlError> {
    use plan_write::Column::{Attempts, DueAt, ZammadUserId};

    let due = plan_write::Entity::find()
        .filter(DueAt.lte(to_millis(now)))
        .order_by_asc(DueAt)
        .order_by_asc(ZammadUserId)
        .limit(limit.min(MAX_ROWS) as u64)
        // Whoever else claims gets the next ones, and whoever makes one due anew is not waited for. On a Galera cluster
        // two nodes may claim the same one; both then write the same plan.
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(transaction)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    plan_write::Entity::update_many()
        .col_expr(DueAt, Expr::val(to_millis(until)))
        .col_expr(Attempts, Expr::col(Attempts).add(1))
        .filter(ZammadUserId.is_in(due.iter().map(|it| it.zammad_user_id)))
        .exec(transaction)
        .await?;
    due.into_iter()
        .map(|it| {
            Ok(PlanWrite {
                zammad_user: family_plan_domain::ZammadUserId(it.zammad_user_id),
                attempts: u32::try_from(it.attempts).in_column("plan_writes.attempts")?,
                until,
            })
        })
        .collect()
}

/// The row as it was claimed. Whoever makes it due anew resets the attempts, too, so that it is another one even when it
/// happens to be due at that very instant.
fn as_claimed(write: &PlanWrite) -> Condition {
    use plan_write::Column::{Attempts, DueAt, ZammadUserId};

    Condition::all()
        .add(ZammadUserId.eq(write.zammad_user.0))
        .add(DueAt.eq(to_millis(write.until)))
        .add(Attempts.eq(i64::from(write.attempts) + 1))
}

#[async_trait]
impl PlanWrites for SqlPlanWrites {
    async fn enqueue(&self, zammad_users: Vec<ZammadUserId>, at: OffsetDateTime) -> Result<(), StoreError> {
        let zammad_users: BTreeSet<_> = zammad_users.into_iter().collect();
        let _permit = self.database.write_permit().await;
        Ok(retried(|| note(self.database.reader(), zammad_users.clone(), at)).await?)
    }

    async fn claim(
        &self,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<PlanWrite>, StoreError> {
        Ok(retried(|| self.claim_once(limit, now, until)).await?)
    }

    async fn finish(&self, write: PlanWrite) -> Result<bool, StoreError> {
        let finish = || async {
            let delete = plan_write::Entity::delete_many().filter(as_claimed(&write));
            Ok(delete.exec(self.database.reader()).await?.rows_affected == 1)
        };
        let _permit = self.database.write_permit().await;
        Ok(retried(finish).await?)
    }

    async fn postpone(&self, write: PlanWrite, at: OffsetDateTime) -> Result<(), StoreError> {
        let postpone = || async {
            let update = plan_write::Entity::update_many()
                .col_expr(plan_write::Column::DueAt, Expr::val(to_millis(at)))
                .filter(as_claimed(&write));
            Ok(update.exec(self.database.reader()).await.map(drop)?)
        };
        let _permit = self.database.write_permit().await;
        Ok(retried(postpone).await?)
    }
}
