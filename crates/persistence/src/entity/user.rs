//! Rows of `users`.

use family_plan_domain::{Email, IndividualPlan, PersonName, User, UserId, ZammadUserId};
use sea_orm::entity::prelude::*;

use crate::error::{InColumn, SqlError};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: String,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) individual_plan: Option<String>,
    pub(crate) zammad_user_id: Option<i64>,
    pub(crate) verified_email: Option<String>,
    pub(crate) zammad_unlinked_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for User {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let email = row.email.as_deref().map(Email::new).transpose();
        let verified_email = row.verified_email.as_deref().map(Email::new).transpose();
        let name = row.name.as_deref().map(PersonName::new).transpose();
        let individual_plan = row.individual_plan.as_deref().map(IndividualPlan::new).transpose();
        Ok(Self {
            id: UserId::new(&row.id).in_column("users.id")?,
            email: email.in_column("users.email")?,
            verified_email: verified_email.in_column("users.verified_email")?,
            name: name.in_column("users.name")?,
            individual_plan: individual_plan.in_column("users.individual_plan")?,
            zammad_user_id: row.zammad_user_id.map(ZammadUserId),
        })
    }
}
