//! A helpdesk that mints tokens, and fails when it is told to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use family_plan_domain::{
    InviteId,
    ports::{HelpDeskError, Ids, InviteTokens, MintedToken},
};
use secrecy::SecretString;
use time::OffsetDateTime;

/// Remembers what it minted and what it discarded.
pub struct FakeInviteTokens {
    ids: Arc<dyn Ids>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    minted: Vec<(InviteId, OffsetDateTime)>,
    discarded: Vec<InviteId>,
    failures: VecDeque<HelpDeskError>,
}

impl FakeInviteTokens {
    /// A helpdesk without tokens; `ids` makes those of invites.
    #[must_use]
    pub fn new(ids: Arc<dyn Ids>) -> Self {
        Self { ids, state: Mutex::default() }
    }

    /// Makes the next call that has not been told to fail yet fail like this.
    pub fn fail_next(&self, failure: HelpDeskError) {
        self.state().failures.push_back(failure);
    }

    /// The invites for which a token was minted, in order, and until when each was to be good.
    #[must_use]
    pub fn minted(&self) -> Vec<(InviteId, OffsetDateTime)> {
        self.state().minted.clone()
    }

    /// The invites whose token was discarded, in order.
    #[must_use]
    pub fn discarded(&self) -> Vec<InviteId> {
        self.state().discarded.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail_if_told_to(&mut self) -> Result<(), HelpDeskError> {
        self.failures.pop_front().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl InviteTokens for FakeInviteTokens {
    async fn mint(&self, expires_at: OffsetDateTime) -> Result<MintedToken, HelpDeskError> {
        let mut state = self.state();
        state.fail_if_told_to()?;
        let invite = InviteId::from(self.ids.next());
        state.minted.push((invite, expires_at));
        Ok(MintedToken { invite, token: SecretString::from(format!("token of {invite}")) })
    }

    async fn discard(&self, invite: InviteId) -> Result<(), HelpDeskError> {
        let mut state = self.state();
        state.fail_if_told_to()?;
        state.discarded.push(invite);
        Ok(())
    }

    async fn check(&self) -> Result<(), HelpDeskError> {
        self.state().fail_if_told_to()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{START, SequentialIds};

    #[tokio::test]
    async fn it_fails_as_often_as_it_was_told_to() {
        let tokens = FakeInviteTokens::new(Arc::new(SequentialIds::default()));
        tokens.fail_next(HelpDeskError::Rejected("no".into()));
        assert!(tokens.mint(START).await.is_err());
        let minted = tokens.mint(START).await.unwrap();
        tokens.discard(minted.invite).await.unwrap();
        assert_eq!(tokens.minted(), [(minted.invite, START)]);
        assert_eq!(tokens.discarded(), [minted.invite]);
    }
}
