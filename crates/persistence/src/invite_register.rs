//! [`InviteRegister`] in a SQL database.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use family_plan_domain::{
    CodeHash, InviteId, PlanId, TokenHash,
    ports::{GivenUpTokens, InviteRegister, StoreError},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Database,
    entity::{
        invite::{self, Column, Entity},
        plan,
    },
    error::{InColumn, SqlError},
    instant::to_millis,
    retry,
    rows::MAX_ROWS,
};

/// Knows the invites in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlInviteRegister {
    database: Database,
}

impl SqlInviteRegister {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn give_up(&self, invites: Vec<InviteId>, now: OffsetDateTime) -> Result<GivenUpTokens, SqlError> {
        let invites: BTreeSet<InviteId> = invites.into_iter().collect();
        let ids: Vec<Uuid> = invites.into_iter().map(Uuid::from).collect();
        let mut tokens = GivenUpTokens::default();
        for ids in ids.chunks(MAX_ROWS) {
            self.note_given_up(ids, to_millis(now)).await?;
            let known = self.given_up(ids).await?;
            for id in ids {
                match known.get(id) {
                    Some(true) => tokens.unneeded.push((*id).into()),
                    Some(false) => (),
                    None => tokens.unknown.push((*id).into()),
                }
            }
        }
        Ok(tokens)
    }

    async fn note_given_up(&self, ids: &[Uuid], now: i64) -> Result<(), SqlError> {
        let is_unneeded = Condition::any()
            .add(Column::State.ne(invite::OPEN))
            .add(Column::ExpiresAt.lte(now))
            .add(Expr::exists(closed_plan()));
        let note = Entity::update_many()
            .col_expr(Column::TokenGivenUpAt, Expr::val(now))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(Column::TokenGivenUpAt.is_null())
            .filter(is_unneeded);
        retry::write(&self.database, &note.into_query()).await?;
        Ok(())
    }

    /// Those of `ids` that are invites, and whether their tokens were given up.
    async fn given_up(&self, ids: &[Uuid]) -> Result<BTreeMap<Uuid, bool>, SqlError> {
        let rows: Vec<(Uuid, Option<i64>)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::TokenGivenUpAt])
            .filter(Column::Id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(self.database.reader())
            .await?;
        Ok(rows.into_iter().map(|(id, given_up_at)| (id, given_up_at.is_some())).collect())
    }

    async fn page(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<InviteId>,
        limit: u64,
        now: OffsetDateTime,
    ) -> Result<Vec<(PlanId, InviteId)>, SqlError> {
        let rows: Vec<(Uuid, Uuid)> = Entity::find()
            .select_only()
            .columns([Column::PlanId, Column::Id])
            .filter(Column::State.eq(invite::OPEN))
            .filter(Column::ExpiresAt.gt(to_millis(now)))
            .filter(Column::TokenGivenUpAt.is_null())
            .filter(Condition::all().add_option(since.map(|it| Column::CreatedAt.gte(to_millis(it)))))
            .filter(Condition::all().add_option(after.map(|it| Column::Id.gt(Uuid::from(it)))))
            .filter(Expr::exists(closed_plan()).not())
            .order_by_asc(Column::Id)
            .limit(limit)
            .into_tuple()
            .all(self.database.reader())
            .await?;
        Ok(rows.into_iter().map(|(plan, invite)| (plan.into(), invite.into())).collect())
    }

    async fn hashes(&self, invite: InviteId) -> Result<Option<(CodeHash, TokenHash)>, SqlError> {
        let row: Option<(Vec<u8>, Vec<u8>)> = Entity::find_by_id(invite)
            .select_only()
            .columns([Column::CodeHash, Column::TokenHash])
            .into_tuple()
            .one(self.database.reader())
            .await?;
        row.map(|(code, token)| {
            let code = CodeHash::try_from(&*code).in_column("invites.code_hash")?;
            Ok((code, TokenHash::try_from(&*token).in_column("invites.token_hash")?))
        })
        .transpose()
    }
}

/// The plan of an invite, if it is closed.
fn closed_plan() -> SelectStatement {
    Query::select()
        .column(plan::Column::Id)
        .from(plan::Entity)
        .and_where(Expr::col((plan::Entity, plan::Column::Id)).equals((invite::Entity, Column::PlanId)))
        .and_where(plan::Column::ClosedAt.is_not_null())
        .take()
}

#[async_trait]
impl InviteRegister for SqlInviteRegister {
    async fn give_up_tokens(
        &self,
        invites: Vec<InviteId>,
        now: OffsetDateTime,
    ) -> Result<GivenUpTokens, StoreError> {
        Ok(self.give_up(invites, now).await?)
    }

    async fn with_token(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<InviteId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<(PlanId, InviteId)>, StoreError> {
        Ok(self.page(since, after, limit as u64, now).await?)
    }

    async fn secrets(&self, invite: InviteId) -> Result<Option<(CodeHash, TokenHash)>, StoreError> {
        Ok(self.hashes(invite).await?)
    }
}
