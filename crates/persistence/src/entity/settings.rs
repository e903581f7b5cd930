//! The row of `settings`.

use family_plan_domain::{
    Capacity, DetachedInvites, InviteTtl, Settings, SettingsRevision, SettingsValues, UserId,
};
use sea_orm::entity::prelude::*;

use crate::{
    error::{InColumn, SqlError},
    instant::from_millis,
};

/// The id of the only row.
pub(crate) const ID: i32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settings")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i32,
    pub(crate) user_limit: i32,
    pub(crate) invite_ttl_seconds: i32,
    pub(crate) pending_invites_hold_seats: bool,
    pub(crate) detached_invites: String,
    pub(crate) revision: i64,
    pub(crate) updated_at: i64,
    pub(crate) updated_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Settings {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let updated_by = row.updated_by.as_deref().map(UserId::new).transpose();
        Ok(Self {
            values: SettingsValues {
                user_limit: Capacity::new(row.user_limit.into()).in_column("settings.user_limit")?,
                invite_ttl: InviteTtl::new(row.invite_ttl_seconds.into())
                    .in_column("settings.invite_ttl_seconds")?,
                pending_invites_hold_seats: row.pending_invites_hold_seats,
                detached_invites: DetachedInvites::parse(&row.detached_invites)
                    .in_column("settings.detached_invites")?,
            },
            revision: SettingsRevision(row.revision),
            updated_at: from_millis(row.updated_at).in_column("settings.updated_at")?,
            updated_by: updated_by.in_column("settings.updated_by")?,
        })
    }
}
