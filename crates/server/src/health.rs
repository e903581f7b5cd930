//! Whether what the service needs is there.

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use family_plan_domain::ports::{InviteTokens, StoreError};

/// Something that answers when it is there.
#[async_trait]
pub trait Ping: Send + Sync {
    /// Returns when it has answered.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Without it nothing works.
    pub database: bool,
    /// Without it no invites are issued.
    pub zammad: bool,
}

/// Looks whether what the service needs is there.
pub struct Health {
    /// The database.
    pub database: Arc<dyn Ping>,
    /// The helpdesk.
    pub zammad: Arc<dyn InviteTokens>,
}

impl Health {
    /// Looks now; neither look waits for the other.
    pub async fn check(&self) -> Report {
        let (database, zammad) = tokio::join!(self.database.ping(), self.zammad.check());
        if let Err(err) = &database {
            tracing::warn!(error = err as &dyn Error, "the database does not answer");
        }
        if let Err(err) = &zammad {
            tracing::warn!(error = err as &dyn Error, "the helpdesk cannot mint");
        }
        Report { database: database.is_ok(), zammad: zammad.is_ok() }
    }
}
