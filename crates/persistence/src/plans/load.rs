//! Loading a plan with all that decides about it.
//!
//! Each load is one statement, because one statement sees one moment on every engine. A refusal relies on that: had
//! the members been read after the invite, somebody might be told that the plan is full while it was they who took
//! the last seat.

use family_plan_domain::{
    CodeHash, Invite, InviteId, JoinedBy, Member, Plan, PlanId, PlanParts, Settings, User, UserId,
    ports::{LoadedInvite, LoadedPlan, Visitor},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, QueryResult,
    sea_query::{Expr, ExprTrait, JoinType, Keyword, Order, Query, SelectStatement, UnionType},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    entity::{invite, membership, plan, settings, user},
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
    person, rows,
};

const PLANS: &str = "plans";
const SETTINGS: &str = "settings";
const USERS: &str = "users";
const INVITES: &str = "invites";

/// Whatever has or may get a seat: the memberships, and the invites that were asked for.
const SEATS: &str = "seats";
const SEATED_USER: &str = "user_id";
const SEAT_INVITE: &str = "invite_id";
const SEATED_AT: &str = "joined_at";

const WAS_DETACHED: &str = "was_detached";

/// Which invites come besides those that are pending.
pub(super) enum Besides {
    Nothing,
    Invite(InviteId),
    OpenInvites,
}

pub(super) async fn plan(
    connection: &impl ConnectionTrait,
    plan: PlanId,
    besides: Besides,
    now: OffsetDateTime,
) -> Result<Option<LoadedPlan>, SqlError> {
    let plan = Expr::val(Uuid::from(plan));
    let invites = match besides {
        Besides::Nothing => is_pending(&plan, now),
        Besides::Invite(invite) => is_pending_or(&plan, Uuid::from(invite), now),
        Besides::OpenInvites => is_open(&plan, now),
    };
    let rows = connection.query_all(&select(&plan, invites)).await?;
    let Some((parts, settings)) = read(&rows)? else {
        return Ok(None);
    };
    Ok(Some(LoadedPlan { plan: Plan::from(parts), settings }))
}

pub(super) async fn by_code(
    connection: &impl ConnectionTrait,
    code: CodeHash,
    visitor: Option<&UserId>,
    now: OffsetDateTime,
) -> Result<Option<LoadedInvite>, SqlError> {
    let of_code = |column: invite::Column| -> Expr {
        let with_code = invite::Column::CodeHash.eq(code.as_ref());
        Query::select()
            .column((invite::Entity, column))
            .from(invite::Entity)
            .and_where(with_code)
            .take()
            .into()
    };
    let plan = of_code(invite::Column::PlanId);
    let mut query = select(&plan, is_pending_or(&plan, of_code(invite::Column::Id), now));
    if let Some(visitor) = visitor {
        select_visitor(&mut query, visitor, of_code(invite::Column::Id));
    }
    let rows = connection.query_all(&query).await?;
    let Some((parts, settings)) = read(&rows)? else {
        return Ok(None);
    };
    let Some(invite) = find_invite(&rows, code)? else {
        return Ok(None);
    };
    let visitor = match visitor {
        Some(_) => read_visitor(&rows[0])?,
        None => None,
    };
    Ok(Some(LoadedInvite { plan: Plan::from(parts), settings, invite, visitor }))
}

fn is_of(plan: &Expr) -> Condition {
    Condition::all().add(Expr::col(invite::Column::PlanId).eq(plan.clone()))
}

fn is_open(plan: &Expr, now: OffsetDateTime) -> Condition {
    use invite::Column::{ExpiresAt, State};

    is_of(plan).add(State.eq(invite::OPEN)).add(ExpiresAt.gt(to_millis(now)))
}

fn is_pending(plan: &Expr, now: OffsetDateTime) -> Condition {
    is_open(plan, now).add(invite::Column::Reopened.eq(false))
}

/// Each branch names the plan, so that each can have an index of its own.
fn is_pending_or(plan: &Expr, invite: impl Into<Expr>, now: OffsetDateTime) -> Condition {
    let asked_for = is_of(plan).add(Expr::col(invite::Column::Id).eq(invite));
    Condition::any().add(is_pending(plan, now)).add(asked_for)
}

