//! How much there is, counted for whoever watches the service.

use family_plan_domain::{DeliveryState, OutgoingState};
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{Alias, Expr, ExprTrait, Func, Order, Query, SelectStatement},
};
use time::OffsetDateTime;

use crate::{
    Database,
    entity::{delivery, endpoint, event, invite, membership, outgoing_event, plan, settings},
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
};

const PLANS: &str = "n_plans";
const OVER_LIMIT: &str = "n_over_limit";
const USED: &str = "n_used";
const HELD: &str = "n_held";
const PENDING: &str = "n_pending";
const FAILED: &str = "n_failed";
const RECEIVED_AT: &str = "first_received_at";
const OUTGOING: &str = "n_outgoing";
const HAPPENED_AT: &str = "first_happened_at";
const FIRST: &str = "first_sequence";

/// How full the plans are, closed ones left out, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fullness {
    /// Plans.
    pub plans: u64,
    /// Those with more people than seats.
    pub plans_over_limit: u64,
    /// Seats that people have, owners included.
    pub used: u64,
    /// Seats that open invites hold.
    pub held: u64,
}

/// What waits to be done, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries of webhooks to be applied.
    pub inbox_pending: u64,
    /// Those that could not be, and wait for a person.
    pub inbox_failed: u64,
    /// When the oldest of those to be applied came.
    pub inbox_oldest: Option<OffsetDateTime>,
    /// Events that endpoints are to be told of, disabled ones included: one for each endpoint.
    pub outbox: u64,
    /// When the first of them happened.
    pub outbox_oldest: Option<OffsetDateTime>,
}

/// The connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Those that somebody uses.
    pub in_use: u64,
    /// Those that nobody does.
    pub idle: u64,
}

/// One statement. It looks at every plan and everybody in one, whatever is done about it.
pub(crate) async fn fullness(database: &Database, now: OffsetDateTime) -> Result<Fullness, SqlError> {
    let query = Query::select()
        .expr_as(plans(), PLANS)
        .expr_as(plans_over_limit(), OVER_LIMIT)
        .expr_as(members(), USED)
        .expr_as(invites_that_hold_seats(now), HELD)
        .take();
    let row = database.reader().query_one(&query).await?;
    let count = |column| -> Result<u64, SqlError> {
        let n: i64 = row.as_ref().map_or(Ok(0), |it| it.try_get("", column))?;
        u64::try_from(n).in_column(column)
    };
    Ok(Fullness {
        plans: count(PLANS)?,
        plans_over_limit: count(OVER_LIMIT)?,
        used: count(USED)?,
        held: count(HELD)?,
    })
}

/// One statement, which costs as much as there is to do, however much was done before.
pub(crate) async fn backlog(database: &Database) -> Result<Backlog, SqlError> {
    let query = Query::select()
        .expr_as(deliveries(DeliveryState::Pending), PENDING)
        .expr_as(deliveries(DeliveryState::Failed), FAILED)
        .expr_as(first_received_at(), RECEIVED_AT)
        .expr_as(outgoing(), OUTGOING)
        .expr_as(first_happened_at(), HAPPENED_AT)
        .take();
    let row = database.reader().query_one(&query).await?;
    let value = |column| -> Result<Option<i64>, SqlError> {
        Ok(row.as_ref().map_or(Ok(None), |it| it.try_get("", column))?)
    };
    let count =
        |column| -> Result<u64, SqlError> { u64::try_from(value(column)?.unwrap_or(0)).in_column(column) };
    let instant = |column| -> Result<Option<OffsetDateTime>, SqlError> {
        value(column)?.map(from_millis).transpose().in_column(column)
    };
    Ok(Backlog {
        inbox_pending: count(PENDING)?,
        inbox_failed: count(FAILED)?,
        inbox_oldest: instant(RECEIVED_AT)?,
        outbox: count(OUTGOING)?,
        outbox_oldest: instant(HAPPENED_AT)?,
    })
}

fn plans() -> SelectStatement {
    Query::select()
        .expr(plan::Column::Id.count())
        .from(plan::Entity)
        .and_where(plan::Column::ClosedAt.is_null())
        .take()
}

