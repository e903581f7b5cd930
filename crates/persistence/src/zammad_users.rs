//! [`ZammadUsers`] in a SQL database.

pub(crate) mod matches;
mod record;

use async_trait::async_trait;
use family_plan_domain::{
    MirroredUser, Sighting, UserId, ZammadUserId,
    ports::{StoreError, ZammadUsers},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Condition, Expr},
};
use time::OffsetDateTime;

use crate::{
    Database, entity::zammad_user, error::SqlError, instant::to_millis, retry::retried, rows::MAX_ROWS,
};

/// Keeps what is known of the helpdesk's users in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlZammadUsers {
    database: Database,
}

impl SqlZammadUsers {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn read(&self, user: ZammadUserId) -> Result<Option<MirroredUser>, SqlError> {
        let row = zammad_user::Entity::find_by_id(user.0).one(self.database.reader()).await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn list_unseen(
        &self,
        before: OffsetDateTime,
        after: Option<ZammadUserId>,
        limit: usize,
    ) -> Result<Vec<ZammadUserId>, SqlError> {
        use zammad_user::Column;

        let users: Vec<i64> = zammad_user::Entity::find()
            .select_only()
            .column(Column::ZammadUserId)
            .filter(Column::SeenAt.lt(to_millis(before)))
            .filter(Column::VanishedAt.is_null())
            .filter(Condition::all().add_option(after.map(|it| Column::ZammadUserId.gt(it.0))))
            .order_by_asc(Column::ZammadUserId)
            .limit(limit as u64)
            .into_tuple()
            .all(self.database.reader())
            .await?;
        Ok(users.into_iter().map(ZammadUserId).collect())
    }

    async fn mark_vanished(&self, users: &[ZammadUserId], at: OffsetDateTime) -> Result<(), SqlError> {
        use zammad_user::Column;

        zammad_user::Entity::update_many()
            .col_expr(Column::VanishedAt, Expr::val(to_millis(at)))
            .filter(Column::ZammadUserId.is_in(users.iter().map(|it| it.0)))
            .filter(Column::SeenAt.lt(to_millis(at)))
            // They have been gone since the first time that somebody missed them.
            .filter(Column::VanishedAt.is_null())
            .exec(self.database.reader())
            .await?;
        Ok(())
    }
}

#[async_trait]
impl ZammadUsers for SqlZammadUsers {
    async fn record(&self, sightings: Vec<Sighting>) -> Result<u64, StoreError> {
        Ok(record::record(&self.database, sightings).await?)
    }

    async fn find(&self, user: ZammadUserId) -> Result<Option<MirroredUser>, StoreError> {
        Ok(self.read(user).await?)
    }

    async fn not_seen_since(
        &self,
        before: OffsetDateTime,
        after: Option<ZammadUserId>,
        limit: usize,
    ) -> Result<Vec<ZammadUserId>, StoreError> {
        Ok(self.list_unseen(before, after, limit).await?)
    }

    async fn vanish(&self, users: Vec<ZammadUserId>, at: OffsetDateTime) -> Result<(), StoreError> {
        for users in users.chunks(MAX_ROWS) {
            let _permit = self.database.write_permit().await;
            retried(|| self.mark_vanished(users, at)).await?;
        }
        Ok(())
    }

    async fn matches(&self, users: Vec<ZammadUserId>) -> Result<Vec<(UserId, ZammadUserId)>, StoreError> {
        let mut all = Vec::new();
        for users in users.chunks(MAX_ROWS) {
            all.extend(matches::among(self.database.reader(), users).await?);
        }
        Ok(all)
    }

    async fn match_of(&self, user: UserId) -> Result<Option<ZammadUserId>, StoreError> {
        Ok(matches::of(self.database.reader(), &user).await?)
    }
}
