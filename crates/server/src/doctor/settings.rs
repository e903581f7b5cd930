//! Settings that are valid, and yet may not be what was meant.

use url::{Host, Url};

use crate::{check_up::Line, configuration::Configuration, identity::KeySource};

pub(super) fn lines(configuration: &Configuration) -> Vec<Line> {
    let Configuration { server, links, auth, zammad, events, limits, .. } = configuration;
    let mut lines = vec![Line::works("settings", "every name is known, and every value valid")];
    for (subject, url) in [
        ("public URL", &links.public_url),
        ("login URL", &links.login_url),
        ("dashboard URL", &links.dashboard_url),
        ("Zammad's URL", &zammad.url),
    ] {
        lines.extend(in_the_clear(subject, url));
    }
    if let KeySource::Published(url) = &auth.identity.keys {
        lines.extend(in_the_clear("keys", url));
    }
    if links.public_url.scheme() == "https" && server.trusted_proxies.is_empty() {
        let text = "nobody is believed who asks: whoever comes through the proxy that does TLS counts as one address, \
                    which rates are limited by; name it in FAMILY_PLAN__SERVER__TRUSTED_PROXIES";
        lines.push(Line::warning("proxies", text));
    }
    if auth.identity.audience.is_none() && auth.identity.client_id.is_none() {
        let text = "tokens for any audience are taken, those for other services too; set FAMILY_PLAN__AUTH__AUDIENCE";
        lines.push(Line::warning("audience", text));
    }
    if auth.identity.cookie.is_none() {
        let text = "people cannot sign in with a browser, so that links and settings pages are of no use; set \
                    FAMILY_PLAN__AUTH__COOKIE or FAMILY_PLAN__AUTH__OIDC_CLIENT_ID";
        lines.push(Line::warning("browsers", text));
    }
    if zammad.webhook.secrets.is_empty() {
        let text = "every delivery of Zammad's webhooks is refused; if there are some, set \
                    FAMILY_PLAN__ZAMMAD__WEBHOOK_SECRETS";
        lines.push(Line::warning("webhooks", text));
    }
    if events.allow_private_targets {
        let text = "events may be sent into this network and without encryption, as \
                    FAMILY_PLAN__EVENTS__ALLOW_PRIVATE_TARGETS says; an administrator can make this service ask any \
                    address in it";
        lines.push(Line::warning("endpoints", text));
    }
    if limits.rates.is_none() {
        lines.push(Line::warning("rates", "nobody is limited, as FAMILY_PLAN__LIMITS__ENABLED says"));
    }
    lines
}

/// Over the network, everybody on the way could read along.
fn in_the_clear(subject: &'static str, url: &Url) -> Option<Line> {
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_exposed = url.scheme() == "http" && !is_local;
    is_exposed.then(|| Line::warning(subject, "is not encrypted; let it begin with https://"))
}
