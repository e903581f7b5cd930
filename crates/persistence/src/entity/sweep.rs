//! The row of `zammad_sweeps`.

use family_plan_domain::{Sweep, ZammadAccount};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    entity::prelude::*,
};

use crate::{
    entity::lease,
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
};

/// The id of the only row.
pub(crate) const ID: i32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "zammad_sweeps")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i32,
    pub(crate) revision: i64,
    pub(crate) lease_holder: Option<Uuid>,
    pub(crate) lease_until: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    pub(crate) account: Option<i64>,
    pub(crate) account_since: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Sweep {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let lease = lease::read(row.lease_holder, row.lease_until);
        let finished_at = row.finished_at.map(from_millis).transpose();
        let account_since = row.account_since.map(from_millis).transpose();
        Ok(Self {
            revision: row.revision,
            lease: lease.in_column("zammad_sweeps.lease_until")?,
            finished_at: finished_at.in_column("zammad_sweeps.finished_at")?,
            account: row.account.map(ZammadAccount),
            account_since: account_since.in_column("zammad_sweeps.account_since")?,
        })
    }
}

/// The row as the next save writes it.
impl From<Sweep> for ActiveModel {
    fn from(sweep: Sweep) -> Self {
        Self {
            id: NotSet,
            revision: Set(sweep.revision + 1),
            lease_holder: Set(sweep.lease.map(|it| it.holder)),
            lease_until: Set(sweep.lease.map(|it| to_millis(it.until))),
            finished_at: Set(sweep.finished_at.map(to_millis)),
            account: Set(sweep.account.map(|it| it.0)),
            account_since: Set(sweep.account_since.map(to_millis)),
        }
    }
}
