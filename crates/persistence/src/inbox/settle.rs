//! Writing down what became of deliveries, and forgetting it.

use std::collections::BTreeMap;

use family_plan_domain::{DeliveryId, DeliveryOutcome, DeliveryState};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, Keyword},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Database,
    entity::delivery::{Column, Entity},
    error::SqlError,
    instant::to_millis,
    retry,
    rows::MAX_ROWS,
};

/// Costs a statement for each state and reason.
pub(super) async fn settle(
    database: &Database,
    worker: Uuid,
    outcomes: Vec<(DeliveryId, DeliveryOutcome)>,
    at: OffsetDateTime,
) -> Result<(), SqlError> {
    let mut same: BTreeMap<(&str, Option<String>), Vec<Uuid>> = BTreeMap::new();
    for (delivery, outcome) in outcomes {
        same.entry((outcome.state().as_str(), outcome.reason())).or_default().push(delivery.into());
    }
    for ((state, reason), ids) in same {
        for ids in ids.chunks(MAX_ROWS) {
            let settle = Entity::update_many()
                .col_expr(Column::State, Expr::val(state))
                .col_expr(Column::Reason, Expr::val(reason.clone()))
                .col_expr(Column::SettledAt, Expr::val(to_millis(at)))
                .col_expr(Column::ClaimedBy, Keyword::Null.into())
                .col_expr(Column::ClaimedUntil, Keyword::Null.into())
                .filter(Column::Id.is_in(ids.iter().copied()))
                .filter(Column::State.eq(DeliveryState::Pending.as_str()))
                .filter(Column::ClaimedBy.eq(worker));
            retry::write(database, &settle.into_query()).await?;
        }
    }
    Ok(())
}

/// In two steps, because MySQL neither bounds a subquery of a `DELETE` nor plans one well.
pub(super) async fn forget(
    database: &Database,
    before: OffsetDateTime,
    limit: usize,
) -> Result<usize, SqlError> {
    let is_over = Condition::all()
        .add(Column::State.is_in([DeliveryState::Applied, DeliveryState::Ignored].map(DeliveryState::as_str)))
        .add(Column::SettledAt.lt(to_millis(before)));
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(is_over.clone())
        .limit(limit as u64)
        .into_tuple()
        .all(database.reader())
        .await?;
    let mut n_forgotten = 0;
    for ids in ids.chunks(MAX_ROWS) {
        let forget = Entity::delete_many()
            .filter(Column::Id.is_in(ids.iter().copied()))
            // Somebody may have replayed one meanwhile.
            .filter(is_over.clone());
        n_forgotten += retry::write(database, &forget.into_query()).await?;
    }
    Ok(usize::try_from(n_forgotten).unwrap_or(usize::MAX))
}
