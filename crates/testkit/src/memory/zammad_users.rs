//! The helpdesk's users.

use std::collections::{BTreeSet, btree_map::Entry};

use async_trait::async_trait;
use family_plan_domain::{
    MirroredUser, Sighting, User, UserId, ZammadUser, ZammadUserId,
    ports::{StoreError, ZammadUsers},
};
use time::OffsetDateTime;

use super::{MemoryStore, State};

impl State {
    /// Whether it is new or newer.
    fn sight(&mut self, Sighting { user, at }: Sighting) -> bool {
        match self.zammad_users.entry(user.id) {
            Entry::Vacant(entry) => {
                entry.insert(MirroredUser { user, seen_at: at, vanished_at: None });
                true
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.seen_at = known.seen_at.max(at);
                known.vanished_at = known.vanished_at.filter(|it| at <= *it);
                let is_newer = known.user.updated_at < user.updated_at;
                if is_newer {
                    known.user = user;
                }
                is_newer
            }
        }
    }

    fn vanish(&mut self, user: ZammadUserId, at: OffsetDateTime) {
        let known = self.zammad_users.get_mut(&user).filter(|it| it.seen_at < at);
        if let Some(known) = known {
            known.vanished_at.get_or_insert(at);
        }
    }

    pub(super) fn match_of(&self, user: &UserId) -> Option<ZammadUserId> {
        let ours = self.users.get(user)?;
        let address = ours.verified_email.as_ref()?.as_str();
        if ours.zammad_user_id.is_some() || self.unlinked.contains(user) {
            return None;
        }
        let has_it = |it: &&User| it.verified_email.as_ref().is_some_and(|it| it.as_str() == address);
        if self.users.values().filter(has_it).count() != 1 {
            return None;
        }
        let has_it = |it: &&ZammadUser| it.email.as_deref() == Some(address);
        let mut theirs = self
            .zammad_users
            .values()
            .filter(|it| it.vanished_at.is_none())
            .map(|it| &it.user)
            .filter(|it| it.id != ZammadUserId::SYSTEM)
            .filter(has_it)
            .map(|it| it.id);
        let zammad_user = theirs.next().filter(|it| self.user_of(*it).is_none())?;
        theirs.next().is_none().then_some(zammad_user)
    }
}

#[async_trait]
impl ZammadUsers for MemoryStore {
    async fn record(&self, sightings: Vec<Sighting>) -> Result<u64, StoreError> {
        let mut state = self.state();
        let mut newer = BTreeSet::new();
        for sighting in sightings {
            let user = sighting.user.id;
            if state.sight(sighting) {
                newer.insert(user);
            }
        }
        Ok(newer.len() as u64)
    }

    async fn find(&self, user: ZammadUserId) -> Result<Option<MirroredUser>, StoreError> {
        Ok(self.state().zammad_users.get(&user).cloned())
    }

    async fn not_seen_since(
        &self,
        before: OffsetDateTime,
        after: Option<ZammadUserId>,
        limit: usize,
    ) -> Result<Vec<ZammadUserId>, StoreError> {
        let state = self.state();
        let unseen = state.zammad_users.values().filter(|it| it.seen_at < before && it.vanished_at.is_none());
        Ok(unseen.map(|it| it.user.id).filter(|it| after < Some(*it)).take(limit).collect())
    }

    async fn vanish(&self, users: Vec<ZammadUserId>, at: OffsetDateTime) -> Result<(), StoreError> {
        let mut state = self.state();
        for user in users {
            state.vanish(user, at);
        }
        Ok(())
    }

    async fn matches(&self, users: Vec<ZammadUserId>) -> Result<Vec<(UserId, ZammadUserId)>, StoreError> {
        let state = self.state();
        let all = state.users.keys().filter_map(|user| Some((user.clone(), state.match_of(user)?)));
        Ok(all.filter(|(_, zammad_user)| users.contains(zammad_user)).collect())
    }

    async fn match_of(&self, user: UserId) -> Result<Option<ZammadUserId>, StoreError> {
        Ok(self.state().match_of(&user))
    }
}
