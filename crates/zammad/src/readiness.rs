//! Whether minting can be expected to work.

use std::time::Duration;

use reqwest::Method;
use tokio::{sync::Mutex, time::Instant};

use crate::{ZammadClient, ZammadError};

const KEEP: Duration = Duration::from_secs(1);

/// What a check found, kept for a while so that a probe cannot hammer Zammad.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<LastCheck>>);

struct LastCheck {
    found: Result<(), ZammadError>,
    good_until: Instant,
}

impl Readiness {
    /// Callers at the same time share one check.
    pub(crate) async fn of(&self, client: &ZammadClient) -> Result<(), ZammadError> {
        let mut last_check = self.0.lock().await;
        if let Some(it) = &*last_check
            && Instant::now() < it.good_until
        {
            return it.found.clone();
        }
        let found = check(client).await;
        *last_check = Some(LastCheck { found: found.clone(), good_until: Instant::now() + KEEP });
        found
    }
}

/// Nothing is sent while Zammad is left alone; afterwards this may be what finds out that it works again.
async fn check(client: &ZammadClient) -> Result<(), ZammadError> {
    let request = client.as_minter(Method::GET, "users/me");
    match client.send_briefly(request, client.pace().checking).await {
        Ok(_) => Ok(()),
        // Nothing was said against the credentials, and somebody is there: minting itself will tell.
        Err(ZammadError::Refused(refusal)) if refusal.status == 404 => Ok(()),
        Err(err) => Err(err),
    }
}
