//! Which of the helpdesk's users are to be told their plan.

use async_trait::async_trait;
use family_plan_domain::{
    Change, Plan, ZammadUserId, plan_lines_changed_by,
    ports::{PlanWrite, PlanWrites, SaveError, StoreError},
};
use time::OffsetDateTime;

use super::{MemoryStore, State, StoredPlanWrite};

impl State {
    pub(super) fn note(
        &mut self,
        zammad_users: impl IntoIterator<Item = ZammadUserId>,
        due_at: OffsetDateTime,
    ) {
        let due = zammad_users.into_iter().map(|it| (it, StoredPlanWrite { due_at, attempts: 0 }));
        self.plan_writes.extend(due);
    }

    /// Too late when the association of somebody who joins is no longer what it was when they were loaded.
    pub(super) fn note_changes(&mut self, plan: &Plan, at: OffsetDateTime) -> Result<(), SaveError> {
        for change in plan.changes() {
            if let Change::MemberJoined { member } = change
                && self.users[&member.user.id].zammad_user_id != member.user.zammad_user_id
            {
                return Err(SaveError::Stale);
            }
        }
        self.note(plan_lines_changed_by(plan), at);
        Ok(())
    }

    /// As it was claimed, not made due anew since.
    fn claimed(&mut self, write: &PlanWrite) -> Option<&mut StoredPlanWrite> {
        let stored = self.plan_writes.get_mut(&write.zammad_user)?;
        (stored.due_at == write.until && stored.attempts == write.attempts + 1).then_some(stored)
    }
}

#[async_trait]
impl PlanWrites for MemoryStore {
    async fn enqueue(&self, zammad_users: Vec<ZammadUserId>, at: OffsetDateTime) -> Result<(), StoreError> {
        self.state().note(zammad_users, at);
        Ok(())
    }

    async fn claim(
        &self,
        limit: usize,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<PlanWrite>, StoreError> {
        let mut state = self.state();
        let mut due: Vec<_> = state.plan_writes.iter_mut().filter(|(_, it)| it.due_at <= now).collect();
        due.sort_by_key(|(_, it)| it.due_at);
        let claimed = due.into_iter().take(limit).map(|(zammad_user, stored)| {
            let write = PlanWrite { zammad_user: *zammad_user, attempts: stored.attempts, until };
            stored.due_at = until;
            stored.attempts += 1;
            write
        });
        Ok(claimed.collect())
    }

    async fn finish(&self, write: PlanWrite) -> Result<bool, StoreError> {
        let mut state = self.state();
        let is_claimed = state.claimed(&write).is_some();
        if is_claimed {
            state.plan_writes.remove(&write.zammad_user);
        }
        Ok(is_claimed)
    }

    async fn postpone(&self, write: PlanWrite, at: OffsetDateTime) -> Result<(), StoreError> {
        if let Some(stored) = self.state().claimed(&write) {
            stored.due_at = at;
        }
        Ok(())
    }
}
