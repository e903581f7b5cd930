//! Which of the helpdesk's users stands for one of ours.
//!
//! Rows are locked in the order in which a [save](crate::SqlPlans) locks them: the plan, the user, the plan writes.

use std::collections::BTreeSet;

use family_plan_domain::{
    EventCursor, LinkChange, LinkReason, Origin, PlanId, UserEdit, UserId, ZammadUserId, ports::Ids,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, SqlErr,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use crate::{
    entity::{membership, plan, user},
    error::SqlError,
    events,
    instant::to_millis,
    plan_writes,
    users::record,
    zammad_users::matches,
};

/// The association of one user, within a transaction.
pub(super) struct Association<'a> {
    pub(super) transaction: &'a DatabaseTransaction,
    pub(super) notes_plan_writes: bool,
    pub(super) ids: &'a dyn Ids,
    pub(super) user: &'a UserId,
    pub(super) origin: &'a Origin,
}

impl Association<'_> {
    pub(super) async fn link_as_requested(&self, zammad_user: ZammadUserId) -> Result<bool, SqlError> {
        if self.is_held(zammad_user).await? {
            return Ok(false);
        }
        let known = self.find().await?;
        if known.is_none() {
            let mention = record::upsert(&UserEdit::mention(self.user.clone()));
            self.transaction.execute(&mention).await?;
        }
        let former = known.and_then(|it| it.zammad_user_id).map(ZammadUserId);
        self.replace(former, Some(zammad_user), LinkReason::Requested).await?;
        Ok(true)
    }

    pub(super) async fn link_by_address(&self, zammad_user: ZammadUserId) -> Result<bool, SqlError> {
        if self.is_held(zammad_user).await? {
            return Ok(false);
        }
        if matches::of(self.transaction, self.user).await? != Some(zammad_user) {
            return Ok(false);
        }
        self.replace(None, Some(zammad_user), LinkReason::VerifiedEmail).await?;
        Ok(true)
    }

    pub(super) async fn unlink(&self) -> Result<bool, SqlError> {
        let Some(zammad_user) = self.find().await?.and_then(|it| it.zammad_user_id) else {
            return Ok(false);
        };
        self.replace(Some(ZammadUserId(zammad_user)), None, LinkReason::Requested).await?;
        Ok(true)
    }

    /// Whether it is this user's already; an error when it is somebody else's.
    async fn is_held(&self, zammad_user: ZammadUserId) -> Result<bool, SqlError> {
        let holder = user::Entity::find()
            .filter(user::Column::ZammadUserId.eq(zammad_user.0))
            .one(self.transaction)
            .await?;
        match holder {
            None => Ok(false),
            Some(holder) if holder.id == self.user.as_str() => Ok(true),
            Some(_) => Err(SqlError::Taken),
        }
    }

    async fn find(&self) -> Result<Option<user::Model>, SqlError> {
        Ok(user::Entity::find_by_id(self.user.as_str()).one(self.transaction).await?)
    }

    async fn replace(
        &self,
        former: Option<ZammadUserId>,
        new: Option<ZammadUserId>,
        reason: LinkReason,
    ) -> Result<(), SqlError> {
        let plan = self.plan().await?;
        let revision = match plan {
            Some(plan) => self.bump_revision(plan).await?,
            None => 0,
        };
        self.write(former, new, reason).await?;
        // Nobody gets the user into a plan any more, whose row refers to the user's. Somebody may have, before.
        if self.plan().await? != plan {
            return Err(SqlError::Stale);
        }
        let unlinked = former.map(|it| (it, false));
        let linked = new.map(|it| (it, true));
        let events =
            (0..).zip(unlinked.into_iter().chain(linked)).map(|(position, (zammad_user, is_linked))| {
                let change = LinkChange { user: self.user.clone(), zammad_user, is_linked, reason };
                let place = plan.map(|it| (PlanId::from(it), EventCursor { revision, position }));
                change.event(self.ids.next().into(), place, self.origin)
            });
        events::insert(self.transaction, events.collect()).await?;
        if self.notes_plan_writes {
            let zammad_users: BTreeSet<_> = former.into_iter().chain(new).collect();
            plan_writes::note(self.transaction, zammad_users, self.origin.at).await?;
        }
        Ok(())
    }

    async fn plan(&self) -> Result<Option<Uuid>, SqlError> {
        let membership = membership::Entity::find()
            .filter(membership::Column::ActiveUserId.eq(self.user.as_str()))
            .one(self.transaction)
            .await?;
        Ok(membership.map(|it| it.plan_id))
    }

    /// Locks the plan's row, so that the events have their place in its history, and whoever has loaded the plan before
    /// is too late.
    async fn bump_revision(&self, plan: Uuid) -> Result<i64, SqlError> {
        use plan::Column;

        let bumped = plan::Entity::update_many()
            .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
            .filter(Column::Id.eq(plan))
            .filter(Column::ClosedAt.is_null())
            .exec(self.transaction)
            .await?;
        if bumped.rows_affected != 1 {
            return Err(SqlError::Stale);
        }
        let bumped = plan::Entity::find_by_id(plan).one(self.transaction).await?;
        bumped.map(|it| it.revision).ok_or(SqlError::Stale)
    }

    async fn write(
        &self,
        former: Option<ZammadUserId>,
        new: Option<ZammadUserId>,
        reason: LinkReason,
    ) -> Result<(), SqlError> {
        use user::Column;

        let unlinked_at = new.is_none().then(|| to_millis(self.origin.at));
        let mut write = user::Entity::update_many()
            .col_expr(Column::ZammadUserId, Expr::val(new.map(|it| it.0)))
            .col_expr(Column::ZammadUnlinkedAt, Expr::val(unlinked_at))
            .filter(Column::Id.eq(self.user.as_str()))
            .filter(
                former.map_or_else(|| Column::ZammadUserId.is_null(), |it| Column::ZammadUserId.eq(it.0)),
            );
        if reason == LinkReason::VerifiedEmail {
            write = write.filter(Column::ZammadUnlinkedAt.is_null());
        }
        let written = write.exec(self.transaction).await.map_err(or_taken)?;
        if written.rows_affected == 1 { Ok(()) } else { Err(SqlError::Stale) }
    }
}

fn or_taken(err: DbErr) -> SqlError {
    match err.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => SqlError::Taken,
        _ => SqlError::Database(err),
    }
}
