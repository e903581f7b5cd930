//! The keys that an identity provider publishes (RFC 7517).

use async_trait::async_trait;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use url::Url;

use super::{
    IdentityError, Provider,
    kept::{FetchError, Kept, Published, fetch_json},
};

/// Keys that were fetched, and are fetched again when a token names one that is unknown. They are kept through an
/// outage of the provider, and looking one up never waits for it.
pub(super) struct PublishedKeys {
    http: reqwest::Client,
    keys: Kept<KeySet>,
}

/// Where the keys are.
pub(super) enum KeySet {
    /// At this address.
    At(Url),
    /// Where the provider says.
    Of(Provider),
}

#[derive(Clone)]
pub(super) struct PublishedKey {
    id: Option<String>,
    key: DecodingKey,
    algorithm: Algorithm,
}

#[async_trait]
impl Published for KeySet {
    type Value = Vec<PublishedKey>;

    const NAME: &'static str = "keys";

    async fn fetch(&self, http: &reqwest::Client) -> Result<Vec<PublishedKey>, FetchError> {
        let url = match self {
            Self::At(url) => url.clone(),
            Self::Of(provider) => provider.keys_url(http).await.map_err(FetchError::NoProvider)?,
        };
        let set: JwkSet = fetch_json(http, url).await?;
        let keys: Vec<_> = set.keys.iter().filter_map(published_key).collect();
        if keys.is_empty() { Err(FetchError::NoKeys) } else { Ok(keys) }
    }
}

impl KeySet {
    /// How many keys of use there are now.
    pub(super) async fn count(&self, http: &reqwest::Client) -> Result<usize, FetchError> {
        self.fetch(http).await.map(|it| it.len())
    }
}

impl PublishedKeys {
    pub(super) fn new(keys: KeySet, http: reqwest::Client) -> Self {
        Self { http, keys: Kept::new(keys) }
    }

    /// The key with the id that a token names, and the one algorithm it is for.
    pub(super) async fn key(&self, id: Option<&str>) -> Result<(DecodingKey, Algorithm), IdentityError> {
        let known = self.keys.get(&self.http).await.map_err(IdentityError::KeysUnavailable)?;
        if let Some(key) = find(&known, id) {
            return Ok(key);
        }
        let known = self.keys.refresh(&self.http).await.unwrap_or(known);
        find(&known, id).ok_or(IdentityError::Invalid)
    }

    /// Fetches the keys, unless that was done a moment ago.
    pub(super) async fn refresh(&self) {
        // What became of it, whoever looks for a key finds out.
        let _ = self.keys.refresh(&self.http).await;
    }
}

/// A token without a key id is verified with the only key there is, if there is only one.
fn find(keys: &[PublishedKey], id: Option<&str>) -> Option<(DecodingKey, Algorithm)> {
    let key = match (id, keys) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(_), _) => keys.iter().find(|it| it.id.as_deref() == id),
    };
    key.map(|it| (it.key.clone(), it.algorithm))
}

fn published_key(jwk: &Jwk) -> Option<PublishedKey> {
    if matches!(&jwk.common.public_key_use, Some(it) if *it != PublicKeyUse::Signature) {
        return None;
    }
    Some(PublishedKey {
        id: jwk.common.key_id.clone(),
        key: DecodingKey::from_jwk(jwk).ok()?,
        algorithm: algorithm(jwk)?,
    })
}

/// The algorithm is the key's, never the token's: else a public key could be used as a shared secret.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let by_type = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(it) => match it.curve {
            EllipticCurve::P256 => Algorithm::ES256,
            EllipticCurve::P384 => Algorithm::ES384,
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
        _ => return None,
    };
    match &jwk.common.key_algorithm {
        None => Some(by_type),
        Some(named) => {
            let named: Algorithm = named.to_string().parse().ok()?;
            (named.family() == by_type.family()).then_some(named)
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::{super::kept::MAX_BYTES, *};

    /// Keys of a provider that answers each request with the next of these bodies.
    async fn keys_of(bodies: Vec<String>) -> PublishedKeys {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            for body in bodies {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                let head =
                    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        PublishedKeys::new(KeySet::At(url), reqwest::Client::builder().build().unwrap())
    }

    const KEY: &str = r#"{"kty":"EC","crv":"P-256","use":"sig","kid":"k",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

    #[tokio::test]
    async fn an_answer_that_is_of_no_use_does_not_make_good_keys_forgotten() {
        let good = format!(r#"{{"keys":[{KEY}]}}"#);
        for useless in [r#"{"keys":[]}"#.to_owned(), "<html>".to_owned(), " ".repeat(MAX_BYTES + 1)] {
            let keys = keys_of(vec![good.clone(), useless]).await;
            keys.refresh().await;
            assert!(keys.key(Some("k")).await.is_ok());
            keys.keys.forget_the_last_attempt().await;
            keys.refresh().await;
            assert!(keys.key(Some("k")).await.is_ok());
        }
    }

    #[tokio::test]
    async fn the_keys_are_not_fetched_again_a_moment_later() {
        let keys = keys_of(vec![format!(r#"{{"keys":[{KEY}]}}"#)]).await;
        keys.refresh().await;
        // The provider would not answer a second time.
        let unknown = keys.key(Some("unknown")).await;
        assert!(matches!(unknown, Err(IdentityError::Invalid)));
    }
}
