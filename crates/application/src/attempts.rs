//! Trying again when somebody else was first.

use std::time::Duration;

use family_plan_domain::ports::{SaveError, SaveOnceError, StoreError};
use rand::RngExt;

/// Each lost attempt means that somebody else's save succeeded, so that even a full plan's worth of people who join at
/// once comes to an end well before this.
const MAX_ATTEMPTS: u32 = 40;
const LONGEST_PAUSE_MS: u64 = 50;

/// Why a decision could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveFailure {
    /// Others were first again and again; the caller may try again.
    #[error("others changed the same thing at the same time, again and again")]
    Conflict,
    /// Somebody else took the request over: it took longer than its lease.
    #[error("somebody else carries the request out")]
    Superseded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Counts the attempts of one use case.
#[derive(Default)]
pub(crate) struct Attempts(u32);

impl Attempts {
    /// Returns when it is time to load and decide again, after a random pause that grows with each attempt.
    pub(crate) async fn again_after(&mut self, err: impl Into<SaveOnceError>) -> Result<(), SaveFailure> {
        match err.into() {
            SaveOnceError::Superseded => return Err(SaveFailure::Superseded),
            SaveOnceError::Save(SaveError::Store(err)) => return Err(err.into()),
            SaveOnceError::Save(SaveError::Stale) => self.0 += 1,
        }
        if self.0 == MAX_ATTEMPTS {
            return Err(SaveFailure::Conflict);
        }
        let longest = LONGEST_PAUSE_MS.min(1 << self.0.min(6));
        let pause = rand::rng().random_range(0..longest);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        Ok(())
    }
}
