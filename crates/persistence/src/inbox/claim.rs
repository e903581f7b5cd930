//! Taking on what is pending.

use family_plan_domain::{ClaimedDelivery, DeliveryState};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Database,
    entity::delivery::{Column, Entity},
    error::SqlError,
    instant::to_millis,
    retry::retried,
    rows::MAX_ROWS,
};

/// Bodies of one claim are in memory together.
const MAX_BYTES: i64 = 16 * 1024 * 1024;

/// How often everything that was still free may have gone to others.
const MAX_LOST: usize = 10;

/// The nodes of a Galera cluster do not see one another's locks, so that `FOR UPDATE SKIP LOCKED` would not do. That the claim is free is part of the statement that takes it, so that nothing is taken twice;
/// what is read before it only says what to try.
pub(super) async fn claim(
    database: &Database,
    worker: Uuid,
    limit: usize,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<ClaimedDelivery>, SqlError> {
    let claim =
        Claim { worker, limit: limit.min(MAX_ROWS) as u64, now: to_millis(now), until: to_millis(until) };
    for _ in 0..MAX_LOST {
        let ids = claim.candidates(database).await?;
        if ids.is_empty() {
            break;
        }
        let claimed = retried(|| claim.take(database, &ids)).await?;
        if !claimed.is_empty() {
            return Ok(claimed);
        }
    }
    Ok(Vec::new())
}

struct Claim {
    worker: Uuid,
    limit: u64,
    now: i64,
    until: i64,
}

impl Claim {
    async fn candidates(&self, database: &Database) -> Result<Vec<Uuid>, SqlError> {
        let candidates = Entity::find()
            .select_only()
            .columns([Column::Id, Column::Size])
            .filter(self.is_free())
            .order_by_asc(Column::Id)
            .limit(self.limit)
            .into_tuple()
            .all(database.reader())
            .await?;
        Ok(fitting(candidates))
    }

    async fn take(&self, database: &Database, ids: &[Uuid]) -> Result<Vec<ClaimedDelivery>, SqlError> {
        let transaction = database.begin().await?;
        let claimed = self.take_within(transaction.connection(), ids).await;
        transaction.finish(claimed).await
    }

    async fn take_within(
        &self,
        transaction: &DatabaseTransaction,
        ids: &[Uuid],
    ) -> Result<Vec<ClaimedDelivery>, SqlError> {
        let claimed = Entity::update_many()
            .col_expr(Column::ClaimedBy, Expr::val(self.worker))
            .col_expr(Column::ClaimedUntil, Expr::val(self.until))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(self.is_free())
            .exec(transaction)
            .await?;
        if claimed.rows_affected == 0 {
            return Ok(Vec::new());
        }
        let rows: Vec<(Uuid, Vec<u8>)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::Body])
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(Column::ClaimedBy.eq(self.worker))
            .filter(Column::ClaimedUntil.eq(self.until))
            .order_by_asc(Column::Id)
            .into_tuple()
            .all(transaction)
            .await?;
        Ok(rows.into_iter().map(|(id, body)| ClaimedDelivery { id: id.into(), body }).collect())
    }

    fn is_free(&self) -> Condition {
        let is_free =
            Condition::any().add(Column::ClaimedUntil.is_null()).add(Column::ClaimedUntil.lte(self.now));
        Condition::all().add(Column::State.eq(DeliveryState::Pending.as_str())).add(is_free)
    }
}

/// The first of `candidates` until their sizes are too much, but the very first in any case.
fn fitting(candidates: Vec<(Uuid, i64)>) -> Vec<Uuid> {
    let mut n_bytes = 0;
    let fits = |(_, size): &(Uuid, i64)| {
        let is_first = n_bytes == 0;
        n_bytes += size;
        is_first || n_bytes <= MAX_BYTES
    };
    candidates.into_iter().take_while(fits).map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_taken_as_fit_and_one_that_does_not_only_by_itself() {
        let cases: [(&[i64], usize); 5] = [
            (&[], 0),
            (&[MAX_BYTES + 1, 1], 1),
            (&[MAX_BYTES - 1, 1, 1], 2),
            (&[1, MAX_BYTES, 1], 1),
            (&[1, 2, 3], 3),
        ];
        for (sizes, n_fitting) in cases {
            let candidates = sizes.iter().map(|size| (Uuid::nil(), *size)).collect();
            assert_eq!(fitting(candidates).len(), n_fitting, "{sizes:?}");
        }
    }
}
