//! Lists: plans with their seats counted, and the invites of a plan.

use family_plan_domain::{
    Invite, InviteId, InviteStatus, PlanId, PlanParts, Seats, Settings, UserId, ports::ListedPlan,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    QueryTrait,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    entity::{invite, membership, plan, settings},
    error::{InColumn, SqlError},
    instant::to_millis,
    rows,
};

const PLANS: &str = "plans";
const SETTINGS: &str = "settings";
const MEMBERS: &str = "n_members";
const UNUSED: &str = "n_unused";

pub(super) async fn plans(
    connection: &impl ConnectionTrait,
    owner: Option<&UserId>,
    after: Option<PlanId>,
    limit: u64,
    now: OffsetDateTime,
) -> Result<Vec<ListedPlan>, SqlError> {
    let mut query = Query::select();
    rows::select::<plan::Entity>(&mut query, PLANS);
    rows::select::<settings::Entity>(&mut query, SETTINGS);
    query
        .expr_as(members(), MEMBERS)
        .expr_as(unused_invites(now), UNUSED)
        .from(plan::Entity)
        .join(JoinType::InnerJoin, settings::Entity, settings::Column::Id.eq(settings::ID))
        .and_where(plan::Column::ClosedAt.is_null())
        .and_where_option(owner.map(|it| plan::Column::OwnerId.eq(it.as_str())))
        .and_where_option(after.map(|it| plan::Column::Id.gt(Uuid::from(it))))
        .order_by((PLANS, plan::Column::Id), Order::Asc)
        .limit(limit);
    let rows = connection.query_all(&query).await?;
    rows.iter().map(read).collect()
}

fn members() -> SelectStatement {
    use membership::Column;

    Query::select()
        .expr(Column::Id.count())
        .from(membership::Entity)
        .and_where(Expr::col((membership::Entity, Column::PlanId)).equals((PLANS, plan::Column::Id)))
        .and_where(Column::ActiveUserId.is_not_null())
        .take()
}

/// The invites that hold a seat, if invites do.
fn unused_invites(now: OffsetDateTime) -> SelectStatement {
    use invite::Column;

    Query::select()
        .expr(Column::Id.count())
        .from(invite::Entity)
        .and_where(Expr::col((invite::Entity, Column::PlanId)).equals((PLANS, plan::Column::Id)))
        .and_where(Column::State.eq(invite::OPEN))
        .and_where(Column::ExpiresAt.gt(to_millis(now)))
        .and_where(Column::Reopened.eq(false))
        .take()
}

fn read(row: &QueryResult) -> Result<ListedPlan, SqlError> {
    let plan = PlanParts::try_from(rows::read::<plan::Model>(row, PLANS)?)?;
    let settings = Settings::try_from(rows::read::<settings::Model>(row, SETTINGS)?)?.values;
    let n_members: i64 = row.try_get("", MEMBERS)?;
    let n_unused: i64 = row.try_get("", UNUSED)?;
    let seats = Seats {
        limit: plan.user_limit.unwrap_or(settings.user_limit).get(),
        used: u32::try_from(n_members).in_column(MEMBERS)?,
        held: if settings.pending_invites_hold_seats {
            u32::try_from(n_unused).in_column(UNUSED)?
        } else {
            0
        },
    };
    Ok(ListedPlan {
        id: plan.id,
        name: plan.name,
        owner: plan.owner,
        user_limit: plan.user_limit,
        seats,
        created_at: plan.created_at,
    })
}

pub(super) async fn invites(
    connection: &impl ConnectionTrait,
    plan: PlanId,
    status: Option<InviteStatus>,
    after: Option<InviteId>,
    limit: u64,
    now: OffsetDateTime,
) -> Result<Vec<Invite>, SqlError> {
    use invite::Column;

    let is_open = plan::Entity::find()
        .select_only()
        .column(plan::Column::Id)
        .filter(plan::Column::Id.eq(Uuid::from(plan)))
        .filter(plan::Column::ClosedAt.is_null())
        .into_query();
    let mut query = invite::Entity::find().filter(Column::PlanId.in_subquery(is_open));
    if let Some(status) = status {
        query = query.filter(has_status(status, now));
    }
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(Uuid::from(after)));
    }
    let rows = query.order_by_asc(Column::Id).limit(limit).all(connection).await?;
    rows.into_iter().map(Invite::try_from).collect()
}

fn has_status(status: InviteStatus, now: OffsetDateTime) -> Expr {
    use invite::Column::{ExpiresAt, State};

    let now = to_millis(now);
    match status {
        InviteStatus::Open => State.eq(invite::OPEN).and(ExpiresAt.gt(now)),
        InviteStatus::Expired => State.eq(invite::OPEN).and(ExpiresAt.lte(now)),
        InviteStatus::Used => State.eq(invite::USED),
        InviteStatus::Revoked => State.eq(invite::REVOKED),
    }
}
