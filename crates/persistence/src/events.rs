//! Writing events and reading a plan's history.

use family_plan_domain::{Event, EventCursor, PlanId};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::ExprTrait,
};
use uuid::Uuid;

use crate::{
    entity::{event, plan},
    error::SqlError,
    rows::MAX_ROWS,
};

/// Writes all of `events`, almost always in one statement: engines bound how many values one may have.
pub(crate) async fn insert(transaction: &DatabaseTransaction, events: Vec<Event>) -> Result<(), SqlError> {
    let rows = events.into_iter().map(event::ActiveModel::try_from).collect::<Result<Vec<_>, _>>()?;
    for rows in rows.chunks(MAX_ROWS) {
        event::Entity::insert_many(rows.to_vec()).exec_without_returning(transaction).await?;
    }
    Ok(())
}

pub(crate) async fn of_plan(
    connection: &impl ConnectionTrait,
    plan: PlanId,
    after: Option<EventCursor>,
    limit: u64,
) -> Result<Vec<Event>, SqlError> {
    use event::Column::{PlanId, Position, Revision};

    let after = after.map(|it| {
        let later_in_the_same_save = Revision.eq(it.revision).and(Position.gt(i64::from(it.position)));
        Condition::any().add(Revision.gt(it.revision)).add(later_in_the_same_save)
    });
    let is_open = plan::Entity::find()
        .select_only()
        .column(plan::Column::Id)
        .filter(plan::Column::Id.eq(Uuid::from(plan)))
        .filter(plan::Column::ClosedAt.is_null())
        .into_query();
    let rows = event::Entity::find()
        .filter(PlanId.in_subquery(is_open))
        .filter(Condition::all().add_option(after))
        .order_by_asc(Revision)
        .order_by_asc(Position)
        .limit(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(Event::try_from).collect()
}
