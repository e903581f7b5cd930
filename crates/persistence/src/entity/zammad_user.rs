//! Rows of `zammad_users`.

use family_plan_domain::{MirroredUser, Sighting, ZammadUser, ZammadUserId};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use crate::{
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "zammad_users")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) zammad_user_id: i64,
    pub(crate) email: Option<String>,
    pub(crate) firstname: String,
    pub(crate) lastname: String,
    pub(crate) active: bool,
    pub(crate) updated_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) vanished_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for MirroredUser {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let vanished_at = row.vanished_at.map(from_millis).transpose();
        Ok(Self {
            user: ZammadUser {
                id: ZammadUserId(row.zammad_user_id),
                email: row.email,
                firstname: row.firstname,
                lastname: row.lastname,
                active: row.active,
                updated_at: from_millis(row.updated_at).in_column("zammad_users.updated_at")?,
            },
            seen_at: from_millis(row.seen_at).in_column("zammad_users.seen_at")?,
            vanished_at: vanished_at.in_column("zammad_users.vanished_at")?,
        })
    }
}

impl From<&Sighting> for ActiveModel {
    fn from(sighting: &Sighting) -> Self {
        let user = &sighting.user;
        Self {
            zammad_user_id: Set(user.id.0),
            email: Set(user.email.clone()),
            firstname: Set(user.firstname.clone()),
            lastname: Set(user.lastname.clone()),
            active: Set(user.active),
            updated_at: Set(to_millis(user.updated_at)),
            seen_at: Set(to_millis(sighting.at)),
            vanished_at: Set(None),
        }
    }
}
