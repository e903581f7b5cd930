//! Whether what the service needs is there.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

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

/// Looks whether what the service needs is there. Only what changed since the last look is logged.
pub struct Health {
    database: Arc<dyn Ping>,
    zammad: Arc<dyn InviteTokens>,
    last_database: LastLook,
    last_zammad: LastLook,
}

impl Health {
    /// Looks at these. They are taken to be there at first.
    #[must_use]
    pub fn new(database: Arc<dyn Ping>, zammad: Arc<dyn InviteTokens>) -> Self {
        Self { database, zammad, last_database: LastLook::default(), last_zammad: LastLook::default() }
    }

    /// Looks now; neither look waits for the other.
    pub async fn check(&self) -> Report {
        let (database, zammad) = tokio::join!(self.database.ping(), self.zammad.check());
        if self.last_database.is_changed_by(&database) {
            match &database {
                Ok(()) => tracing::info!("the database answers again"),
                Err(err) => tracing::warn!(error = err as &dyn Error, "the database does not answer"),
            }
        }
        if self.last_zammad.is_changed_by(&zammad) {
            match &zammad {
                Ok(()) => tracing::info!("the helpdesk can mint again"),
                Err(err) => tracing::warn!(error = err as &dyn Error, "the helpdesk cannot mint"),
            }
        }
        Report { database: database.is_ok(), zammad: zammad.is_ok() }
    }
}

/// What the last look found.
#[derive(Default)]
struct LastLook {
    failed: AtomicBool,
}

impl LastLook {
    /// Whether this look found something else.
    fn is_changed_by<E>(&self, found: &Result<(), E>) -> bool {
        self.failed.swap(found.is_err(), Ordering::Relaxed) != found.is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_told() {
        let last = LastLook::default();

        for (found, is_change) in [
            (Ok(()), false),
            (Err(()), true),
            (Err(()), false),
            (Err(()), false),
            (Ok(()), true),
            (Ok(()), false),
            (Err(()), true),
        ] {
            assert_eq!(last.is_changed_by(&found), is_change);
        }
    }

    #[test]
    fn a_first_look_that_fails_is_told() {
        assert!(LastLook::default().is_changed_by(&Err(())));
    }
}
