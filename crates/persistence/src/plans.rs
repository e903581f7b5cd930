//! [`Plans`] in a SQL database.

mod at_once;
mod decision;
mod list;
mod load;
mod occupancy;
mod save;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use family_plan_domain::{
    Capacity, CodeHash, Event, EventCursor, Invite, InviteId, InviteStatus, KeptAnswer, Occupancy, Origin,
    Plan, PlanId, UserId,
    ports::{Ids, ListedPlan, LoadedInvite, LoadedPlan, Plans, SaveError, SaveOnceError, StoreError},
};
use time::OffsetDateTime;

use self::load::Besides;
use crate::{Database, error::SqlError, events};

/// Keeps plans in a SQL database.
#[derive(Clone)]
pub struct SqlPlans {
    database: Database,
    ids: Arc<dyn Ids>,
}

impl SqlPlans {
    pub(crate) fn new(database: Database, ids: Arc<dyn Ids>) -> Self {
        Self { database, ids }
    }

    /// The same error.
    fn noted(&self, err: SqlError) -> SqlError {
        if err.asks_to_try_again() {
            self.database.tell_of_lost_save();
        }
        err
    }
}

#[async_trait]
impl Plans for SqlPlans {
    async fn load(&self, plan: PlanId, now: OffsetDateTime) -> Result<Option<LoadedPlan>, StoreError> {
        Ok(load::plan(self.database.reader(), plan, Besides::Nothing, now).await?)
    }

    async fn load_with_invite(
        &self,
        plan: PlanId,
        invite: InviteId,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedPlan>, StoreError> {
        Ok(load::plan(self.database.reader(), plan, Besides::Invite(invite), now).await?)
    }

    async fn load_with_open_invites(
        &self,
        plan: PlanId,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedPlan>, StoreError> {
        Ok(load::plan(self.database.reader(), plan, Besides::OpenInvites, now).await?)
    }

    async fn load_by_code(
        &self,
        code: CodeHash,
        visitor: Option<UserId>,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedInvite>, StoreError> {
        Ok(load::by_code(self.database.reader(), code, visitor.as_ref(), now).await?)
    }

    async fn save(&self, plan: &Plan, origin: &Origin) -> Result<(), SaveError> {
        let saved = save::save(&self.database, &*self.ids, plan, origin).await;
        saved.map_err(|err| self.noted(err).into())
    }

    async fn save_once(
        &self,
        plan: &Plan,
        origin: &Origin,
        answer: &KeptAnswer,
    ) -> Result<(), SaveOnceError> {
        let saved = save::save_once(&self.database, &*self.ids, plan, origin, answer).await;
        saved.map_err(|err| self.noted(err).into())
    }

    async fn list(
        &self,
        owner: Option<UserId>,
        after: Option<PlanId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<ListedPlan>, StoreError> {
        Ok(list::plans(self.database.reader(), owner.as_ref(), after, limit as u64, now).await?)
    }

    async fn invites(
        &self,
        plan: PlanId,
        status: Option<InviteStatus>,
        after: Option<InviteId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<Invite>, StoreError> {
        Ok(list::invites(self.database.reader(), plan, status, after, limit as u64, now).await?)
    }

    async fn history(
        &self,
        plan: PlanId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        Ok(events::of_plan(self.database.reader(), plan, after, limit as u64).await?)
    }

    async fn occupancy(&self, user_limit: Capacity) -> Result<Occupancy, StoreError> {
        Ok(occupancy::of_plans(self.database.reader(), user_limit).await?)
    }
}
