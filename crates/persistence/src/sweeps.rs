//! [`Sweeps`] in a SQL database.

use async_trait::async_trait;
use family_plan_domain::{
    Sweep,
    ports::{SaveError, StoreError, Sweeps},
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryTrait};

use crate::{
    Database,
    entity::sweep::{ActiveModel, Column, Entity, ID},
    error::SqlError,
    retry,
};

/// Keeps the record of sweeps in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlSweeps {
    database: Database,
}

impl SqlSweeps {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn read(&self) -> Result<Sweep, SqlError> {
        Entity::find_by_id(ID)
            .one(self.database.reader())
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the record of sweeps".to_owned()))?
            .try_into()
    }

    async fn write(&self, sweep: Sweep) -> Result<(), SqlError> {
        let replaced = sweep.revision;
        let save = Entity::update_many()
            .set(ActiveModel::from(sweep))
            .filter(Column::Id.eq(ID))
            .filter(Column::Revision.eq(replaced));
        let n_written = retry::write(&self.database, &save.into_query()).await?;
        if n_written == 1 { Ok(()) } else { Err(SqlError::Stale) }
    }
}

#[async_trait]
impl Sweeps for SqlSweeps {
    async fn load(&self) -> Result<Sweep, StoreError> {
        Ok(self.read().await?)
    }

    async fn save(&self, sweep: Sweep) -> Result<(), SaveError> {
        Ok(self.write(sweep).await?)
    }
}
