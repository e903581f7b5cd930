//! The keys that an identity provider publishes (RFC 7517).

use std::{error::Error, time::Duration};

use jsonwebtoken::{
    Algorithm, DecodingKey, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::IdentityError;

/// Tokens with invented key ids must not make us ask the provider each time.
const PAUSE_BETWEEN_FETCHES: Duration = Duration::from_secs(30);
/// Without any key nobody can sign in, so that it is worth asking again soon.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(1);

/// Keys that were fetched, and are fetched again when a token names one that is unknown. They are kept through an
/// outage of the provider.
pub(super) struct PublishedKeys {
    url: Url,
    http: reqwest::Client,
    fetched: Mutex<Fetched>,
}

#[derive(Default)]
struct Fetched {
    keys: Vec<PublishedKey>,
    tried_at: Option<Instant>,
}

#[derive(Clone)]
struct PublishedKey {
    id: Option<String>,
    key: DecodingKey,
    algorithm: Algorithm,
}

impl PublishedKeys {
    pub(super) fn new(url: Url, http: reqwest::Client) -> Self {
        Self { url, http, fetched: Mutex::default() }
    }

    /// The key that `token` names, and the one algorithm it is for.
    pub(super) async fn key_for(&self, token: &str) -> Result<(DecodingKey, Algorithm), IdentityError> {
        let header = decode_header(token).map_err(|_| IdentityError::Invalid)?;
        let mut fetched = self.fetched.lock().await;
        if let Some(key) = find(&fetched.keys, header.kid.as_deref()) {
            return Ok(key);
        }
        let pause = if fetched.keys.is_empty() { PAUSE_WITHOUT_KEYS } else { PAUSE_BETWEEN_FETCHES };
        if fetched.tried_at.is_none_or(|it| pause <= it.elapsed()) {
            fetched.tried_at = Some(Instant::now());
            match self.fetch().await {
                Ok(keys) => fetched.keys = keys,
                Err(err) => {
                    tracing::error!(error = &err as &dyn Error, "the identity provider's keys cannot be had");
                }
            }
        }
        if fetched.keys.is_empty() {
            return Err(IdentityError::KeysUnavailable);
        }
        find(&fetched.keys, header.kid.as_deref()).ok_or(IdentityError::Invalid)
    }

    async fn fetch(&self) -> Result<Vec<PublishedKey>, reqwest::Error> {
        let response = self.http.get(self.url.clone()).send().await?.error_for_status()?;
        let set: JwkSet = response.json().await?;
        Ok(set.keys.iter().filter_map(published_key).collect())
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
