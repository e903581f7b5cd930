//! Which invites need their token.

use std::collections::BTreeSet;

use async_trait::async_trait;
use family_plan_domain::{
    CodeHash, InviteId, InviteStatus, PlanId, TokenHash,
    ports::{GivenUpTokens, InviteRegister, StoreError},
};
use time::OffsetDateTime;

use super::{MemoryStore, State, StoredInvite};

impl State {
    fn needs_token(&self, stored: &StoredInvite, now: OffsetDateTime) -> bool {
        let is_open = stored.invite.status(now) == InviteStatus::Open;
        is_open && !self.plans[&stored.plan].is_closed && !stored.is_token_given_up
    }
}

#[async_trait]
impl InviteRegister for MemoryStore {
    async fn give_up_tokens(
        &self,
        invites: Vec<InviteId>,
        now: OffsetDateTime,
    ) -> Result<GivenUpTokens, StoreError> {
        let mut state = self.state();
        let mut tokens = GivenUpTokens::default();
        for invite in invites.into_iter().collect::<BTreeSet<_>>() {
            match state.invites.get(&invite).map(|it| state.needs_token(it, now)) {
                Some(true) => (),
                Some(false) => tokens.unneeded.push(invite),
                None => tokens.unknown.push(invite),
            }
        }
        for invite in &tokens.unneeded {
            if let Some(stored) = state.invites.get_mut(invite) {
                stored.is_token_given_up = true;
            }
        }
        Ok(tokens)
    }

    async fn with_token(
        &self,
        since: Option<OffsetDateTime>,
        after: Option<InviteId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<(PlanId, InviteId)>, StoreError> {
        let state = self.state();
        let with_token = state
            .invites
            .values()
            .filter(|it| after < Some(it.invite.id) && state.needs_token(it, now))
            .filter(|it| since <= Some(it.invite.created_at));
        Ok(with_token.take(limit).map(|it| (it.plan, it.invite.id)).collect())
    }

    async fn secrets(&self, invite: InviteId) -> Result<Option<(CodeHash, TokenHash)>, StoreError> {
        Ok(self.state().invites.get(&invite).map(|it| (it.code, it.token)))
    }
}
