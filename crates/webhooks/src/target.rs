//! Which addresses events may be sent to, as far as the text tells.

use std::{net::IpAddr, time::Duration};

use family_plan_domain::ports::UnfitTarget;
use tokio::{net::lookup_host, time::timeout};
use url::{Host, Url};

use crate::address::is_public;

/// How long to ask where a name leads before an endpoint is taken: what is not known by then shows when it is used.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);

const NOT_PUBLIC: UnfitTarget = UnfitTarget("must lead to a public address");

/// Reads a URL; `allows_private` lets pass what is not public or not encrypted.
pub(crate) fn parse(url: &str, allows_private: bool) -> Result<Url, UnfitTarget> {
    const NO_URL: UnfitTarget = UnfitTarget("must be an absolute URL that begins with https://");

    let url = Url::parse(url).map_err(|_| NO_URL)?;
    let is_http = url.scheme() == "https" || (allows_private && url.scheme() == "http");
    let host = url.host().filter(|_| is_http).ok_or(NO_URL)?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(UnfitTarget("must have no user, password or fragment"));
    }
    // The resolver is only asked for names.
    let address = match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::from(address)),
        Host::Ipv6(address) => Some(IpAddr::from(address)),
    };
    if !allows_private && address.is_some_and(|it| !is_public(it)) {
        return Err(NOT_PUBLIC);
    }
    Ok(url)
}

/// Looks where a name leads. One that leads nowhere now may do so later.
pub(crate) async fn look_up(url: &Url) -> Result<(), UnfitTarget> {
    let Some(Host::Domain(name)) = url.host() else {
        return Ok(());
    };
    let port = url.port_or_known_default().unwrap_or_default();
    let Ok(Ok(addresses)) = timeout(LOOKUP_TIMEOUT, lookup_host((name, port))).await else {
        return Ok(());
    };
    let mut addresses = addresses.map(|it| it.ip()).peekable();
    let leads_nowhere = addresses.peek().is_none();
    if leads_nowhere || addresses.any(is_public) { Ok(()) } else { Err(NOT_PUBLIC) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_requests_to_public_addresses_pass() {
        for url in ["https://hooks.example.com/a?b=c", "https://1.1.1.1:8443/", "https://[2606:4700::1111]/"]
        {
            assert_eq!(parse(url, false).unwrap().as_str(), url);
        }
        for url in [
            "",
            "hooks.example.com",
            "/hooks",
            "http://hooks.example.com/",
            "ftp://hooks.example.com/",
            "file:///etc/passwd",
            "https://",
            "https://ann:s3cret@hooks.example.com/",
            "https://hooks.example.com/#a",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
        ] {
            assert!(parse(url, false).is_err(), "{url}");
        }
    }

    #[test]
    fn an_operator_can_allow_the_rest() {
        for url in ["http://127.0.0.1:8080/", "https://[::1]/", "http://hooks.internal/"] {
            assert!(parse(url, true).is_ok(), "{url}");
        }
        for url in ["ftp://127.0.0.1/", "http://ann@127.0.0.1/", "nothing"] {
            assert!(parse(url, true).is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_ourselves_is_found_out() {
        let url = |name: &str| parse(&format!("https://{name}/"), false).unwrap();
        assert_eq!(look_up(&url("localhost")).await, Err(NOT_PUBLIC));
        assert_eq!(look_up(&url("nowhere.invalid")).await, Ok(()));
    }
}
