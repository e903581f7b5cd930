//! Loading a plan with all that decides about it.
//!
//! Each load is one statement, because one statement sees one moment on every engine. A refusal relies on that: had
//! the members been read after the invite, somebody might be told that the plan is full while it was they who took
//! the last seat.
//!
//! The statement is a union of simple selects, each of which leaves out what is not its own. Joined, it would be one that
//! databases take longer to plan than to carry out, and plan badly as long as they have no statistics.

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
    person::{self, FAMILY as PLANS, PERSON as USERS},
    rows,
};

const SETTINGS: &str = "settings";
const INVITES: &str = "invites";

/// The membership or the invite that a row is about, and for memberships, since when.
const SEAT: &str = "seat";
const SEATED_AT: &str = "seated_at";

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
    let mut selects = vec![select_members(&plan)];
    match besides {
        Besides::Nothing => selects.push(select_invites(is_pending(&plan, now))),
        Besides::OpenInvites => selects.push(select_invites(is_open(&plan, now))),
        Besides::Invite(invite) => {
            let asked_for = is_of(&plan).add(invite::Column::Id.eq(Uuid::from(invite)));
            selects.extend(select_pending_and(asked_for, &plan, now));
        }
    }
    let rows = connection.query_all(&union(selects)).await?;
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
    let with_code = || invite::Column::CodeHash.eq(code.as_ref());
    let of_code = |column: invite::Column| -> Expr {
        Query::select().column(column).from(invite::Entity).and_where(with_code()).take().into()
    };
    let plan = of_code(invite::Column::PlanId);
    let mut selects = vec![select_members(&plan)];
    if let Some(visitor) = visitor {
        selects.push(select_visitor(visitor, of_code(invite::Column::Id)));
    }
    selects.extend(select_pending_and(Condition::all().add(with_code()), &plan, now));
    let rows = connection.query_all(&union(selects)).await?;
    let Some((parts, settings)) = read(&rows)? else {
        return Ok(None);
    };
    let Some(invite) = find_invite(&rows, code)? else {
        return Ok(None);
    };
    let visitor = match visitor {
        Some(_) => read_visitor(&rows)?,
        None => None,
    };
    Ok(Some(LoadedInvite { plan: Plan::from(parts), settings, invite, visitor }))
}

fn is_of(plan: &Expr) -> Condition {
    Condition::all().add(Expr::col(invite::Column::PlanId).eq(plan.clone()))
}

/// The state is part of the text, so that a database that plans for whatever the values are knows how rare it is.
fn is_open(plan: &Expr, now: OffsetDateTime) -> Condition {
    use invite::Column::{ExpiresAt, State};

    let open = Expr::Constant(invite::OPEN.into());
    is_of(plan).add(Expr::col(State).eq(open)).add(ExpiresAt.gt(to_millis(now)))
}

fn is_pending(plan: &Expr, now: OffsetDateTime) -> Condition {
    is_open(plan, now).add(Expr::col(invite::Column::Reopened).eq(Expr::Constant(false.into())))
}

/// One row per member, with plan and settings. Comes first, and gives all columns their names.
fn select_members(plan: &Expr) -> SelectStatement {
    use membership::Column::{ActiveUserId, Id, InviteId, JoinedAt, PlanId};

    let mut query = Query::select();
    rows::select::<user::Entity>(&mut query, USERS);
    rows::select::<plan::Entity>(&mut query, PLANS);
    rows::select::<settings::Entity>(&mut query, SETTINGS);
    rows::select::<invite::Entity>(&mut query, INVITES);
    query
        .expr_as(Expr::col((membership::Entity, Id)), SEAT)
        .expr_as(Expr::col((membership::Entity, JoinedAt)), SEATED_AT)
        .expr_as(Keyword::Null, WAS_DETACHED)
        .from(plan::Entity)
        .join(JoinType::InnerJoin, settings::Entity, settings::Column::Id.eq(settings::ID))
        .join(
            JoinType::InnerJoin,
            membership::Entity,
            Expr::col((membership::Entity, PlanId)).equals((PLANS, plan::Column::Id)),
        )
        .join(
            JoinType::InnerJoin,
            user::Entity,
            Expr::col((USERS, user::Column::Id)).equals((membership::Entity, ActiveUserId)),
        )
        .join(
            JoinType::LeftJoin,
            invite::Entity,
            Expr::col((INVITES, invite::Column::Id)).equals((membership::Entity, InviteId)),
        )
        .and_where(Expr::col((PLANS, plan::Column::Id)).eq(plan.clone()))
        .and_where(plan::Column::ClosedAt.is_null())
        // Said twice, so that the index is searched for it: a plan has ever more memberships that have ended.
        .and_where(Expr::col((membership::Entity, ActiveUserId)).is_not_null())
        .take()
}

