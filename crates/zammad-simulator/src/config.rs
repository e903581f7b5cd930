//! What a simulator is started with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::{self, Clock};
use crate::delivery::RetryWaits;
use crate::version::ZammadVersion;

/// What answers `GET /users/search`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchBackend {
    /// No Elasticsearch: `LIKE %query%` over the text columns; `email:x` is a literal and finds nothing.
    Database,
    /// Elasticsearch that has indexed everything.
    #[default]
    Elasticsearch,
    /// Elasticsearch that shows changes only after
    /// [`Simulator::refresh_search_index`](crate::Simulator::refresh_search_index).
    LaggingElasticsearch,
    /// Elasticsearch that fails, which Zammad answers with 200 and an empty list.
    BrokenElasticsearch,
}

/// What a simulator is started with; `Config::default()` is a 6.5 in UTC on a free port of 127.0.0.1.
#[derive(Clone)]
pub struct Config {
    pub(crate) address: SocketAddr,
    pub(crate) version: ZammadVersion,
    pub(crate) timezone_default: Option<String>,
    pub(crate) search_backend: SearchBackend,
    pub(crate) clock: Clock,
    pub(crate) retry_waits: RetryWaits,
    pub(crate) webhook_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            version: ZammadVersion::default(),
            timezone_default: Some("UTC".to_owned()),
            search_backend: SearchBackend::default(),
            clock: clock::system_clock(),
            retry_waits: RetryWaits::Scaled(1.0),
            webhook_timeout: Duration::from_mins(1),
        }
    }
}

impl Config {
    /// Listen on `address`.
    #[must_use]
    pub fn bind(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// Behave like `version`.
    #[must_use]
    pub fn version(self, version: ZammadVersion) -> Self {
        Self { version, ..self }
    }

    /// Set `timezone_default` to an IANA name; starting fails when there is no such zone.
    #[must_use]
    pub fn timezone_default(self, name: impl Into<String>) -> Self {
        Self { timezone_default: Some(name.into()), ..self }
    }

    /// Leave `timezone_default` out of `signshow`; days then start in UTC.
    #[must_use]
    pub fn without_timezone_default(self) -> Self {
        Self { timezone_default: None, ..self }
    }

    /// Search with `search_backend`.
    #[must_use]
    pub fn search_backend(self, search_backend: SearchBackend) -> Self {
        Self { search_backend, ..self }
    }

    /// Take the time from `clock`.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Wait `scale` times as long as Zammad does (10, 20, 30 and 40 seconds) between the attempts to deliver a webhook;
    /// not at all when it is 0.
    #[must_use]
    pub fn webhook_scale(self, scale: f64) -> Self {
        Self { retry_waits: RetryWaits::Scaled(scale), ..self }
    }

    /// Try again to deliver a webhook only on [`Simulator::retry_webhooks`](crate::Simulator::retry_webhooks).
    #[must_use]
    pub fn webhook_retries_on_demand(self) -> Self {
        Self { retry_waits: RetryWaits::OnDemand, ..self }
    }

    /// Give up an attempt to deliver a webhook after `timeout` instead of a minute.
    #[must_use]
    pub fn webhook_timeout(self, timeout: Duration) -> Self {
        Self { webhook_timeout: timeout, ..self }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("address", &self.address)
            .field("version", &self.version)
            .field("timezone_default", &self.timezone_default)
            .field("search_backend", &self.search_backend)
            .field("retry_waits", &self.retry_waits)
            .finish_non_exhaustive()
    }
}
