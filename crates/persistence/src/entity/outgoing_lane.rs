//! Rows of `outgoing_lanes`: what an endpoint is told of one after the other.

use family_plan_domain::{ClaimedLane, Lane};
use sea_orm::entity::prelude::*;

use crate::{
    error::{InColumn, SqlError},
    instant::from_millis,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outgoing_lanes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) endpoint_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) lane: Uuid,
    pub(crate) due_at: i64,
    pub(crate) claimed_by: Option<Uuid>,
    pub(crate) version: i64,
    pub(crate) failures: i32,
    pub(crate) failing_since: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The lane as `worker` has it.
    pub(crate) fn claimed_by(self, worker: Uuid) -> Result<ClaimedLane, SqlError> {
        let failing_since = self.failing_since.map(from_millis).transpose();
        Ok(ClaimedLane {
            endpoint: self.endpoint_id.into(),
            lane: Lane(self.lane),
            worker,
            until: from_millis(self.due_at).in_column("outgoing_lanes.due_at")?,
            version: self.version,
            n_failures: u32::try_from(self.failures).in_column("outgoing_lanes.failures")?,
            failing_since: failing_since.in_column("outgoing_lanes.failing_since")?,
        })
    }
}