fn plans_over_limit() -> SelectStatement {
    use plan::Column::{ClosedAt, Id, UserLimit};

    let of_all = Query::select()
        .column(settings::Column::UserLimit)
        .from(settings::Entity)
        .and_where(is_the_row())
        .take();
    let limit = Func::coalesce([Expr::col((plan::Entity, UserLimit)), Expr::from(of_all)]);
    let each = Query::select()
        .column((plan::Entity, Id))
        .from(plan::Entity)
        .inner_join(
            membership::Entity,
            Expr::col((membership::Entity, membership::Column::PlanId))
                .equals((plan::Entity, Id))
                .and(membership::Column::ActiveUserId.is_not_null()),
        )
        .and_where(ClosedAt.is_null())
        .group_by_columns([(plan::Entity, Id), (plan::Entity, UserLimit)])
        // Of a column that the index has, so that nothing else is read.
        .and_having(membership::Column::ActiveUserId.count().gt(limit))
        .take();
    Query::select().expr(Expr::col(Id).count()).from_subquery(each, Alias::new("over_limit")).take()
}

fn members() -> SelectStatement {
    use membership::Column::ActiveUserId;

    Query::select()
        .expr(ActiveUserId.count())
        .from(membership::Entity)
        .and_where(ActiveUserId.is_not_null())
        .take()
}

/// None do when the settings say so.
fn invites_that_hold_seats(now: OffsetDateTime) -> SelectStatement {
    use invite::Column::{ExpiresAt, Id, Reopened, State};

    let invites_hold_seats = Query::select()
        .column(settings::Column::Id)
        .from(settings::Entity)
        .and_where(is_the_row())
        .and_where(settings::Column::PendingInvitesHoldSeats.eq(true))
        .take();
    Query::select()
        .expr(Id.count())
        .from(invite::Entity)
        .and_where(State.eq(invite::OPEN))
        .and_where(ExpiresAt.gt(to_millis(now)))
        .and_where(Reopened.eq(false))
        .and_where(Expr::exists(invites_hold_seats))
        .take()
}

fn is_the_row() -> Expr {
    settings::Column::Id.eq(settings::ID)
}

fn deliveries(state: DeliveryState) -> SelectStatement {
    use delivery::Column::{Id, State};

    Query::select().expr(Id.count()).from(delivery::Entity).and_where(State.eq(state.as_str())).take()
}

/// Ids are given in the order in which deliveries come.
fn first_received_at() -> SelectStatement {
    use delivery::Column::{Id, ReceivedAt, State};

    Query::select()
        .column(ReceivedAt)
        .from(delivery::Entity)
        .and_where(State.eq(DeliveryState::Pending.as_str()))
        .order_by(Id, Order::Asc)
        .limit(1)
        .take()
}

fn outgoing() -> SelectStatement {
    use outgoing_event::Column::{Sequence, State};

    Query::select()
        .expr(Sequence.count())
        .from(outgoing_event::Entity)
        .and_where(State.eq(OutgoingState::Pending.as_str()))
        .take()
}

/// The first of each endpoint is found without the others; there are few endpoints.
fn first_happened_at() -> SelectStatement {
    use outgoing_event::Column::{EndpointId, Sequence, State};

    let of_endpoint = Query::select()
        .expr(Sequence.min())
        .from(outgoing_event::Entity)
        .and_where(
            Expr::col((outgoing_event::Entity, EndpointId)).equals((endpoint::Entity, endpoint::Column::Id)),
        )
        .and_where(State.eq(OutgoingState::Pending.as_str()))
        .take();
    let of_each = Query::select().expr_as(of_endpoint, FIRST).from(endpoint::Entity).take();
    let first = Query::select()
        .expr(Expr::col(FIRST).min())
        .from_subquery(of_each, Alias::new("each_endpoint"))
        .take();
    Query::select()
        .column(event::Column::At)
        .from(event::Entity)
        .and_where(Expr::col(event::Column::Sequence).eq(Expr::from(first)))
        .take()
}
