//! [`Syncs`] in a SQL database.

use async_trait::async_trait;
use family_plan_domain::{
    Sync,
    ports::{SaveError, StoreError, Syncs},
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryTrait};

use crate::{
    Database,
    entity::sync::{ActiveModel, Column, Entity, ID},
    error::SqlError,
    retry,
};

/// Keeps the record of pulls in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlSyncs {
    database: Database,
}

impl SqlSyncs {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn read(&self) -> Result<Sync, SqlError> {
        Entity::find_by_id(ID)
            .one(self.database.reader())
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the record of pulls".to_owned()))?
            .try_into()
    }

    async fn write(&self, sync: Sync) -> Result<(), SqlError> {
        let replaced = sync.revision;
        let save = Entity::update_many()
            .set(ActiveModel::try_from(sync)?)
            .filter(Column::Id.eq(ID))
            .filter(Column::Revision.eq(replaced));
        let n_written = retry::write(&self.database, &save.into_query()).await?;
        if n_written == 1 { Ok(()) } else { Err(SqlError::Stale) }
    }
}

#[async_trait]
impl Syncs for SqlSyncs {
    async fn load(&self) -> Result<Sync, StoreError> {
        Ok(self.read().await?)
    }

    async fn save(&self, sync: Sync) -> Result<(), SaveError> {
        Ok(self.write(sync).await?)
    }
}
