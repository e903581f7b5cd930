//! Saving what was decided about a plan.

use std::mem::discriminant;

use family_plan_domain::{
    Change, InviteFate, KeptAnswer, Origin, Plan, SettingsRevision, User, plan_lines_changed_by, ports::Ids,
};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, UpdateMany,
    sea_query::{Expr, ExprTrait, Keyword, Query},
};
use uuid::Uuid;

use crate::{
    Database,
    entity::{invite, membership, plan, settings, user},
    error::SqlError,
    events, idempotency_keys,
    instant::to_millis,
    plan_writes,
    rows::MAX_ROWS,
};

pub(super) async fn save(
    database: &Database,
    ids: &dyn Ids,
    plan: &Plan,
    origin: &Origin,
) -> Result<(), SqlError> {
    if plan.changes().is_empty() {
        return Ok(());
    }
    let transaction = database.begin().await?;
    let saved = Save::new(database, transaction.connection(), ids, plan, origin).run().await;
    transaction.finish(saved).await?;
    database.tell_of_events();
    Ok(())
}

pub(super) async fn save_once(
    database: &Database,
    ids: &dyn Ids,
    plan: &Plan,
    origin: &Origin,
    answer: &KeptAnswer,
) -> Result<(), SqlError> {
    let transaction = database.begin().await?;
    let saved = async {
        if !plan.changes().is_empty() {
            Save::new(database, transaction.connection(), ids, plan, origin).run().await?;
        }
        // Comes last: whoever sends the request again then waits for as short a time as can be.
        idempotency_keys::answer(transaction.connection(), answer).await
    };
    let saved = saved.await;
    transaction.finish(saved).await?;
    database.tell_of_events();
    Ok(())
}

struct Save<'a> {
    transaction: &'a DatabaseTransaction,
    notes_plan_writes: bool,
    ids: &'a dyn Ids,
    plan: &'a Plan,
    origin: &'a Origin,
}

impl<'a> Save<'a> {
    fn new(
        database: &Database,
        transaction: &'a DatabaseTransaction,
        ids: &'a dyn Ids,
        plan: &'a Plan,
        origin: &'a Origin,
    ) -> Self {
        Self { transaction, notes_plan_writes: database.notes_plan_writes(), ids, plan, origin }
    }

    async fn run(&self) -> Result<(), SqlError> {
        if self.plan.changes().contains(&Change::Created) {
            plan::Entity::insert(plan::ActiveModel::from(self.plan))
                .exec_without_returning(self.transaction)
                .await
                .map_err(SqlError::or_taken)?;
        }
        self.bump_revision().await?;
        let kinds = self.plan.changes().chunk_by(|one, next| discriminant(one) == discriminant(next));
        // Only closing a plan with very many invites takes more than one.
        for same_kind in kinds.flat_map(|it| it.chunks(MAX_ROWS)) {
            self.write(same_kind).await?;
        }
        self.write_events().await?;
        if self.notes_plan_writes {
            plan_writes::note(self.transaction, plan_lines_changed_by(self.plan), self.origin.at).await?;
        }
        Ok(())
    }

    /// Comes before every other row on purpose: it locks the plan's row until the commit, on every engine, and lets
    /// nobody pass who decided upon something that is no longer true.
    async fn bump_revision(&self) -> Result<(), SqlError> {
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
        self.update(bump, 1).await
    }

    /// Writes changes of one kind, in as few statements as possible.
    async fn write(&self, changes: &[Change]) -> Result<(), SqlError> {
        match &changes[0] {
            Change::InviteCreated { .. } => self.insert_invites(changes).await,
            Change::InviteRevoked { .. } => self.revoke_invites(changes).await,
            Change::InviteAccepted { .. } => self.use_invites(changes).await,
            Change::MemberJoined { .. } => self.insert_memberships(changes).await,
            Change::MemberDetached { .. } => self.end_memberships(changes).await,
            // Those are columns of the plan itself.
            Change::Created
            | Change::Renamed { .. }
            | Change::LimitChanged { .. }
            | Change::OwnerChanged { .. }
            | Change::Closed => Ok(()),
        }
    }

