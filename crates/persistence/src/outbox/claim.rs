//! Taking lanes on, and leaving them.

use family_plan_domain::{ClaimedLane, EndpointId, OutgoingState};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
    sea_query::{Expr, ExprTrait, Keyword, Query},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Database,
    entity::{
        outgoing_event,
        outgoing_lane::{Column, Entity, Model},
    },
    error::SqlError,
    instant::to_millis,
    retry::{self, retried},
    rows::MAX_ROWS,
};

/// How often everything that was still free may have gone to others.
const MAX_LOST: usize = 10;

/// That a lane is free is part of the statement that takes it, so that nothing is taken twice, on a Galera cluster either;
/// what is read before it only says what to try.
pub(super) async fn claim(
    database: &Database,
    endpoint: EndpointId,
    worker: Uuid,
    limit: usize,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<ClaimedLane>, SqlError> {
    let is_due = Condition::all()
        .add(Column::EndpointId.eq(Uuid::from(endpoint)))
        .add(Column::DueAt.lte(to_millis(now)));
    let claim = Claim { worker, until: to_millis(until), is_due };
    for _ in 0..MAX_LOST {
        let candidates: Vec<Uuid> = Entity::find()
            .select_only()
            .column(Column::Lane)
            .filter(claim.is_due.clone())
            .order_by_asc(Column::DueAt)
            .limit(limit.min(MAX_ROWS) as u64)
            .into_tuple()
            .all(database.reader())
            .await?;
        if candidates.is_empty() {
            break;
        }
        let claimed = retried(|| claim.take(database, &candidates)).await?;
        if !claimed.is_empty() {
            return claimed.into_iter().map(|it| it.claimed_by(worker)).collect();
        }
    }
    Ok(Vec::new())
}

struct Claim {
    worker: Uuid,
    until: i64,
    is_due: Condition,
}

impl Claim {
    async fn take(&self, database: &Database, lanes: &[Uuid]) -> Result<Vec<Model>, SqlError> {
        let transaction = database.begin().await?;
        let claimed = self.take_within(transaction.connection(), lanes).await;
        transaction.finish(claimed).await
    }

    async fn take_within(
        &self,
        transaction: &DatabaseTransaction,
        lanes: &[Uuid],
    ) -> Result<Vec<Model>, SqlError> {
        let claimed = Entity::update_many()
            .col_expr(Column::DueAt, Expr::val(self.until))
            .col_expr(Column::ClaimedBy, Expr::val(self.worker))
            .filter(self.is_due.clone())
            .filter(Column::Lane.is_in(lanes.iter().copied()))
            .exec(transaction)
            .await?;
        if claimed.rows_affected == 0 {
            return Ok(Vec::new());
        }
        let claimed = Entity::find()
            .filter(Column::Lane.is_in(lanes.iter().copied()))
            .filter(Column::ClaimedBy.eq(self.worker))
            .filter(Column::DueAt.eq(self.until))
            .all(transaction)
            .await?;
        Ok(claimed)
    }
}

/// The lane, as long as nobody took it over.
pub(super) fn is_held(lane: &ClaimedLane) -> Condition {
    Condition::all()
        .add(Column::EndpointId.eq(Uuid::from(lane.endpoint)))
        .add(Column::Lane.eq(lane.lane.0))
        .add(Column::ClaimedBy.eq(lane.worker))
        .add(Column::DueAt.eq(to_millis(lane.until)))
}

/// A lane is dropped with its last event. Whoever adds to it meanwhile, seen or not, raises its version, or makes it anew.
pub(super) async fn release(
    database: &Database,
    lane: ClaimedLane,
    at: OffsetDateTime,
) -> Result<(), SqlError> {
    let pending = Query::select()
        .expr(Expr::val(1))
        .from(outgoing_event::Entity)
        .and_where(outgoing_event::Column::EndpointId.eq(Uuid::from(lane.endpoint)))
        .and_where(outgoing_event::Column::Lane.eq(lane.lane.0))
        .and_where(outgoing_event::Column::State.eq(OutgoingState::Pending.as_str()))
        .take();
    let drop = Entity::delete_many()
        .filter(is_held(&lane))
        .filter(Column::Version.eq(lane.version))
        .filter(Expr::exists(pending).not());
    if retry::write(database, &drop.into_query()).await? == 0 {
        let leave = Entity::update_many()
            .col_expr(Column::DueAt, Expr::val(to_millis(at)))
            .col_expr(Column::ClaimedBy, Keyword::Null.into())
            .filter(is_held(&lane));
        retry::write(database, &leave.into_query()).await?;
    }
    Ok(())
}

pub(super) async fn wake(
    database: &Database,
    endpoint: EndpointId,
    at: OffsetDateTime,
) -> Result<(), SqlError> {
    let wake = Entity::update_many()
        .col_expr(Column::DueAt, Expr::val(to_millis(at)))
        .col_expr(Column::Failures, Expr::val(0))
        .col_expr(Column::FailingSince, Keyword::Null.into())
        .filter(Column::EndpointId.eq(Uuid::from(endpoint)))
        .filter(Column::ClaimedBy.is_null());
    retry::write(database, &wake.into_query()).await?;
    Ok(())
}
