//! The tokens of an account.

use async_trait::async_trait;
use family_plan_domain::{
    RegisteredToken, TokenRegister,
    ports::{HelpDeskError, IssuedTokens},
};

use super::{FakeHelpDesk, HelpDeskCall};

#[async_trait]
impl IssuedTokens for FakeHelpDesk {
    async fn list(&self) -> Result<TokenRegister, HelpDeskError> {
        let state = self.enter(HelpDeskCall::ListTokens).await?;
        let of_account = state.tokens.iter().filter(|(account, _)| *account == state.account);
        Ok(TokenRegister {
            account: state.knows_account.then_some(state.account),
            tokens: of_account.map(|(_, token)| token.clone()).collect(),
        })
    }

    async fn delete(&self, token: RegisteredToken) -> Result<(), HelpDeskError> {
        let mut state = self.enter(HelpDeskCall::DeleteToken(token.id)).await?;
        state.tokens.retain(|(_, it)| it.id != token.id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use family_plan_domain::{InviteId, ZammadAccount};
    use uuid::Uuid;

    use super::*;
    use crate::ManualClock;

    #[tokio::test]
    async fn every_account_has_its_own_tokens() {
        let help_desk = FakeHelpDesk::new(Arc::new(ManualClock::default()));
        let token = RegisteredToken { id: 7, invite: InviteId::from(Uuid::nil()), created_at: None };
        help_desk.add_token(token.clone());
        assert_eq!(help_desk.list().await.unwrap().tokens, std::slice::from_ref(&token));
        help_desk.switch_account(ZammadAccount(4));
        assert_eq!(help_desk.list().await.unwrap().tokens, []);
        help_desk.fail_next(HelpDeskError::Rejected("no".into()));
        assert!(help_desk.delete(token.clone()).await.is_err());
        assert_eq!(help_desk.token_ids(), [7]);
        help_desk.delete(token).await.unwrap();
        assert_eq!(help_desk.token_ids(), [] as [i64; 0]);
    }
}
