//! Rows of `plans`.

use family_plan_domain::{Capacity, PlanName, PlanParts, UserId};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use crate::{
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plans")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) owner_id: String,
    pub(crate) user_limit: Option<i32>,
    pub(crate) revision: i64,
    pub(crate) created_at: i64,
    pub(crate) closed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The plan without anybody in it.
impl TryFrom<Model> for PlanParts {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let user_limit = row.user_limit.map(|it| Capacity::new(it.into())).transpose();
        Ok(Self {
            id: row.id.into(),
            name: PlanName::new(&row.name).in_column("plans.name")?,
            owner: UserId::new(&row.owner_id).in_column("plans.owner_id")?,
            user_limit: user_limit.in_column("plans.user_limit")?,
            created_at: from_millis(row.created_at).in_column("plans.created_at")?,
            revision: row.revision,
            members: Vec::new(),
            invites: Vec::new(),
        })
    }
}

/// A plan that was never saved.
impl From<&family_plan_domain::Plan> for ActiveModel {
    fn from(plan: &family_plan_domain::Plan) -> Self {
        Self {
            id: Set(plan.id().into()),
            name: Set(plan.name().to_string()),
            owner_id: Set(plan.owner().to_string()),
            user_limit: Set(limit(plan)),
            revision: Set(plan.revision()),
            created_at: Set(to_millis(plan.created_at())),
            closed_at: Set(None),
        }
    }
}

pub(crate) fn limit(plan: &family_plan_domain::Plan) -> Option<i32> {
    plan.user_limit().map(|it| i32::try_from(it.get()).expect("a capacity is at most 100"))
}
