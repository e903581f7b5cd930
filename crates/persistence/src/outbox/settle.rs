//! Writing down how attempts went.

use family_plan_domain::{Attempt, ClaimedLane, FeedPlace, OutgoingState, Settlement};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Func, Keyword},
};
use uuid::Uuid;

use super::claim::is_held;
use crate::{
    Database,
    entity::{outgoing_event, outgoing_lane},
    error::SqlError,
    instant::to_millis,
};

pub(super) async fn settle(
    database: &Database,
    lane: ClaimedLane,
    place: FeedPlace,
    attempt: &Attempt,
    settlement: Settlement,
) -> Result<bool, SqlError> {
    let transaction = database.begin().await?;
    let settled = settle_within(transaction.connection(), lane, place, attempt, settlement).await;
    transaction.finish(settled).await
}

async fn settle_within(
    transaction: &DatabaseTransaction,
    lane: ClaimedLane,
    place: FeedPlace,
    attempt: &Attempt,
    settlement: Settlement,
) -> Result<bool, SqlError> {
    use outgoing_event::Column::{AttemptedAt, Attempts, EndpointId, Failure, Sequence, State, Status};

    if !step(transaction, lane, attempt, settlement).await? {
        return Ok(false);
    }
    let state = match settlement {
        Settlement::Delivered => OutgoingState::Delivered,
        Settlement::GivenUp => OutgoingState::Failed,
        Settlement::Retry(_) | Settlement::Kept => OutgoingState::Pending,
    };
    outgoing_event::Entity::update_many()
        .col_expr(State, Expr::val(state.as_str()))
        .col_expr(Attempts, Expr::col(Attempts).add(1))
        .col_expr(AttemptedAt, Expr::val(to_millis(attempt.at)))
        .col_expr(Status, Expr::val(attempt.status.map(i32::from)))
        .col_expr(Failure, Expr::val(attempt.failure.clone()))
        .filter(EndpointId.eq(Uuid::from(lane.endpoint)))
        .filter(Sequence.eq(place.0))
        .exec(transaction)
        .await?;
    Ok(true)
}

/// Comes first on purpose: it locks the lane, and lets nobody pass who lost it.
async fn step(
    transaction: &DatabaseTransaction,
    lane: ClaimedLane,
    attempt: &Attempt,
    settlement: Settlement,
) -> Result<bool, SqlError> {
    use outgoing_lane::Column::{ClaimedBy, DueAt, FailingSince, Failures};

    let lanes = outgoing_lane::Entity::update_many().filter(is_held(&lane));
    let at = to_millis(attempt.at);
    let stepped = match settlement {
        Settlement::Retry(due_at) => lanes
            .col_expr(DueAt, Expr::val(to_millis(due_at)))
            .col_expr(ClaimedBy, Keyword::Null.into())
            .col_expr(Failures, Expr::col(Failures).add(1))
            .col_expr(FailingSince, Func::coalesce([Expr::col(FailingSince), Expr::val(at)]).into()),
        Settlement::Delivered | Settlement::GivenUp => {
            lanes.col_expr(Failures, Expr::val(0)).col_expr(FailingSince, Keyword::Null.into())
        }
        Settlement::Kept => lanes
            .col_expr(DueAt, Expr::val(at))
            .col_expr(ClaimedBy, Keyword::Null.into())
            .col_expr(Failures, Expr::val(0))
            .col_expr(FailingSince, Keyword::Null.into()),
    };
    Ok(stepped.exec(transaction).await?.rows_affected == 1)
}
