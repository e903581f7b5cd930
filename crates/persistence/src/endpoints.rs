//! [`Endpoints`] in a SQL database.

use async_trait::async_trait;
use family_plan_domain::{
    Endpoint, EndpointId, KeptAnswer,
    ports::{Endpoints, SaveError, SaveOnceError, StoreError},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QueryTrait, UpdateMany,
    sea_query::Expr,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    Database,
    entity::endpoint::{ActiveModel, Column, Entity},
    error::SqlError,
    feed, idempotency_keys,
    instant::to_millis,
    retry::{self, retried},
};

/// How exactly it is known when an endpoint last took an event: else every event would write it anew.
const SUCCESS_PRECISION: Duration = Duration::MINUTE;

/// Keeps endpoints in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlEndpoints {
    database: Database,
}

impl SqlEndpoints {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Whoever gives events their places, and tells endpoints of them, waits until the commit, or is done before.
    async fn insert(&self, endpoint: &Endpoint, answer: Option<&KeptAnswer>) -> Result<(), SqlError> {
        let row = ActiveModel {
            id: Set(endpoint.id.into()),
            revision: Set(endpoint.revision),
            created_at: Set(to_millis(endpoint.created_at)),
            ..ActiveModel::from(endpoint.clone())
        };
        let transaction = self.database.begin().await?;
        let inserted = async {
            feed::lock(transaction.connection()).await?;
            Entity::insert(row).exec_without_returning(transaction.connection()).await?;
            match answer {
                None => Ok(()),
                Some(answer) => idempotency_keys::answer(transaction.connection(), answer).await,
            }
        };
        let inserted = inserted.await;
        transaction.finish(inserted).await
    }

    async fn delete(&self, endpoint: EndpointId) -> Result<bool, SqlError> {
        let transaction = self.database.begin().await?;
        let deleted = async {
            feed::lock(transaction.connection()).await?;
            let deleted = Entity::delete_by_id(Uuid::from(endpoint)).exec(transaction.connection()).await?;
            Ok(deleted.rows_affected == 1)
        };
        let deleted = deleted.await;
        transaction.finish(deleted).await
    }

    async fn replace(&self, endpoint: Endpoint) -> Result<(), SqlError> {
        let n_written = retry::write(&self.database, &replacement(endpoint).into_query()).await?;
        if n_written == 1 { Ok(()) } else { Err(SqlError::Stale) }
    }

    async fn replace_once(&self, endpoint: Endpoint, answer: &KeptAnswer) -> Result<(), SqlError> {
        let transaction = self.database.begin().await?;
        let replaced = async {
            let written = replacement(endpoint).exec(transaction.connection()).await?;
            if written.rows_affected != 1 {
                return Err(SqlError::Stale);
            }
            idempotency_keys::answer(transaction.connection(), answer).await
        };
        let replaced = replaced.await;
        transaction.finish(replaced).await
    }

    async fn write_success(&self, endpoint: EndpointId, at: OffsetDateTime) -> Result<(), SqlError> {
        let is_old = Condition::any()
            .add(Column::LastSuccessAt.is_null())
            .add(Column::LastSuccessAt.lte(to_millis(at - SUCCESS_PRECISION)));
        let note = Entity::update_many()
            .col_expr(Column::LastSuccessAt, Expr::val(to_millis(at)))
            .filter(Column::Id.eq(Uuid::from(endpoint)))
            .filter(is_old);
        retry::write(&self.database, &note.into_query()).await?;
        Ok(())
    }

    async fn all(&self) -> Result<Vec<Endpoint>, SqlError> {
        let rows = Entity::find().order_by_asc(Column::Id).all(self.database.reader()).await?;
        rows.into_iter().map(Endpoint::try_from).collect()
    }

    async fn one(&self, endpoint: EndpointId) -> Result<Option<Endpoint>, SqlError> {
        let row = Entity::find_by_id(Uuid::from(endpoint)).one(self.database.reader()).await?;
        row.map(Endpoint::try_from).transpose()
    }
}

/// That nobody else replaced it is part of the statement.
fn replacement(endpoint: Endpoint) -> UpdateMany<Entity> {
    let (id, replaced) = (endpoint.id, endpoint.revision);
    Entity::update_many()
        .set(ActiveModel::from(endpoint))
        .filter(Column::Id.eq(Uuid::from(id)))
        .filter(Column::Revision.eq(replaced))
}

#[async_trait]
impl Endpoints for SqlEndpoints {
    async fn add(&self, endpoint: Endpoint) -> Result<(), StoreError> {
        Ok(retried(|| self.insert(&endpoint, None)).await?)
    }

    async fn add_once(&self, endpoint: Endpoint, answer: KeptAnswer) -> Result<(), SaveOnceError> {
        Ok(retried(|| self.insert(&endpoint, Some(&answer))).await?)
    }

    async fn list(&self) -> Result<Vec<Endpoint>, StoreError> {
        Ok(self.all().await?)
    }

    async fn find(&self, endpoint: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        Ok(self.one(endpoint).await?)
    }

    async fn save(&self, endpoint: Endpoint) -> Result<(), SaveError> {
        Ok(self.replace(endpoint).await?)
    }

    async fn save_once(&self, endpoint: Endpoint, answer: KeptAnswer) -> Result<(), SaveOnceError> {
        Ok(self.replace_once(endpoint, &answer).await?)
    }

    async fn note_success(&self, endpoint: EndpointId, at: OffsetDateTime) -> Result<(), StoreError> {
        Ok(self.write_success(endpoint, at).await?)
    }

    async fn remove(&self, endpoint: EndpointId) -> Result<bool, StoreError> {
        Ok(retried(|| self.delete(endpoint)).await?)
    }
}
