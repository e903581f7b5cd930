//! [`Users`] in a SQL database.

mod link;
mod record;

use std::sync::Arc;

use async_trait::async_trait;
use family_plan_domain::{
    LinkReason, Origin, Person, UserEdit, UserId, ZammadUserId,
    ports::{Ids, LinkError, StoreError, Users},
};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    Database, connection::WriteTransaction, entity::user, error::SqlError, person, retry::retried,
    rows::MAX_ROWS, users::link::Association,
};

/// Keeps users in a SQL database.
#[derive(Clone)]
pub struct SqlUsers {
    database: Database,
    ids: Arc<dyn Ids>,
}

impl SqlUsers {
    pub(crate) fn new(database: Database, ids: Arc<dyn Ids>) -> Self {
        Self { database, ids }
    }

    async fn read(&self, which: Expr) -> Result<Vec<Person>, SqlError> {
        let mut query = Query::select().from_as(user::Entity, person::PERSON).and_where(which).take();
        person::select(&mut query);
        let rows = self.database.reader().query_all(&query).await?;
        rows.iter().filter_map(|row| person::read(row).transpose()).collect()
    }

    async fn link_once(
        &self,
        user: &UserId,
        zammad_user: ZammadUserId,
        reason: LinkReason,
        origin: &Origin,
    ) -> Result<bool, SqlError> {
        let transaction = self.database.begin().await?;
        let association = self.association(&transaction, user, origin);
        let linked = match reason {
            LinkReason::Requested => association.link_as_requested(zammad_user).await,
            LinkReason::VerifiedEmail => association.link_by_address(zammad_user).await,
        };
        self.told(transaction.finish(linked).await)
    }

    /// What changed has its events.
    fn told(&self, has_changed: Result<bool, SqlError>) -> Result<bool, SqlError> {
        if matches!(has_changed, Ok(true)) {
            self.database.tell_of_events();
        }
        has_changed
    }

    fn association<'a>(
        &'a self,
        transaction: &'a WriteTransaction,
        user: &'a UserId,
        origin: &'a Origin,
    ) -> Association<'a> {
        Association {
            transaction: transaction.connection(),
            notes_plan_writes: self.database.notes_plan_writes(),
            ids: &*self.ids,
            user,
            origin,
        }
    }

    async fn unlink_once(&self, user: &UserId, origin: &Origin) -> Result<bool, SqlError> {
        let transaction = self.database.begin().await?;
        let unlinked = self.association(&transaction, user, origin).unlink().await;
        self.told(transaction.finish(unlinked).await)
    }
}

#[async_trait]
impl Users for SqlUsers {
    async fn find(&self, user: UserId) -> Result<Option<Person>, StoreError> {
        let it = Expr::col((person::PERSON, user::Column::Id)).eq(user.as_str());
        Ok(self.read(it).await?.pop())
    }

    async fn record(&self, edit: UserEdit) -> Result<(), StoreError> {
        Ok(record::record(&self.database, &edit).await?)
    }

    async fn of_zammad_users(&self, zammad_users: Vec<ZammadUserId>) -> Result<Vec<Person>, StoreError> {
        let mut people = Vec::new();
        for zammad_users in zammad_users.chunks(MAX_ROWS) {
            let association = Expr::col((person::PERSON, user::Column::ZammadUserId));
            people.extend(self.read(association.is_in(zammad_users.iter().map(|it| it.0))).await?);
        }
        Ok(people)
    }

    async fn link(
        &self,
        user: UserId,
        zammad_user: ZammadUserId,
        reason: LinkReason,
        origin: &Origin,
    ) -> Result<bool, LinkError> {
        Ok(retried(|| self.link_once(&user, zammad_user, reason, origin)).await?)
    }

    async fn unlink(&self, user: UserId, origin: &Origin) -> Result<bool, StoreError> {
        Ok(retried(|| self.unlink_once(&user, origin)).await?)
    }
}
