//! How full all plans are.

use family_plan_domain::{Capacity, Occupancy};
use sea_orm::{
    ColumnTrait, ConnectionTrait, JoinType,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement},
};

use crate::{
    entity::{membership, plan},
    error::{InColumn, SqlError},
};

const EXCESS: &str = "excess";
const PLANS: &str = "n_plans";

/// Counts the plans that have equally many people more, or less, than seats. There are at most 200 such groups, however
/// many plans there are; sums would have another type on every engine.
pub(super) async fn of_plans(
    connection: &impl ConnectionTrait,
    user_limit: Capacity,
) -> Result<Occupancy, SqlError> {
    let query = Query::select()
        .column(EXCESS)
        .expr_as(Expr::col(EXCESS).count(), PLANS)
        .from_subquery(each_plan(user_limit), Alias::new("each_plan"))
        .group_by_col(EXCESS)
        .take();
    let mut occupancy = Occupancy::default();
    for row in connection.query_all(&query).await? {
        let n_plans: i64 = row.try_get("", PLANS)?;
        occupancy = occupancy.and(u64::try_from(n_plans).in_column(PLANS)?, row.try_get("", EXCESS)?);
    }
    Ok(occupancy)
}

/// Every plan has an owner, so that none is lost by the join.
fn each_plan(user_limit: Capacity) -> SelectStatement {
    use plan::Column::{ClosedAt, Id, UserLimit};

    let limit =
        Func::coalesce([Expr::col((plan::Entity, UserLimit)), Expr::val(i64::from(user_limit.get()))]);
    Query::select()
        // Of a column that the index has, so that nothing else is read.
        .expr_as(membership::Column::ActiveUserId.count().sub(limit), EXCESS)
        .from(plan::Entity)
        .join(
            JoinType::InnerJoin,
            membership::Entity,
            Expr::col((membership::Entity, membership::Column::PlanId))
                .equals((plan::Entity, Id))
                .and(membership::Column::ActiveUserId.is_not_null()),
        )
        .and_where(ClosedAt.is_null())
        .group_by_columns([(plan::Entity, Id), (plan::Entity, UserLimit)])
        .take()
}
