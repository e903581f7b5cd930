//! [`Inbox`] in a SQL database.

mod claim;
mod settle;

use async_trait::async_trait;
use family_plan_domain::{
    ClaimedDelivery, Delivery, DeliveryId, DeliveryOutcome, DeliveryState, NewDelivery,
    ports::{Inbox, StoreError},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, Keyword},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Database,
    entity::delivery::{self, Column},
    error::SqlError,
    retry,
};

/// Keeps deliveries in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlInbox {
    database: Database,
}

impl SqlInbox {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn insert(&self, delivery: NewDelivery) -> Result<bool, SqlError> {
        let insert = delivery::Entity::insert(delivery::ActiveModel::try_from(delivery)?);
        retry::insert_unless_there(&self.database, insert, Column::Digest).await
    }

    async fn page(
        &self,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        limit: u64,
    ) -> Result<Vec<Delivery>, SqlError> {
        let mut query = delivery::Entity::find();
        if let Some(state) = state {
            query = query.filter(Column::State.eq(state.as_str()));
        }
        if let Some(before) = before {
            query = query.filter(Column::Id.lt(Uuid::from(before)));
        }
        let rows = query
            .order_by_desc(Column::Id)
            .limit(limit)
            .into_partial_model::<delivery::Listed>()
            .all(self.database.reader())
            .await?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    async fn make_pending(&self, delivery: DeliveryId) -> Result<bool, SqlError> {
        let update = delivery::Entity::update_many()
            .col_expr(Column::State, Expr::val(DeliveryState::Pending.as_str()))
            .col_expr(Column::Reason, Keyword::Null.into())
            .col_expr(Column::ClaimedBy, Keyword::Null.into())
            .col_expr(Column::ClaimedUntil, Keyword::Null.into())
            .col_expr(Column::SettledAt, Keyword::Null.into())
            .filter(Column::Id.eq(Uuid::from(delivery)));
        Ok(retry::write(&self.database, &update.into_query()).await? == 1)
    }
}

#[async_trait]
impl Inbox for SqlInbox {
    async fn receive(&self, delivery: NewDelivery) -> Result<bool, StoreError> {
        Ok(self.insert(delivery).await?)
    }

    async fn claim(
        &self,
        worker: Uuid,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        Ok(claim::claim(&self.database, worker, limit, now, until).await?)
    }

    async fn settle(
        &self,
        worker: Uuid,
        outcomes: Vec<(DeliveryId, DeliveryOutcome)>,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        Ok(settle::settle(&self.database, worker, outcomes, at).await?)
    }

    async fn list(
        &self,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.page(state, before, limit as u64).await?)
    }

    async fn replay(&self, delivery: DeliveryId) -> Result<bool, StoreError> {
        Ok(self.make_pending(delivery).await?)
    }

    async fn forget(&self, before: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        Ok(settle::forget(&self.database, before, limit).await?)
    }
}
