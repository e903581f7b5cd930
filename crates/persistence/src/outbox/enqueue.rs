//! Putting events into the outbox of endpoints.

use std::collections::BTreeMap;

use family_plan_domain::{EventFilter, EventKind, OutgoingState};
use sea_orm::{
    ActiveValue::Set,
    DatabaseTransaction, EntityTrait, QuerySelect,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use uuid::Uuid;

use crate::{
    entity::{endpoint, outgoing_event, outgoing_lane},
    error::SqlError,
    rows::MAX_ROWS,
};

/// An event for an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) endpoint: Uuid,
    pub(crate) sequence: i64,
    pub(crate) lane: Uuid,
    /// When the lane is due, unless it is already, or waits.
    pub(crate) due_at: i64,
}

/// What each endpoint wants to be told of.
pub(crate) async fn filters(transaction: &DatabaseTransaction) -> Result<Vec<(Uuid, EventFilter)>, SqlError> {
    use endpoint::Column::{EventTypes, Id};

    let rows: Vec<(Uuid, String)> = endpoint::Entity::find()
        .select_only()
        .columns([Id, EventTypes])
        .into_tuple()
        .all(transaction)
        .await?;
    rows.into_iter().map(|(id, types)| Ok((id, endpoint::filter(&types)?))).collect()
}

/// Whether an event of that kind, as its column has it, is wanted. What this version does not know, nobody chose.
pub(crate) fn wants(filter: &EventFilter, kind: &str) -> bool {
    EventKind::parse(kind).map_or(filter.kinds().is_empty(), |it| filter.wants(it))
}

/// Makes entries pending, whether they are new or were before.
pub(crate) async fn enqueue(transaction: &DatabaseTransaction, entries: &[Entry]) -> Result<(), SqlError> {
    for entries in entries.chunks(MAX_ROWS) {
        let rows = entries.iter().map(|it| outgoing_event::ActiveModel {
            endpoint_id: Set(it.endpoint),
            sequence: Set(it.sequence),
            lane: Set(it.lane),
            state: Set(OutgoingState::Pending.as_str().to_owned()),
            attempts: Set(0),
            attempted_at: Set(None),
            status: Set(None),
            failure: Set(None),
        });
        outgoing_event::Entity::insert_many(rows)
            .on_conflict(pending_again())
            .exec_without_returning(transaction)
            .await?;
    }
    // Those who do so at the same time lock the rows in the same order.
    let mut lanes = BTreeMap::new();
    for Entry { endpoint, lane, due_at, .. } in entries {
        lanes.entry((*endpoint, *lane)).or_insert(*due_at);
    }
    let lanes: Vec<_> = lanes.into_iter().collect();
    for lanes in lanes.chunks(MAX_ROWS) {
        let rows = lanes.iter().map(|((endpoint, lane), due_at)| outgoing_lane::ActiveModel {
            endpoint_id: Set(*endpoint),
            lane: Set(*lane),
            due_at: Set(*due_at),
            claimed_by: Set(None),
            version: Set(0),
            failures: Set(0),
            failing_since: Set(None),
        });
        outgoing_lane::Entity::insert_many(rows)
            .on_conflict(longer())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// How often it was sent stays.
fn pending_again() -> OnConflict {
    use outgoing_event::Column::{AttemptedAt, EndpointId, Failure, Sequence, State, Status};

    OnConflict::columns([EndpointId, Sequence])
        .update_columns([State, AttemptedAt, Status, Failure])
        .to_owned()
}

fn longer() -> OnConflict {
    use outgoing_lane::{
        Column::{EndpointId, Lane, Version},
        Entity,
    };

    OnConflict::columns([EndpointId, Lane]).value(Version, Expr::col((Entity, Version)).add(1)).to_owned()
}