fn select_invites(which: Condition) -> SelectStatement {
    let mut query = Query::select();
    rows::leave_out::<user::Entity>(&mut query);
    rows::leave_out::<plan::Entity>(&mut query);
    rows::leave_out::<settings::Entity>(&mut query);
    rows::select::<invite::Entity>(&mut query, INVITES);
    query
        .column(invite::Column::Id)
        .exprs([Keyword::Null, Keyword::Null])
        .from(invite::Entity)
        .cond_where(which)
        .take()
}

/// Two selects, so that each can have an index of its own; no invite is in both.
fn select_pending_and(asked_for: Condition, plan: &Expr, now: OffsetDateTime) -> [SelectStatement; 2] {
    let pending = is_pending(plan, now);
    [select_invites(pending.clone()), select_invites(asked_for.add(pending.not()))]
}

/// The visitor, in the place of members, with their family in the place of the plan. Follows the members: PostgreSQL
/// takes the type of what is left out there from the next.
fn select_visitor(visitor: &UserId, invite: Expr) -> SelectStatement {
    use membership::Column::{Id, InviteId, LeftAt, UserId};

    let detachments = Query::select()
        .expr(Expr::col(Id).count())
        .from(membership::Entity)
        .and_where(Expr::col(InviteId).eq(invite))
        .and_where(UserId.eq(visitor.as_str()))
        .and_where(LeftAt.is_not_null())
        .take();
    let mut query = Query::select();
    person::select(&mut query);
    rows::leave_out::<settings::Entity>(&mut query);
    rows::leave_out::<invite::Entity>(&mut query);
    query
        .exprs([Keyword::Null, Keyword::Null])
        .expr(detachments)
        .from_as(user::Entity, USERS)
        .and_where(Expr::col((USERS, user::Column::Id)).eq(visitor.as_str()))
        .take()
}

/// All of `selects` in one, the members who joined first before the others.
fn union(selects: Vec<SelectStatement>) -> SelectStatement {
    let mut selects = selects.into_iter();
    let mut query = selects.next().unwrap_or_default();
    query.unions(selects.map(|it| (UnionType::All, it)));
    query.order_by(SEATED_AT, Order::Asc).order_by(SEAT, Order::Asc).take()
}

/// `None` when there is no such plan: where there is one, it has members.
fn read(rows: &[QueryResult]) -> Result<Option<(PlanParts, Settings)>, SqlError> {
    let mut plan = None;
    let (mut members, mut invites) = (Vec::new(), Vec::new());
    for row in rows {
        let invite = rows::read::<Option<invite::Model>>(row, INVITES)?;
        match (row.try_get("", SEATED_AT)?, invite) {
            (Some(joined_at), invite) => {
                plan.get_or_insert(row);
                members.push(member(row, joined_at, invite)?);
            }
            (None, Some(invite)) => invites.push(Invite::try_from(invite)?),
            (None, None) => (),
        }
    }
    let Some(row) = plan else {
        return Ok(None);
    };
    let parts = PlanParts::try_from(rows::read::<plan::Model>(row, PLANS)?)?;
    let settings = Settings::try_from(rows::read::<settings::Model>(row, SETTINGS)?)?;
    Ok(Some((PlanParts { members, invites, ..parts }, settings)))
}

fn member(row: &QueryResult, joined_at: i64, invite: Option<invite::Model>) -> Result<Member, SqlError> {
    Ok(Member {
        user: User::try_from(rows::read::<user::Model>(row, USERS)?)?,
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

fn read_visitor(rows: &[QueryResult]) -> Result<Option<Visitor>, SqlError> {
    for row in rows {
        let n_detachments: Option<i64> = row.try_get("", WAS_DETACHED)?;
        if let Some(n_detachments) = n_detachments {
            let person = person::read(row)?;
            return Ok(person.map(|person| Visitor { person, detached_from_invite: 0 < n_detachments }));
        }
    }
    Ok(None)
}
