//! Users, and which of the helpdesk's stand for them.

use async_trait::async_trait;
use family_plan_domain::{
    Edit, EventCursor, LinkChange, LinkReason, Origin, Person, PlanId, User, UserEdit, UserId, ZammadUserId,
    ports::{Ids, LinkError, StoreError, Users},
};
use time::OffsetDateTime;

use super::{MemoryStore, State};

impl State {
    fn record(&mut self, edit: &UserEdit) {
        self.users.entry(edit.id.clone()).or_insert_with(|| User::new(edit.id.clone())).apply(edit);
    }

    /// What changes, in order; empty when the association is there already, or is not called for.
    fn changes_to_link(
        &self,
        user: &UserId,
        zammad_user: ZammadUserId,
        reason: LinkReason,
    ) -> Result<Vec<LinkChange>, LinkError> {
        match self.user_of(zammad_user) {
            Some(holder) if holder.id == *user => return Ok(Vec::new()),
            Some(_) => return Err(LinkError::Taken),
            None => (),
        }
        if reason == LinkReason::VerifiedEmail && self.match_of(user) != Some(zammad_user) {
            return Ok(Vec::new());
        }
        let former = self.users.get(user).and_then(|it| it.zammad_user_id);
        let change =
            |zammad_user, is_linked| LinkChange { user: user.clone(), zammad_user, is_linked, reason };
        Ok(former.map(|it| change(it, false)).into_iter().chain([change(zammad_user, true)]).collect())
    }

    fn apply_links(&mut self, changes: &[LinkChange], origin: &Origin, ids: &dyn Ids) {
        let Some(last) = changes.last() else {
            return;
        };
        self.record(&UserEdit::mention(last.user.clone()));
        let user = self.users.get_mut(&last.user).expect("it was just recorded");
        user.zammad_user_id = last.is_linked.then_some(last.zammad_user);
        if last.is_linked {
            self.unlinked.remove(&last.user);
        } else {
            self.unlinked.insert(last.user.clone());
        }
        let place = self.place_of(&last.user).map(|it| it.plan).map(|plan| (plan, self.next_revision(plan)));
        for (position, change) in (0..).zip(changes) {
            let place = place.map(|(plan, revision)| (plan, EventCursor { revision, position }));
            self.events.push(change.event(ids.next().into(), place, origin));
        }
    }

    fn next_revision(&mut self, plan: PlanId) -> i64 {
        let parts = &mut self.plans.get_mut(&plan).expect("a membership is one of a plan").parts;
        parts.revision += 1;
        parts.revision
    }

    pub(super) fn user_of(&self, zammad_user: ZammadUserId) -> Option<&User> {
        self.users.values().find(|it| it.zammad_user_id == Some(zammad_user))
    }
}

impl MemoryStore {
    fn apply_links(&self, state: &mut State, changes: &[LinkChange], origin: &Origin) -> bool {
        state.apply_links(changes, origin, &*self.ids);
        if self.notes_plan_writes {
            state.note(changes.iter().map(|it| it.zammad_user), origin.at);
        }
        !changes.is_empty()
    }
}

#[async_trait]
impl Users for MemoryStore {
    async fn find(&self, user: UserId) -> Result<Option<Person>, StoreError> {
        Ok(self.state().find(&user))
    }

    async fn record(&self, edit: UserEdit) -> Result<(), StoreError> {
        let mut state = self.state();
        state.record(&edit);
        if self.notes_plan_writes && edit.individual_plan != Edit::Keep {
            let associated = state.users[&edit.id].zammad_user_id;
            // What is told of a user bears no time: it is due since ever.
            state.note(associated, OffsetDateTime::UNIX_EPOCH);
        }
        Ok(())
    }

    async fn of_zammad_users(&self, zammad_users: Vec<ZammadUserId>) -> Result<Vec<Person>, StoreError> {
        let state = self.state();
        let is_asked_for = |it: &&User| it.zammad_user_id.is_some_and(|it| zammad_users.contains(&it));
        Ok(state.users.values().filter(is_asked_for).filter_map(|it| state.find(&it.id)).collect())
    }

    async fn link(
        &self,
        user: UserId,
        zammad_user: ZammadUserId,
        reason: LinkReason,
        origin: &Origin,
    ) -> Result<bool, LinkError> {
        let mut state = self.state();
        let changes = state.changes_to_link(&user, zammad_user, reason)?;
        Ok(self.apply_links(&mut state, &changes, origin))
    }

    async fn unlink(&self, user: UserId, origin: &Origin) -> Result<bool, StoreError> {
        let mut state = self.state();
        let former = state.users.get(&user).and_then(|it| it.zammad_user_id);
        let change = former.map(|zammad_user| LinkChange {
            user,
            zammad_user,
            is_linked: false,
            reason: LinkReason::Requested,
        });
        Ok(self.apply_links(&mut state, change.as_slice(), origin))
    }
}
