//! Telling the code of an invite again.

use std::sync::Arc;

use family_plan_domain::{
    InviteId,
    ports::{InviteRegister, StoreError},
};

use crate::{InviteCode, LinkKey};

/// Why a code cannot be told again.
#[derive(Debug, thiserror::Error)]
pub enum RecallCodeError {
    /// It was made with a key that is configured no longer.
    #[error("the key that the code was made with is configured no longer")]
    KeyRotated,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Computes the codes of invites again: they are kept nowhere.
pub struct RecallCode {
    /// Knows the invites.
    pub register: Arc<dyn InviteRegister>,
    /// What codes were made with: the key that is in use, then those that were.
    pub keys: Vec<Arc<LinkKey>>,
}

impl RecallCode {
    /// The code of `invite`, whatever became of it. For those only who were told it before.
    ///
    /// # Errors
    ///
    /// See [`RecallCodeError`].
    pub async fn run(&self, invite: InviteId) -> Result<InviteCode, RecallCodeError> {
        let secrets = self.register.secrets(invite).await?;
        let (code, token) =
            secrets.ok_or_else(|| StoreError::new("an invite that was issued is not there"))?;
        let mut codes = self.keys.iter().map(|key| key.code(invite, &token));
        codes.find(|it| it.hash() == code).ok_or(RecallCodeError::KeyRotated)
    }
}
