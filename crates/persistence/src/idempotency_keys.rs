//! [`IdempotencyKeys`] in a SQL database.

use async_trait::async_trait;
use family_plan_domain::{
    Claimed, KeptAnswer, KeyDigest, KeyedRequest, Lease,
    ports::{IdempotencyKeys, StoreError},
};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, Keyword},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Database,
    entity::idempotency_key::{self, Column, Entity, Model},
    error::SqlError,
    instant::to_millis,
    retry,
    rows::MAX_ROWS,
};

/// How often a key may change hands between two statements of one claim.
const MAX_LOST: usize = 10;

/// Keeps keyed requests in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlIdempotencyKeys {
    database: Database,
}

impl SqlIdempotencyKeys {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Costs one statement when the key is new, which it almost always is.
    async fn claimed(&self, request: &KeyedRequest, lease: Lease, now: i64) -> Result<Claimed, SqlError> {
        for _ in 0..MAX_LOST {
            let row = idempotency_key::claimed(request, lease);
            if retry::insert_unless_there(&self.database, Entity::insert(row), Column::Digest).await? {
                return Ok(Claimed::Fresh);
            }
            let Some(row) = self.find(request.key).await? else {
                continue;
            };
            if now < row.expires_at {
                return Ok(told(row, request));
            }
            if self.take_over(request, lease, now).await? {
                return Ok(Claimed::Fresh);
            }
        }
        Ok(Claimed::Running)
    }

    async fn find(&self, key: KeyDigest) -> Result<Option<Model>, SqlError> {
        Ok(Entity::find_by_id(key.as_ref().to_vec()).one(self.database.reader()).await?)
    }

    /// That nobody else took it over is part of the statement.
    async fn take_over(&self, request: &KeyedRequest, lease: Lease, now: i64) -> Result<bool, SqlError> {
        let take_over = Entity::update_many()
            .col_expr(Column::Body, Expr::val(request.body.as_ref().to_vec()))
            .col_expr(Column::Holder, Expr::val(lease.holder))
            .col_expr(Column::Answer, Keyword::Null.into())
            .col_expr(Column::ExpiresAt, Expr::val(to_millis(lease.until)))
            .filter(Column::Digest.eq(request.key.as_ref()))
            .filter(Column::ExpiresAt.lte(now));
        Ok(retry::write(&self.database, &take_over.into_query()).await? == 1)
    }

    async fn free(&self, key: KeyDigest, holder: Uuid) -> Result<(), SqlError> {
        let free = Entity::delete_many()
            .filter(Column::Digest.eq(key.as_ref()))
            .filter(Column::Holder.eq(holder))
            .filter(Column::Answer.is_null());
        retry::write(&self.database, &free.into_query()).await?;
        Ok(())
    }

    /// In two steps, because MySQL neither bounds a subquery of a `DELETE` nor plans one well.
    async fn drop_over(&self, now: i64, limit: u64) -> Result<u64, SqlError> {
        let digests: Vec<Vec<u8>> = Entity::find()
            .select_only()
            .column(Column::Digest)
            .filter(Column::ExpiresAt.lte(now))
            .limit(limit)
            .into_tuple()
            .all(self.database.reader())
            .await?;
        let mut n_dropped = 0;
        for digests in digests.chunks(MAX_ROWS) {
            let forget = Entity::delete_many()
                .filter(Column::Digest.is_in(digests.iter().cloned()))
                // Somebody may have taken one over meanwhile.
                .filter(Column::ExpiresAt.lte(now));
            n_dropped += retry::write(&self.database, &forget.into_query()).await?;
        }
        Ok(n_dropped)
    }
}

fn told(row: Model, request: &KeyedRequest) -> Claimed {
    if row.body != request.body.as_ref() {
        return Claimed::OtherBody;
    }
    row.answer.map_or(Claimed::Running, Claimed::Answered)
}

/// Keeps an answer together with what led to it: both are there, or neither.
pub(crate) async fn answer(transaction: &DatabaseTransaction, answer: &KeptAnswer) -> Result<(), SqlError> {
    let kept = Entity::update_many()
        .col_expr(Column::Answer, Expr::val(answer.text.as_str()))
        .col_expr(Column::ExpiresAt, Expr::val(to_millis(answer.until)))
        .filter(Column::Digest.eq(answer.key.as_ref()))
        .filter(Column::Holder.eq(answer.holder))
        .filter(Column::Answer.is_null())
        .exec(transaction)
        .await?;
    if kept.rows_affected == 1 { Ok(()) } else { Err(SqlError::Superseded) }
}

#[async_trait]
impl IdempotencyKeys for SqlIdempotencyKeys {
    async fn claim(
        &self,
        request: KeyedRequest,
        lease: Lease,
        now: OffsetDateTime,
    ) -> Result<Claimed, StoreError> {
        Ok(self.claimed(&request, lease, to_millis(now)).await?)
    }

    async fn release(&self, key: KeyDigest, holder: Uuid) -> Result<(), StoreError> {
        Ok(self.free(key, holder).await?)
    }

    async fn forget(&self, now: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        let n_dropped = self.drop_over(to_millis(now), limit as u64).await?;
        Ok(usize::try_from(n_dropped).unwrap_or(usize::MAX))
    }
}
