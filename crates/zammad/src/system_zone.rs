//! The time zone that Zammad counts its days in.

use std::{error::Error, time::Duration};

use reqwest::Method;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use crate::{UnknownZone, ZammadClient, ZammadError, Zone};

const KEEP_KNOWN: Duration = Duration::from_hours(1);
const KEEP_UNKNOWN: Duration = Duration::from_mins(1);
const SIGN_SHOW_MAX_BYTES: usize = 8 * 1024 * 1024;

/// The setting `timezone_default`, as last heard of.
#[derive(Default)]
pub(crate) struct SystemZone(Mutex<Option<LastHeard>>);

struct LastHeard {
    zone: Option<Zone>,
    good_until: Instant,
}

impl SystemZone {
    /// The configured zone, else what Zammad says; `None` when that is not known. Callers at the same time share one
    /// look-up.
    pub(crate) async fn of(&self, client: &ZammadClient) -> Option<Zone> {
        if let Some(zone) = client.time_zone() {
            return Some(zone.clone());
        }
        let mut last_heard = self.0.lock().await;
        if let Some(it) = &*last_heard
            && Instant::now() < it.good_until
        {
            return it.zone.clone();
        }
        let shown = show_settings(client, client.pace().zone_look_up()).await;
        let zone = match shown.map_err(Into::into).and_then(FrontendSettings::zone) {
            Ok(zone) => Some(zone),
            Err(err) => {
                tracing::warn!(
                    error = &err as &dyn Error,
                    "Zammad's time zone is unknown; its tokens get one more day"
                );
                None
            }
        };
        let keep = if zone.is_some() { KEEP_KNOWN } else { KEEP_UNKNOWN };
        *last_heard = Some(LastHeard { zone: zone.clone(), good_until: Instant::now() + keep });
        zone
    }
}

/// Why the zone is unknown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookUpError {
    #[error(transparent)]
    Zammad(#[from] ZammadError),
    #[error("Zammad does not show the setting timezone_default")]
    Missing,
    #[error("Zammad's setting timezone_default is unknown here")]
    Unknown(#[from] UnknownZone),
}

#[derive(Deserialize)]
struct SignShow {
    config: FrontendSettings,
}

/// What Zammad shows to everybody.
#[derive(Deserialize)]
pub(crate) struct FrontendSettings {
    timezone_default: Option<String>,
}

impl FrontendSettings {
    pub(crate) fn zone(self) -> Result<Zone, LookUpError> {
        Ok(self.timezone_default.ok_or(LookUpError::Missing)?.parse()?)
    }
}

pub(crate) async fn show_settings(
    client: &ZammadClient,
    within: Duration,
) -> Result<FrontendSettings, ZammadError> {
    // Without credentials: the answer is public, and a session's would be longer.
    let request = client.as_nobody(Method::GET, "signshow");
    let shown: SignShow = client.send_briefly(request, within).await?.json(SIGN_SHOW_MAX_BYTES).await?;
    Ok(shown.config)
}