/// One row per seat, the longest taken first; plan and settings come with each of them.
fn select(plan: &Expr, invites: Condition) -> SelectStatement {
    use invite::Column as InviteColumn;
    use membership::Column as MembershipColumn;

    let memberships = Query::select()
        .column(MembershipColumn::Id)
        .column(MembershipColumn::PlanId)
        .expr_as(Expr::col(MembershipColumn::ActiveUserId), SEATED_USER)
        .expr_as(Expr::col(MembershipColumn::InviteId), SEAT_INVITE)
        .expr_as(Expr::col(MembershipColumn::JoinedAt), SEATED_AT)
        .from(membership::Entity)
        .and_where(Expr::col(MembershipColumn::PlanId).eq(plan.clone()))
        .and_where(MembershipColumn::ActiveUserId.is_not_null())
        .take();

    // PostgreSQL takes the types of the nulls from the branch before.
    let invites = Query::select()
        .column(InviteColumn::Id)
        .column(InviteColumn::PlanId)
        .expr_as(Keyword::Null, SEATED_USER)
        .expr_as(Expr::col(InviteColumn::Id), SEAT_INVITE)
        .expr_as(Keyword::Null, SEATED_AT)
        .from(invite::Entity)
        .cond_where(invites)
        .take();

    let mut query = Query::select();
    rows::select::<plan::Entity>(&mut query, PLANS);
    rows::select::<settings::Entity>(&mut query, SETTINGS);
    rows::select::<user::Entity>(&mut query, USERS);
    rows::select::<invite::Entity>(&mut query, INVITES);
    query
        .column((SEATS, SEATED_AT))
        .from(plan::Entity)
        .join(JoinType::InnerJoin, settings::Entity, settings::Column::Id.eq(settings::ID))
        .join_subquery(
            JoinType::LeftJoin,
            { memberships }.union(UnionType::All, invites).take(),
            SEATS,
            Expr::col((SEATS, MembershipColumn::PlanId)).equals((PLANS, plan::Column::Id)),
        )
        .join(
            JoinType::LeftJoin,
            user::Entity,
            Expr::col((USERS, user::Column::Id)).equals((SEATS, SEATED_USER)),
        )
        .join(
            JoinType::LeftJoin,
            invite::Entity,
            Expr::col((INVITES, InviteColumn::Id)).equals((SEATS, SEAT_INVITE)),
        )
        .and_where(Expr::col((PLANS, plan::Column::Id)).eq(plan.clone()))
        .and_where(plan::Column::ClosedAt.is_null())
        .order_by((SEATS, SEATED_AT), Order::Asc)
        .order_by((SEATS, MembershipColumn::Id), Order::Asc)
        .take()
}

fn select_visitor(query: &mut SelectStatement, visitor: &UserId, invite: Expr) {
    use membership::Column::{Id, InviteId, LeftAt, UserId};

    query.join_as(
        JoinType::LeftJoin,
        user::Entity,
        person::PERSON,
        Expr::col((person::PERSON, user::Column::Id)).eq(visitor.as_str()),
    );
    person::select(query);
    let detachments = Query::select()
        .expr(Expr::col(Id).count())
        .from(membership::Entity)
        .and_where(Expr::col(InviteId).eq(invite))
        .and_where(UserId.eq(visitor.as_str()))
        .and_where(LeftAt.is_not_null())
        .take();
    query.expr_as(detachments, WAS_DETACHED);
}

/// `None` when there is no such plan.
fn read(rows: &[QueryResult]) -> Result<Option<(PlanParts, Settings)>, SqlError> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let mut parts = PlanParts::try_from(rows::read::<plan::Model>(row, PLANS)?)?;
    let settings = Settings::try_from(rows::read::<settings::Model>(row, SETTINGS)?)?;
    for row in rows {
        let user = rows::read::<Option<user::Model>>(row, USERS)?;
        let invite = rows::read::<Option<invite::Model>>(row, INVITES)?;
        match (user, invite) {
            (Some(user), invite) => parts.members.push(member(row, user, invite)?),
            (None, Some(invite)) => parts.invites.push(Invite::try_from(invite)?),
            (None, None) => (),
        }
    }
    Ok(Some((parts, settings)))
}

fn member(row: &QueryResult, user: user::Model, invite: Option<invite::Model>) -> Result<Member, SqlError> {
    let joined_at: i64 = row.try_get("", SEATED_AT)?;
    Ok(Member {
        user: User::try_from(user)?,
        joined_by: invite.map(JoinedBy::try_from).transpose()?,
        joined_at: from_millis(joined_at).in_column("memberships.joined_at")?,
    })
}

fn find_invite(rows: &[QueryResult], code: CodeHash) -> Result<Option<Invite>, SqlError> {
    for row in rows {
        if let Some(invite) = rows::read::<Option<invite::Model>>(row, INVITES)?
            && invite.code_hash == code.as_ref()
        {
            return Invite::try_from(invite).map(Some);
        }
    }
    Ok(None)
}

fn read_visitor(row: &QueryResult) -> Result<Option<Visitor>, SqlError> {
    let Some(person) = person::read(row)? else {
        return Ok(None);
    };
    let n_detachments: i64 = row.try_get("", WAS_DETACHED)?;
    Ok(Some(Visitor { person, detached_from_invite: 0 < n_detachments }))
}
