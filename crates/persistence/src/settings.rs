//! [`SettingsStore`] in a SQL database.

use std::sync::Arc;

use async_trait::async_trait;
use family_plan_domain::{
    Event, Origin, Settings, SettingsChange, SettingsRevision, SettingsValues,
    ports::{Ids, SaveError, SettingsStore, StoreError},
};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, sea_query::Expr};

use crate::{Database, entity::settings, error::SqlError, events, instant::to_millis};

/// Keeps the settings in a SQL database.
#[derive(Clone)]
pub struct SqlSettings {
    database: Database,
    ids: Arc<dyn Ids>,
}

impl SqlSettings {
    pub(crate) fn new(database: Database, ids: Arc<dyn Ids>) -> Self {
        Self { database, ids }
    }

    async fn read(&self) -> Result<Settings, SqlError> {
        settings::Entity::find_by_id(settings::ID)
            .one(self.database.reader())
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the settings".to_owned()))?
            .try_into()
    }

    async fn write(
        &self,
        revision: SettingsRevision,
        values: SettingsValues,
        origin: &Origin,
    ) -> Result<Settings, SqlError> {
        let current = self.read().await?;
        if current.revision != revision {
            return Err(SqlError::Stale);
        }
        if current.values == values {
            return Ok(current);
        }
        let (settings, event) = current.replaced_by(values, self.ids.next().into(), origin);
        let transaction = self.database.begin().await?;
        let replaced = replace(transaction.connection(), revision, &settings, event).await;
        transaction.finish(replaced).await?;
        self.database.tell_of_events();
        Ok(settings)
    }
}

async fn replace(
    transaction: &DatabaseTransaction,
    replaced: SettingsRevision,
    settings: &Settings,
    event: Event,
) -> Result<(), SqlError> {
    use settings::Column;

    let values = &settings.values;
    let written = settings::Entity::update_many()
        .col_expr(Column::UserLimit, Expr::val(values.user_limit.get()))
        .col_expr(Column::InviteTtlSeconds, Expr::val(values.invite_ttl.seconds()))
        .col_expr(Column::PendingInvitesHoldSeats, Expr::val(values.pending_invites_hold_seats))
        .col_expr(Column::DetachedInvites, Expr::val(values.detached_invites.as_str()))
        .col_expr(Column::Revision, Expr::val(settings.revision.0))
        .col_expr(Column::UpdatedAt, Expr::val(to_millis(settings.updated_at)))
        .col_expr(Column::UpdatedBy, Expr::val(settings.updated_by.as_ref().map(ToString::to_string)))
        .filter(Column::Id.eq(settings::ID))
        .filter(Column::Revision.eq(replaced.0))
        .exec(transaction)
        .await?;
    if written.rows_affected != 1 {
        return Err(SqlError::Stale);
    }
    events::insert(transaction, vec![event]).await
}

#[async_trait]
impl SettingsStore for SqlSettings {
    async fn load(&self) -> Result<Settings, StoreError> {
        Ok(self.read().await?)
    }

    async fn replace(
        &self,
        revision: SettingsRevision,
        values: SettingsValues,
        origin: &Origin,
    ) -> Result<Settings, SaveError> {
        Ok(self.write(revision, values, origin).await?)
    }

    async fn history(
        &self,
        before: Option<SettingsRevision>,
        limit: usize,
    ) -> Result<Vec<SettingsChange>, StoreError> {
        Ok(events::of_settings(self.database.reader(), before, limit as u64).await?)
    }
}
