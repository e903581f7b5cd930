//! Everything that the story needs, in one process.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use anyhow::Context;
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use family_plan_domain::ports::Clock;
use family_plan_zammad_simulator::{Config, NewWebhook, Simulator};
use tempfile::TempDir;

use super::{clock::MovableClock, site};
use crate::{
    configuration::Sources,
    identity::IdentityConfig,
    serve::{self, Running},
    system::SystemIds,
};

/// The cookie that the login page sets.
pub(super) const COOKIE: &str = "family_plan_demo";

/// Where the helpdesk's people see the plan of a customer.
pub(super) const PLAN_ATTRIBUTE: &str = "plan";

/// A running service with all that it needs, and the clock that it goes by.
pub(super) struct World {
    pub(super) service_url: String,
    pub(super) site_url: String,
    pub(super) keys: Arc<IdentityConfig>,
    pub(super) clock: Arc<MovableClock>,
    pub(super) zammad: Simulator,
    link: Mutex<String>,
    running: Running,
    site: site::Site,
    folder: TempDir,
}

impl World {
    /// Starts everything; the service listens at `port`.
    pub(super) async fn start(port: u16) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("family-plan-demo-").tempdir()?;
        let clock = Arc::new(MovableClock::default());
        let zammad_clock = Arc::clone(&clock);
        let zammad = Simulator::start(&Config::default().clock(move || zammad_clock.now()))?;
        // The service's own address is part of what it is configured with.
        let listen = free_address(port).with_context(|| format!("port {port} is taken: try --port 0"))?;
        let service_url = format!("http://{listen}/");
        let site_listen = free_address(0)?;
        let site_url = format!("http://{site_listen}");

        let webhook_secret = random_key()?;
        let webhook = NewWebhook::to(format!("{service_url}v1/zammad/webhook"));
        zammad.add_webhook(webhook.signed_with(&webhook_secret));
        zammad.add_user_attribute(PLAN_ATTRIBUTE);
        let database = folder.path().join("family-plan.db");
        let settings = HashMap::from([
            ("FAMILY_PLAN__SERVER__LISTEN", listen.to_string()),
            ("FAMILY_PLAN__SERVER__PUBLIC_URL", service_url.clone()),
            ("FAMILY_PLAN__SERVER__SECRET_KEY", random_key()?),
            ("FAMILY_PLAN__LINKS__LOGIN_URL", format!("{site_url}/login")),
            ("FAMILY_PLAN__LINKS__DASHBOARD_URL", format!("{site_url}/dashboard")),
            ("FAMILY_PLAN__DATABASE__URL", format!("sqlite://{}?mode=rwc", database.display())),
            ("FAMILY_PLAN__AUTH__HS256_SECRET", random_key()?),
            ("FAMILY_PLAN__AUTH__COOKIE", COOKIE.to_owned()),
            ("FAMILY_PLAN__ZAMMAD__URL", zammad.url()),
            ("FAMILY_PLAN__ZAMMAD__TOKEN", zammad.agent_token().to_owned()),
            ("FAMILY_PLAN__ZAMMAD__WEBHOOK_SECRETS", webhook_secret),
            ("FAMILY_PLAN__ZAMMAD__PLAN_ATTRIBUTE", PLAN_ATTRIBUTE.to_owned()),
            // The story waits for one failure of the helpdesk.
            ("FAMILY_PLAN__ZAMMAD__DEADLINE_SECONDS", "2".to_owned()),
        ]);
        let settings: HashMap<String, String> =
            settings.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let keys = Arc::new(Sources::read_from(None, settings.clone())?.auth()?.identity);
        let configuration = Sources::read_from(None, settings)?.configuration()?;
        let running = serve::start(configuration, clock.clone(), Arc::new(SystemIds)).await?;
        let site = site::Site::start(site_listen, &service_url, Arc::clone(&keys));
        Ok(Self { service_url, site_url, keys, clock, zammad, link: Mutex::default(), running, site, folder })
    }

    /// Keeps a link that still leads somewhere, for whoever tries the demo afterwards.
    pub(super) fn keep_link(&self, link: &str) {
        link.clone_into(&mut self.link.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// The link that was kept last.
    pub(super) fn last_link(&self) -> String {
        self.link.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Stops everything, and removes the database.
    pub(super) async fn stop(self) {
        self.running.stop().await;
        self.site.stop().await;
        self.zammad.stop().await;
        drop(self.folder);
    }
}

fn free_address(port: u16) -> std::io::Result<SocketAddr> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()
}

fn random_key() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).ok().context("there is no randomness")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
