//! A server and a site under one domain, as in real life, and a browser that finds them.

use std::net::SocketAddr;

use serde_json::Value;

use super::{
    chromium::{Browser, Scripts},
    site::Site,
};
use crate::{
    client::{Caller, Invite, claims},
    jwt::hs256,
    world::{COOKIE, Engine, World},
};

/// What the cookie of whoever is signed in is good for.
pub(super) const DOMAIN: &str = "hills.localhost";
const SERVICE: &str = "family.hills.localhost";
const SITE: &str = "www.hills.localhost";
/// Where people go once they have joined.
pub(super) const DASHBOARD: &str = "http://www.hills.localhost/dashboard";

/// The claims of somebody with a name such as "Ann Hill".
pub(super) fn person(id: &str) -> Value {
    let (first, rest) = id.split_at(1);
    let mut claims = claims(id);
    claims["name"] = format!("{}{rest} Hill", first.to_uppercase()).into();
    claims
}

/// Everything that a test in the browser needs.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) browser: Browser,
    _site: Site,
}

impl Scene {
    /// With a browser that runs scripts.
    pub(super) async fn start() -> Self {
        Self::with(Scripts::On).await
    }

    /// With this browser.
    pub(super) async fn with(scripts: Scripts) -> Self {
        let site = Site::start().await;
        let settings = [
            ("SERVER__PUBLIC_URL", format!("http://{SERVICE}/")),
            ("LINKS__LOGIN_URL", format!("http://{SITE}/login")),
            ("LINKS__DASHBOARD_URL", DASHBOARD.to_owned()),
        ];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let world = World::with(Engine::Sqlite, &settings).await;
        let server: SocketAddr = world.base(0).trim_start_matches("http://").parse().unwrap();
        let browser = Browser::start(&[(SERVICE, server), (SITE, site.address())], scripts).await;
        Self { world, browser, _site: site }
    }

    /// Ends everything.
    pub(super) async fn end(self) {
        self.browser.end().await;
        self.world.end().await;
    }

    /// Somebody's plan, and an invite to it.
    pub(super) async fn invite(&self) -> (Caller, String, Invite) {
        let ann = self.world.anonymous().claiming(&person("ann"));
        let plan = ann.opens("The Hills").await;
        let invite = ann.invites(&plan).await;
        (ann, plan, invite)
    }

    /// Signs somebody in without the site.
    pub(super) async fn sign_in(&self, claims: &Value) {
        self.browser.keep_cookie(COOKIE, &hs256(claims), DOMAIN).await;
    }

    /// Opens a page of the server.
    pub(super) async fn open(&self, path: &str) {
        self.browser.open(&format!("http://{SERVICE}{path}")).await;
    }
}
