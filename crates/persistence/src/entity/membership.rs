//! Rows of `memberships`.

use family_plan_domain::{Member, PlanId};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use crate::instant::to_millis;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) plan_id: Uuid,
    pub(crate) user_id: String,
    pub(crate) invite_id: Option<Uuid>,
    pub(crate) joined_at: i64,
    pub(crate) left_at: Option<i64>,
    pub(crate) active_user_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row of a member who just joined.
pub(crate) fn joined(id: Uuid, plan: PlanId, member: &Member) -> ActiveModel {
    ActiveModel {
        id: Set(id),
        plan_id: Set(plan.into()),
        user_id: Set(member.user.id.to_string()),
        invite_id: Set(member.joined_by.as_ref().map(|it| it.invite.into())),
        joined_at: Set(to_millis(member.joined_at)),
        left_at: Set(None),
        active_user_id: Set(Some(member.user.id.to_string())),
    }
}
