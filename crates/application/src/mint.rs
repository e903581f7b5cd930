//! Minting the secret of an invite, and getting rid of one that came to nothing.

use std::{error::Error, sync::Arc};

use family_plan_domain::{
    InviteId, NewInvite, UserId,
    ports::{HelpDeskError, InviteTokens},
};
use time::OffsetDateTime;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{InviteCode, LinkKey, invite_code::token_hash};

/// Turns the helpdesk's tokens into the secrets of invites.
#[derive(Clone)]
pub struct Mint {
    /// Who mints.
    pub tokens: Arc<dyn InviteTokens>,
    /// What makes codes of tokens.
    pub key: Arc<LinkKey>,
    /// Work that goes on when nobody waits for it; the server awaits it when it stops.
    pub background: TaskTracker,
}

impl Mint {
    /// The code and the rest of a new invite's secret, good until `expires_at` at least.
    pub(crate) async fn mint(
        &self,
        issued_by: UserId,
        expires_at: OffsetDateTime,
    ) -> Result<(InviteCode, NewInvite), HelpDeskError> {
        let minted = self.tokens.mint(expires_at).await?;
        let token = token_hash(&minted.token);
        let code = self.key.code(minted.invite, &token);
        let invite = NewInvite { id: minted.invite, code: code.hash(), token, issued_by, expires_at };
        Ok((code, invite))
    }

    /// Deletes the token of an invite that was not saved. The caller does not wait for it.
    pub(crate) fn discard(&self, invite: InviteId) {
        let tokens = Arc::clone(&self.tokens);
        let discard = async move {
            if let Err(err) = tokens.discard(invite).await {
                tracing::warn!(%invite, error = &err as &dyn Error, "an unused token stays behind in the helpdesk");
            }
        };
        self.background.spawn(discard.in_current_span());
    }
}
