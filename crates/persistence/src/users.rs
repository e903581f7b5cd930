//! [`Users`] in a SQL database.

use async_trait::async_trait;
use family_plan_domain::{
    Edit, Person, UserEdit, UserId,
    ports::{StoreError, Users},
};
use sea_orm::{
    ActiveValue::{self, NotSet, Set},
    ConnectionTrait, EntityTrait, QueryTrait,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use crate::{
    Database,
    entity::user,
    error::{SqlError, asks_to_try_again},
    person,
};

/// The statement stands alone and does the same each time, so that a deadlock is nothing that a caller need know of.
const MAX_ATTEMPTS: usize = 5;

/// Keeps users in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlUsers {
    database: Database,
}

impl SqlUsers {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn read(&self, user: &UserId) -> Result<Option<Person>, SqlError> {
        let mut query = Query::select()
            .from_as(user::Entity, person::PERSON)
            .and_where(Expr::col((person::PERSON, user::Column::Id)).eq(user.as_str()))
            .take();
        person::select(&mut query);
        match self.database.reader().query_one(&query).await? {
            Some(row) => person::read(&row),
            None => Ok(None),
        }
    }

    async fn write(&self, edit: UserEdit) -> Result<(), SqlError> {
        let row = user::ActiveModel {
            id: Set(edit.id.to_string()),
            email: value(edit.email),
            name: value(edit.name),
            individual_plan: value(edit.individual_plan),
            zammad_user_id: NotSet,
        };
        let told = [
            (user::Column::Email, row.email.is_set()),
            (user::Column::Name, row.name.is_set()),
            (user::Column::IndividualPlan, row.individual_plan.is_set()),
        ];
        let told: Vec<_> =
            told.into_iter().filter_map(|(column, is_told)| is_told.then_some(column)).collect();

        let mut on_conflict = OnConflict::column(user::Column::Id);
        if told.is_empty() {
            on_conflict.do_nothing_on([user::Column::Id]);
        } else {
            on_conflict.update_columns(told);
        }
        let insert = user::Entity::insert(row).on_conflict(on_conflict).into_query();
        let _permit = self.database.write_permit().await;
        for _ in 1..MAX_ATTEMPTS {
            match self.database.reader().execute(&insert).await {
                Err(err) if asks_to_try_again(&err) => (),
                written => return Ok(written.map(drop)?),
            }
        }
        self.database.reader().execute(&insert).await?;
        Ok(())
    }
}

fn value<T: ToString>(edit: Edit<T>) -> ActiveValue<Option<String>> {
    match edit {
        Edit::Keep => NotSet,
        Edit::Set(value) => Set(value.map(|it| it.to_string())),
    }
}

#[async_trait]
impl Users for SqlUsers {
    async fn find(&self, user: UserId) -> Result<Option<Person>, StoreError> {
        Ok(self.read(&user).await?)
    }

    async fn record(&self, edit: UserEdit) -> Result<(), StoreError> {
        Ok(self.write(edit).await?)
    }
}
