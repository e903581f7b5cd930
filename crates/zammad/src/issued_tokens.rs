//! The tokens that were minted for invites, as Zammad lists them.

use std::error::Error;

use async_trait::async_trait;
use family_plan_domain::{
    RegisteredToken, TokenRegister, ZammadAccount,
    ports::{HelpDeskError, IssuedTokens},
};
use reqwest::Method;
use serde::Deserialize;

use crate::{ZammadClient, ZammadError, ZammadTokens, attempts::Attempts};

const ACCOUNT_MAX_BYTES: usize = 1024 * 1024;

#[derive(Deserialize)]
struct Account {
    id: i64,
}

#[async_trait]
impl IssuedTokens for ZammadTokens {
    async fn list(&self) -> Result<TokenRegister, HelpDeskError> {
        let client = self.client();
        let attempts = Attempts::start_within(client.pace(), client.pace().listing);
        let list = attempts.run(|within| client.list_tokens(within)).await?;
        let account = match list.account() {
            Some(account) => Some(account),
            None => minter(client).await,
        };
        Ok(TokenRegister { account: account.map(ZammadAccount), tokens: list.of_invites().collect() })
    }

    async fn delete(&self, token: RegisteredToken) -> Result<(), HelpDeskError> {
        let client = self.client();
        let attempts = Attempts::start(client.pace());
        Ok(attempts.run(|within| client.delete_token(token.id, within)).await?)
    }
}

/// The account that mints, if it can be found out.
async fn minter(client: &ZammadClient) -> Option<i64> {
    match ask_for_minter(client).await {
        Ok(account) => Some(account.id),
        Err(err) => {
            tracing::info!(error = &err as &dyn Error, "Zammad does not tell which account mints");
            None
        }
    }
}

async fn ask_for_minter(client: &ZammadClient) -> Result<Account, ZammadError> {
    let request = client.as_minter(Method::GET, "users/me");
    client.send(request, client.pace().deadline).await?.json(ACCOUNT_MAX_BYTES).await
}
