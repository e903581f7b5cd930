//! The secrets of invites, minted by Zammad.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use family_plan_domain::{
    InviteId,
    ports::{HelpDeskError, Ids, InviteTokens, MintedToken},
};
use time::OffsetDateTime;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    ZammadClient, ZammadError, attempts::Attempts, expiry::expiry_date, readiness::Readiness,
    system_zone::SystemZone,
};

/// Zammad's access tokens as the secrets of invites.
pub struct ZammadTokens {
    client: ZammadClient,
    ids: Arc<dyn Ids>,
    background: TaskTracker,
    zone: SystemZone,
    readiness: Readiness,
}

impl ZammadTokens {
    /// Mints with the account that `client` mints with, under ids from `ids`. Tokens of attempts whose outcome is
    /// unknown are deleted on `background`, which the server awaits when it stops.
    #[must_use]
    pub fn new(client: ZammadClient, ids: Arc<dyn Ids>, background: TaskTracker) -> Self {
        Self { client, ids, background, zone: SystemZone::default(), readiness: Readiness::default() }
    }

    pub(crate) fn client(&self) -> &ZammadClient {
        &self.client
    }

    async fn try_to_mint(
        &self,
        expires_at: OffsetDateTime,
        doubtful: &mut Vec<InviteId>,
    ) -> Result<MintedToken, ZammadError> {
        let mut attempts = Attempts::start(self.client.pace());
        let until = expiry_date(expires_at, self.zone.of(&self.client).await.as_ref())?;
        loop {
            let invite = InviteId::from(self.ids.next());
            let failure = match self.client.create_token(invite, until, attempts.time_for_next()).await {
                Ok(token) => return Ok(MintedToken { invite, token }),
                Err(failure) => failure,
            };
            if failure.leaves_doubt() {
                doubtful.push(invite);
            }
            if !attempts.another_after(&failure).await {
                return Err(failure);
            }
            if !failure.is_held_back() {
                tracing::info!(%invite, error = &failure as &dyn Error, "Zammad did not mint; trying again");
            }
        }
    }

    /// Deletes what attempts of unknown outcome may have left. What stays behind all the same is left to whoever
    /// compares Zammad's tokens with the invites there are.
    fn discard_later(&self, doubtful: Vec<InviteId>) {
        let client = self.client.clone();
        let discard = async move {
            tokio::time::sleep(client.pace().settling).await;
            if let Err(err) = delete(&client, &doubtful).await {
                let error = &err as &dyn Error;
                tracing::warn!(invites = ?doubtful, error, "tokens nobody uses may stay behind in Zammad");
            }
        };
        self.background.spawn(discard.in_current_span());
    }
}

/// Deletes the tokens of these invites, trying again where that can help.
async fn delete(client: &ZammadClient, invites: &[InviteId]) -> Result<(), ZammadError> {
    Attempts::start(client.pace()).run(|_| client.delete_tokens(invites)).await
}

#[async_trait]
impl InviteTokens for ZammadTokens {
    async fn mint(&self, expires_at: OffsetDateTime) -> Result<MintedToken, HelpDeskError> {
        let mut doubtful = Vec::new();
        let minted = self.try_to_mint(expires_at, &mut doubtful).await;
        if !doubtful.is_empty() {
            self.discard_later(doubtful);
        }
        Ok(minted?)
    }

    async fn discard(&self, invite: InviteId) -> Result<(), HelpDeskError> {
        Ok(delete(&self.client, &[invite]).await?)
    }

    async fn check(&self) -> Result<(), HelpDeskError> {
        Ok(self.readiness.of(&self.client).await?)
    }
}
