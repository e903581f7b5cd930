//! What has to be written for a decision about a plan.

use std::mem::discriminant;

use family_plan_domain::{Change, InviteFate, Origin, Plan, SettingsRevision, User, UserId, ports::Ids};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryTrait, UpdateMany,
    sea_query::{Expr, ExprTrait, Keyword, Query, UpdateStatement},
};
use uuid::Uuid;

use super::write::Write;
use crate::{
    entity::{event, invite, membership, plan, settings, user},
    error::SqlError,
    instant::to_millis,
    rows::MAX_ROWS,
};

/// A decision that is not saved yet.
pub(super) struct Decision<'a> {
    pub(super) plan: &'a Plan,
    pub(super) origin: &'a Origin,
    pub(super) ids: &'a dyn Ids,
    /// Whether others take note of the plan that somebody joins.
    pub(super) notes_plan_writes: bool,
}

impl Decision<'_> {
    pub(super) fn creates_the_plan(&self) -> bool {
        self.plan.changes().contains(&Change::Created)
    }

    /// Comes before every other row on purpose: it locks the plan's row until the commit, on every engine, and lets
    /// nobody pass who decided upon something that is no longer true.
    pub(super) fn bump_revision(&self) -> UpdateStatement {
        use plan::Column;

        let mut bump = plan::Entity::update_many()
            .col_expr(Column::Revision, Expr::val(self.plan.next_revision()))
            .filter(Column::Id.eq(self.plan_id()))
            .filter(Column::Revision.eq(self.plan.revision()))
            .filter(Column::ClosedAt.is_null());
        for change in self.plan.changes() {
            bump = match change {
                Change::Renamed { .. } => bump.col_expr(Column::Name, Expr::val(self.plan.name().as_str())),
                Change::LimitChanged { .. } => {
                    bump.col_expr(Column::UserLimit, Expr::val(plan::limit(self.plan)))
                }
                Change::OwnerChanged { .. } => {
                    bump.col_expr(Column::OwnerId, Expr::val(self.plan.owner().as_str()))
                }
                Change::Closed => bump.col_expr(Column::ClosedAt, Expr::val(self.at())),
                Change::MemberJoined { member } if self.notes_plan_writes => {
                    bump.filter(is_associated_as_loaded(&member.user))
                }
                _ => bump,
            };
        }
        if let Some(revision) = self.plan.decided_under() {
            bump = bump.filter(settings_are(revision));
        }
        bump.into_query()
    }

    /// All that follows, in as few statements as possible.
    pub(super) fn writes(&self) -> Result<Vec<Write>, SqlError> {
        let kinds = self.plan.changes().chunk_by(|one, next| discriminant(one) == discriminant(next));
        // Only closing a plan with very many invites takes more than one of a kind.
        let mut writes: Vec<_> =
            kinds.flat_map(|it| it.chunks(MAX_ROWS)).flat_map(|it| self.writes_of(it)).collect();
        writes.extend(self.events()?);
        Ok(writes)
    }

    /// Writes changes of one kind.
    fn writes_of(&self, changes: &[Change]) -> Vec<Write> {
        match &changes[0] {
            Change::InviteCreated { .. } => vec![self.insert_invites(changes)],
            Change::InviteRevoked { .. } => vec![Self::revoke_invites(changes)],
            Change::InviteAccepted { .. } => self.use_invites(changes),
            Change::MemberJoined { .. } => vec![self.insert_memberships(changes)],
            Change::MemberDetached { .. } => self.end_memberships(changes),
            // Those are columns of the plan itself.
            Change::Created
            | Change::Renamed { .. }
            | Change::LimitChanged { .. }
            | Change::OwnerChanged { .. }
            | Change::Closed => Vec::new(),
        }
    }

    fn insert_invites(&self, changes: &[Change]) -> Write {
        Write::insert(changes.iter().filter_map(|it| match it {
            Change::InviteCreated { invite, code, token } => {
                Some(invite::issued(self.plan.id(), invite, code, token))
            }
            _ => None,
        }))
    }

    fn revoke_invites(changes: &[Change]) -> Write {
        let invites = changes.iter().filter_map(|it| match it {
            Change::InviteRevoked { invite, .. } => Some(Uuid::from(*invite)),
            _ => None,
        });
        let revoke = Self::unused_again(invites).col_expr(invite::Column::State, Expr::val(invite::REVOKED));
        Write::update(revoke, changes.len())
    }

    fn use_invites(&self, changes: &[Change]) -> Vec<Write> {
        use invite::Column;

        let accepts = changes.iter().filter_map(|it| match it {
            Change::InviteAccepted { invite, user } => Some((Uuid::from(*invite), user)),
            _ => None,
        });
        let accept = |(invite, user): (_, &UserId)| {
            invite::Entity::update_many()
                .col_expr(Column::State, Expr::val(invite::USED))
                .col_expr(Column::UsedBy, Expr::val(user.as_str()))
                .col_expr(Column::UsedAt, Expr::val(self.at()))
                .filter(Column::Id.eq(invite))
                .filter(Column::State.eq(invite::OPEN))
        };
        accepts.map(|it| Write::update(accept(it), 1)).collect()
    }

    fn insert_memberships(&self, changes: &[Change]) -> Write {
        Write::insert(changes.iter().filter_map(|it| match it {
            Change::MemberJoined { member } => {
                Some(membership::joined(self.ids.next(), self.plan.id(), member))
            }
            _ => None,
        }))
    }

    fn end_memberships(&self, changes: &[Change]) -> Vec<Write> {
        use membership::Column;

        let detached = || {
            changes.iter().filter_map(|it| match it {
                Change::MemberDetached { member, fate, .. } => Some((member, *fate)),
                _ => None,
            })
        };
        let users = detached().map(|(member, _)| member.user.id.as_str());
        let end = membership::Entity::update_many()
            .col_expr(Column::LeftAt, Expr::val(self.at()))
            .col_expr(Column::ActiveUserId, Keyword::Null.into())
            .filter(Column::PlanId.eq(self.plan_id()))
            .filter(Column::ActiveUserId.is_in(users));
        let end = Write::update(end, changes.len());

        let reopened: Vec<_> = detached()
            .filter(|(_, fate)| *fate == Some(InviteFate::Reopened))
            .filter_map(|(member, _)| member.joined_by.as_ref())
            .map(|it| Uuid::from(it.invite))
            .collect();
        if reopened.is_empty() {
            return vec![end];
        }
        let n_reopened = reopened.len();
        let reopen = Self::unused_again(reopened)
            .col_expr(invite::Column::State, Expr::val(invite::OPEN))
            .col_expr(invite::Column::Reopened, Expr::val(true));
        vec![end, Write::update(reopen, n_reopened)]
    }

    fn unused_again(invites: impl IntoIterator<Item = Uuid>) -> UpdateMany<invite::Entity> {
        use invite::Column;

        invite::Entity::update_many()
            .col_expr(Column::UsedBy, Keyword::Null.into())
            .col_expr(Column::UsedAt, Keyword::Null.into())
            .filter(Column::Id.is_in(invites))
    }

    fn events(&self) -> Result<Vec<Write>, SqlError> {
        let rows = (0..).zip(self.plan.changes()).map(|(position, change)| {
            let event = change.event(self.ids.next().into(), self.plan, position, self.origin);
            event::ActiveModel::try_from(event)
        });
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(rows.chunks(MAX_ROWS).map(|it| Write::insert(it.iter().cloned())).collect())
    }

    fn plan_id(&self) -> Uuid {
        self.plan.id().into()
    }

    fn at(&self) -> i64 {
        to_millis(self.origin.at)
    }
}

/// Whether `revision` is in force, and stays so until the commit: the row is locked against those who would replace
/// it, not against one another. Otherwise somebody could still join under the old limit after the new one was seen.
fn settings_are(revision: SettingsRevision) -> Expr {
    let in_force = Query::select()
        .column(settings::Column::Revision)
        .from(settings::Entity)
        .and_where(settings::Column::Id.eq(settings::ID))
        .lock_shared()
        .take();
    Expr::val(revision.0).eq(Expr::from(in_force))
}

/// Whether the association of `user` is what it was when they were loaded, and stays so until the commit. It changes
/// without any plan's row as long as they are in no plan, and otherwise nobody might take note of the plan they join.
fn is_associated_as_loaded(user: &User) -> Expr {
    let association = Query::select()
        .column(user::Column::ZammadUserId)
        .from(user::Entity)
        .and_where(user::Column::Id.eq(user.id.as_str()))
        .lock_shared()
        .take();
    match user.zammad_user_id {
        Some(zammad_user) => Expr::val(zammad_user.0).eq(Expr::from(association)),
        None => Expr::from(association).is_null(),
    }
}