    async fn insert_invites(&self, changes: &[Change]) -> Result<(), SqlError> {
        let rows = changes.iter().filter_map(|it| match it {
            Change::InviteCreated { invite, code, token } => {
                Some(invite::issued(self.plan.id(), invite, code, token))
            }
            _ => None,
        });
        invite::Entity::insert_many(rows).exec_without_returning(self.transaction).await?;
        Ok(())
    }

    async fn revoke_invites(&self, changes: &[Change]) -> Result<(), SqlError> {
        let invites = changes.iter().filter_map(|it| match it {
            Change::InviteRevoked { invite, .. } => Some(Uuid::from(*invite)),
            _ => None,
        });
        let revoke = self.unused_again(invites).col_expr(invite::Column::State, Expr::val(invite::REVOKED));
        self.update(revoke, changes.len()).await
    }

    async fn use_invites(&self, changes: &[Change]) -> Result<(), SqlError> {
        use invite::Column;

        for change in changes {
            let Change::InviteAccepted { invite, user } = change else {
                continue;
            };
            let accept = invite::Entity::update_many()
                .col_expr(Column::State, Expr::val(invite::USED))
                .col_expr(Column::UsedBy, Expr::val(user.as_str()))
                .col_expr(Column::UsedAt, Expr::val(self.at()))
                .filter(Column::Id.eq(Uuid::from(*invite)))
                .filter(Column::State.eq(invite::OPEN));
            self.update(accept, 1).await?;
        }
        Ok(())
    }

    async fn insert_memberships(&self, changes: &[Change]) -> Result<(), SqlError> {
        let rows = changes.iter().filter_map(|it| match it {
            Change::MemberJoined { member } => {
                Some(membership::joined(self.ids.next(), self.plan.id(), member))
            }
            _ => None,
        });
        membership::Entity::insert_many(rows)
            .exec_without_returning(self.transaction)
            .await
            .map_err(SqlError::or_taken)?;
        Ok(())
    }

    async fn end_memberships(&self, changes: &[Change]) -> Result<(), SqlError> {
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
        self.update(end, changes.len()).await?;

        let reopened: Vec<_> = detached()
            .filter(|(_, fate)| *fate == Some(InviteFate::Reopened))
            .filter_map(|(member, _)| member.joined_by.as_ref())
            .map(|it| Uuid::from(it.invite))
            .collect();
        if reopened.is_empty() {
            return Ok(());
        }
        let n_reopened = reopened.len();
        let reopen = self
            .unused_again(reopened)
            .col_expr(invite::Column::State, Expr::val(invite::OPEN))
            .col_expr(invite::Column::Reopened, Expr::val(true));
        self.update(reopen, n_reopened).await
    }

    fn unused_again(&self, invites: impl IntoIterator<Item = Uuid>) -> UpdateMany<invite::Entity> {
        use invite::Column;

        invite::Entity::update_many()
            .col_expr(Column::UsedBy, Keyword::Null.into())
            .col_expr(Column::UsedAt, Keyword::Null.into())
            .filter(Column::PlanId.eq(self.plan_id()))
            .filter(Column::Id.is_in(invites))
    }

    async fn write_events(&self) -> Result<(), SqlError> {
        let events = (0..)
            .zip(self.plan.changes())
            .map(|(position, change)| change.event(self.ids.next().into(), self.plan, position, self.origin))
            .collect();
        events::insert(self.transaction, events).await
    }

    /// Somebody else was first unless there are `n_rows` to update.
    async fn update<E: EntityTrait>(&self, update: UpdateMany<E>, n_rows: usize) -> Result<(), SqlError> {
        let updated = update.exec(self.transaction).await?;
        if updated.rows_affected == n_rows as u64 { Ok(()) } else { Err(SqlError::Stale) }
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
