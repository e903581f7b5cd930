//! How this Zammad is asked for changes, as far as that was found out.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

use crate::{ChangeSearch, ZammadClient, ZammadError};

const KEEP: Duration = Duration::from_hours(1);
/// Elasticsearch may only have been away.
const KEEP_NONE: Duration = Duration::from_mins(10);

/// The way to ask for changes, kept for a while so that not every pull puts Zammad on trial.
#[derive(Default)]
pub(crate) struct KnownChangeSearch(Mutex<Option<LastTrial>>);

struct LastTrial {
    found: Option<ChangeSearch>,
    good_until: Instant,
}

impl KnownChangeSearch {
    /// `None` when there is no way. Callers at the same time share one trial; one that failed is not kept.
    pub(crate) async fn of(&self, client: &ZammadClient) -> Result<Option<ChangeSearch>, ZammadError> {
        let mut last_trial = self.0.lock().await;
        if let Some(it) = &*last_trial
            && Instant::now() < it.good_until
        {
            return Ok(it.found);
        }
        let found = client.find_change_search().await?;
        let keep = if found.is_some() { KEEP } else { KEEP_NONE };
        *last_trial = Some(LastTrial { found, good_until: Instant::now() + keep });
        Ok(found)
    }

    /// The next caller finds out anew.
    pub(crate) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}
