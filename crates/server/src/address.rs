//! Where a request comes from.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use ipnet::IpNet;
use poem::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client, as far as anybody can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// What is neither an address nor a network.
#[derive(Debug, thiserror::Error)]
#[error("must be addresses or networks such as 10.0.0.1 or 10.0.0.0/8, with commas between them")]
pub struct InvalidProxies;

impl FromStr for TrustedProxies {
    type Err = InvalidProxies;

    fn from_str(text: &str) -> Result<Self, InvalidProxies> {
        let networks = text.split(',').map(|it| {
            let it = it.trim();
            it.parse::<IpNet>().or_else(|_| it.parse::<IpAddr>().map(|it| it.to_canonical().into()))
        });
        networks.collect::<Result<_, _>>().map(Self).map_err(|_| InvalidProxies)
    }
}

impl TrustedProxies {
    /// Whether nobody is believed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The client of a request that came from `peer`.
    ///
    /// Each proxy writes at the end of `X-Forwarded-For` whom it heard from; what stands before that, anybody can have sent.
    /// So whoever is trusted is believed whom they heard from, one after the other, up to the first who is not: that is the
    /// client. What no address can be read from was written by no proxy of ours: then it is the peer.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let peer = peer.to_canonical();
        let lines: Vec<&str> =
            headers.get_all(FORWARDED_FOR).iter().map(|it| it.to_str().unwrap_or_default()).collect();
        let mut client = peer;
        for hop in lines.iter().rev().flat_map(|it| it.rsplit(',')) {
            if !self.0.iter().any(|it| it.contains(&client)) {
                break;
            }
            match address(hop.trim()) {
                Some(address) => client = address,
                None => return ClientAddress(peer),
            }
        }
        ClientAddress(client)
    }
}

/// Some proxies name the port as well.
fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|it| it.ip())).ok();
    address.map(|it| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXIES: &str = "10.0.0.0/8, 192.0.2.7,2001:db8::/32";

    /// The client when `peer` sends these lines of `X-Forwarded-For`.
    fn client(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.as_bytes().try_into().unwrap());
        }
        let proxies: TrustedProxies = PROXIES.parse().unwrap();
        proxies.client(peer.parse().unwrap(), &headers).0.to_string()
    }

    #[test]
    fn without_a_trusted_proxy_it_is_the_peer_whatever_the_header_says() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("192.0.2.8", &["10.0.0.1"]), "192.0.2.8");
        assert_eq!(client("203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn behind_proxies_it_is_the_last_that_none_of_them_is() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, 192.0.2.7 , 10.9.9.9"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1", "192.0.2.7", "10.9.9.9"]), "198.51.100.1");
        assert_eq!(client("2001:db8::1", &["2a00::5"]), "2a00::5");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2", "somebody inside");
    }

    #[test]
    fn what_a_client_writes_before_that_is_not_believed() {
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["nonsense, 198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn nonsense_is_no_address() {
        for nonsense in
            ["", "unknown", "1.2.3", "1.2.3.4.5", "\u{fffd}", "198.51.100.1,", "198.51.100.1, _hidden"]
        {
            assert_eq!(client("10.0.0.1", &[nonsense]), "10.0.0.1", "{nonsense}");
        }
    }

    #[test]
    fn an_address_can_be_written_in_many_ways() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["[2a00::5]:4711"]), "2a00::5");
        assert_eq!(client("10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        for wrong in ["", "proxy.example", "10.0.0.0/33", "10.0.0.1;10.0.0.2", "10.0.0.1,", "10.0.0.1:80"] {
            wrong.parse::<TrustedProxies>().unwrap_err();
        }
    }
}
