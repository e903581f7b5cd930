//! Writing events and reading a plan's history.

use family_plan_domain::{Event, EventCursor, EventKind, PlanId, SettingsChange, SettingsRevision};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::ExprTrait,
};
use uuid::Uuid;

use crate::{
    entity::{event, plan},
    error::{InColumn, SqlError},
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

/// The latest first, those before the one that made the revision `before`.
pub(crate) async fn of_settings(
    connection: &impl ConnectionTrait,
    before: Option<SettingsRevision>,
    limit: u64,
) -> Result<Vec<SettingsChange>, SqlError> {
    use event::Column::{Kind, PlanId, Revision};

    let rows = event::Entity::find()
        .filter(PlanId.is_null())
        // What else happens outside of plans has the revision 0, and there can be much of it.
        .filter(Revision.gt(0))
        .filter(Kind.eq(EventKind::SettingsUpdated.as_str()))
        .filter(Condition::all().add_option(before.map(|it| Revision.lt(it.0))))
        .order_by_desc(Revision)
        .limit(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(settings_change).collect()
}

fn settings_change(row: event::Model) -> Result<SettingsChange, SqlError> {
    let told = SettingsChange::told_by(&row.try_into()?);
    told.ok_or("it tells of no change of the settings").in_column("events.data")
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
