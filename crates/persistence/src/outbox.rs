//! [`Outbox`] in a SQL database.
//!
//! What is claimed is a lane, not an event: so nobody tells an endpoint of a plan's next event before the one before it is
//! settled, and the many events behind one that fails are not even looked at.

mod claim;
pub(crate) mod enqueue;
mod replay;
mod settle;

use std::collections::BTreeMap;

use async_trait::async_trait;
use family_plan_domain::{
    Attempt, ClaimedLane, EndpointId, Event, EventId, FeedEvent, FeedPlace, Outgoing, OutgoingState,
    Settlement,
    ports::{Outbox, StoreError},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Query},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Database,
    entity::{event, outgoing_event},
    error::SqlError,
    feed::placed,
    instant::to_millis,
    retry::{self, retried},
    rows::MAX_ROWS,
};

/// Keeps in a SQL database what endpoints are to be told.
#[derive(Clone, Debug)]
pub struct SqlOutbox {
    database: Database,
}

impl SqlOutbox {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn first_of(&self, lane: ClaimedLane) -> Result<Option<FeedEvent>, SqlError> {
        use outgoing_event::Column::{EndpointId, Lane, Sequence, State};

        let first = Query::select()
            .expr(Expr::col(Sequence).min())
            .from(outgoing_event::Entity)
            .and_where(EndpointId.eq(Uuid::from(lane.endpoint)))
            .and_where(Lane.eq(lane.lane.0))
            .and_where(State.eq(OutgoingState::Pending.as_str()))
            .take();
        let row = event::Entity::find()
            .filter(Expr::col(event::Column::Sequence).eq(Expr::from(first)))
            .one(self.database.reader())
            .await?;
        row.map(placed).transpose()
    }

    async fn page(
        &self,
        endpoint: EndpointId,
        state: Option<OutgoingState>,
        before: Option<FeedPlace>,
        limit: u64,
    ) -> Result<Vec<Outgoing>, SqlError> {
        use outgoing_event::Column::{EndpointId, Sequence, State};

        let mut query = outgoing_event::Entity::find().filter(EndpointId.eq(Uuid::from(endpoint)));
        if let Some(state) = state {
            query = query.filter(State.eq(state.as_str()));
        }
        if let Some(before) = before {
            query = query.filter(Sequence.lt(before.0));
        }
        let rows = query.order_by_desc(Sequence).limit(limit).all(self.database.reader()).await?;
        let events = event::Entity::find()
            .filter(event::Column::Sequence.is_in(rows.iter().map(|it| it.sequence)))
            .all(self.database.reader())
            .await?;
        let mut about = BTreeMap::new();
        for row in events {
            about.insert(row.sequence, Event::try_from(row)?);
        }
        let with_event =
            |row: outgoing_event::Model| Some(about.get(&Some(row.sequence))?).map(|it| row.about(it));
        rows.into_iter().filter_map(with_event).collect()
    }

    /// In two steps, because MySQL neither bounds a subquery of a `DELETE` nor plans one well.
    async fn drop_delivered(&self, before: OffsetDateTime, limit: usize) -> Result<usize, SqlError> {
        use outgoing_event::Column::{AttemptedAt, EndpointId, Sequence, State};

        let is_over = || {
            let is_delivered = State.eq(OutgoingState::Delivered.as_str());
            is_delivered.and(AttemptedAt.lt(to_millis(before)))
        };
        let keys: Vec<(Uuid, i64)> = outgoing_event::Entity::find()
            .select_only()
            .columns([EndpointId, Sequence])
            .filter(is_over())
            .limit(limit.min(MAX_ROWS) as u64)
            .into_tuple()
            .all(self.database.reader())
            .await?;
        let mut by_endpoint: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
        for (endpoint, sequence) in keys {
            by_endpoint.entry(endpoint).or_default().push(sequence);
        }
        let mut n_dropped = 0;
        for (endpoint, sequences) in by_endpoint {
            let drop = outgoing_event::Entity::delete_many()
                .filter(EndpointId.eq(endpoint))
                .filter(Sequence.is_in(sequences))
                // Somebody may have replayed one meanwhile.
                .filter(is_over());
            n_dropped += retry::write(&self.database, &drop.into_query()).await?;
        }
        Ok(usize::try_from(n_dropped).unwrap_or(usize::MAX))
    }
}

#[async_trait]
impl Outbox for SqlOutbox {
    async fn claim(
        &self,
        endpoint: EndpointId,
        worker: Uuid,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<ClaimedLane>, StoreError> {
        Ok(claim::claim(&self.database, endpoint, worker, limit, now, until).await?)
    }

    async fn first(&self, lane: ClaimedLane) -> Result<Option<FeedEvent>, StoreError> {
        Ok(self.first_of(lane).await?)
    }

    async fn settle(
        &self,
        lane: ClaimedLane,
        place: FeedPlace,
        attempt: Attempt,
        settlement: Settlement,
    ) -> Result<bool, StoreError> {
        Ok(retried(|| settle::settle(&self.database, lane, place, &attempt, settlement)).await?)
    }

    async fn release(&self, lane: ClaimedLane, at: OffsetDateTime) -> Result<(), StoreError> {
        Ok(claim::release(&self.database, lane, at).await?)
    }

    async fn wake(&self, endpoint: EndpointId, at: OffsetDateTime) -> Result<(), StoreError> {
        Ok(claim::wake(&self.database, endpoint, at).await?)
    }

    async fn list(
        &self,
        endpoint: EndpointId,
        state: Option<OutgoingState>,
        before: Option<FeedPlace>,
        limit: usize,
    ) -> Result<Vec<Outgoing>, StoreError> {
        Ok(self.page(endpoint, state, before, limit as u64).await?)
    }

    async fn replay(
        &self,
        endpoint: EndpointId,
        event: EventId,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        Ok(retried(|| replay::one(&self.database, endpoint, event, at)).await?)
    }

    async fn replay_since(
        &self,
        endpoint: EndpointId,
        since: OffsetDateTime,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        Ok(replay::since(&self.database, endpoint, since, at).await?)
    }

    async fn forget(&self, before: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        Ok(self.drop_delivered(before, limit).await?)
    }
}
