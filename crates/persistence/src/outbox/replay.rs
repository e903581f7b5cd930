//! Telling endpoints again.

use family_plan_domain::{EndpointId, EventFilter, EventId, Lane};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::enqueue::{Entry, enqueue, wants};
use crate::{
    Database,
    entity::{endpoint, event},
    error::SqlError,
    instant::to_millis,
    retry::retried,
    rows::MAX_ROWS,
};

pub(super) async fn one(
    database: &Database,
    endpoint: EndpointId,
    event: EventId,
    at: OffsetDateTime,
) -> Result<bool, SqlError> {
    let transaction = database.begin().await?;
    let replayed = one_within(transaction.connection(), endpoint, event, at).await;
    transaction.finish(replayed).await
}

async fn one_within(
    transaction: &DatabaseTransaction,
    endpoint: EndpointId,
    event: EventId,
    at: OffsetDateTime,
) -> Result<bool, SqlError> {
    if filter_of(transaction, endpoint).await?.is_none() {
        return Ok(false);
    }
    let event = event::Entity::find_by_id(Uuid::from(event)).one(transaction).await?;
    let Some((sequence, event)) = event.and_then(|it| Some((it.sequence?, it))) else {
        return Ok(false);
    };
    let lane = Lane::of(event.plan_id.map(Into::into)).0;
    let entry = Entry { endpoint: endpoint.into(), sequence, lane, due_at: to_millis(at) };
    enqueue(transaction, &[entry]).await?;
    Ok(true)
}

/// A batch at a time, the oldest first, so that no lane gets a later event before an earlier one.
pub(super) async fn since(
    database: &Database,
    endpoint: EndpointId,
    since: OffsetDateTime,
    at: OffsetDateTime,
) -> Result<(), SqlError> {
    use event::Column::{At, Sequence};

    let first: Option<Option<i64>> = event::Entity::find()
        .select_only()
        .expr(Expr::col(Sequence).min())
        .filter(At.gte(to_millis(since)))
        .into_tuple()
        .one(database.reader())
        .await?;
    let Some(mut next) = first.flatten() else {
        return Ok(());
    };
    let batch = Batch { endpoint, since: to_millis(since), at: to_millis(at) };
    while let Some(last) = retried(|| batch.replay(database, next)).await? {
        next = last + 1;
    }
    Ok(())
}

struct Batch {
    endpoint: EndpointId,
    since: i64,
    at: i64,
}

impl Batch {
    /// Answers the last place, if there was one.
    async fn replay(&self, database: &Database, next: i64) -> Result<Option<i64>, SqlError> {
        let transaction = database.begin().await?;
        let replayed = self.replay_within(transaction.connection(), next).await;
        transaction.finish(replayed).await
    }

    async fn replay_within(
        &self,
        transaction: &DatabaseTransaction,
        next: i64,
    ) -> Result<Option<i64>, SqlError> {
        use event::Column::{At, Kind, PlanId, Sequence};

        let Some(filter) = filter_of(transaction, self.endpoint).await? else {
            return Ok(None);
        };
        let events: Vec<(i64, Option<Uuid>, String, i64)> = event::Entity::find()
            .select_only()
            .columns([Sequence, PlanId, Kind, At])
            .filter(Sequence.gte(next))
            .order_by_asc(Sequence)
            .limit(MAX_ROWS as u64)
            .into_tuple()
            .all(transaction)
            .await?;
        let wanted = events.iter().filter(|(_, _, kind, at)| self.since <= *at && wants(&filter, kind));
        let entries: Vec<_> = wanted
            .map(|(sequence, plan, ..)| Entry {
                endpoint: self.endpoint.into(),
                sequence: *sequence,
                lane: Lane::of(plan.map(Into::into)).0,
                due_at: self.at,
            })
            .collect();
        enqueue(transaction, &entries).await?;
        Ok(events.last().map(|(sequence, ..)| *sequence))
    }
}

/// `None` when there is no such endpoint; else it stays until the commit.
async fn filter_of(
    transaction: &DatabaseTransaction,
    endpoint: EndpointId,
) -> Result<Option<EventFilter>, SqlError> {
    let row = endpoint::Entity::find_by_id(Uuid::from(endpoint)).lock_shared().one(transaction).await?;
    row.map(|it| endpoint::filter(&it.event_types)).transpose()
}
