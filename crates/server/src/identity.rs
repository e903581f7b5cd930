//! Who is asking: tokens of the identity provider, verified.

mod claims;
mod credential;
mod id_token;
mod jwks;
mod kept;
mod provider;

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode_header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use self::{
    claims::read_claims,
    jwks::{KeySet, PublishedKeys},
};
pub use self::{
    claims::{Claims, Roles},
    credential::{Credential, PageOrigin},
    kept::FetchError,
    provider::Provider,
};
pub(crate) use self::{credential::cookie_value, id_token::Expected, provider::Metadata};

/// How far clocks may be apart.
const LEEWAY_SECONDS: u64 = 30;

/// Where the keys are that tokens are verified with.
#[derive(Debug)]
pub enum KeySource {
    /// One secret that the identity provider and this service share (HS256).
    Shared(SecretString),
    /// The keys that the identity provider publishes (RFC 7517).
    Published(Url),
    /// The keys that are where this provider says.
    Discovered(Provider),
}

impl KeySource {
    /// How many keys there are that tokens can be verified with. They are fetched where somebody publishes them.
    pub(crate) async fn count(&self, http: &reqwest::Client) -> Result<usize, FetchError> {
        match self {
            Self::Shared(_) => Ok(1),
            Self::Published(url) => KeySet::At(url.clone()).count(http).await,
            Self::Discovered(provider) => KeySet::Of(provider.clone()).count(http).await,
        }
    }
}

/// What tokens must be like.
#[derive(Debug)]
pub struct IdentityConfig {
    /// Where the keys are.
    pub keys: KeySource,
    /// The only issuer that counts, if one is named.
    pub issuer: Option<String>,
    /// The audience that must be named, if one is.
    pub audience: Option<String>,
    /// The client that people sign in with, if this service signs them in: what is for it is for us, too.
    pub client_id: Option<String>,
    /// The claim that holds the roles.
    pub roles_claim: String,
    /// The cookie that holds the token, for browsers.
    pub cookie: Option<String>,
}

/// Why nobody knows who is asking.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The token is no good: forged, expired, for somebody else, or none at all.
    #[error("the token is not valid")]
    Invalid,
    /// The identity provider's keys cannot be had.
    #[error("the identity provider's keys cannot be had")]
    KeysUnavailable(#[source] Arc<FetchError>),
}

/// Verifies tokens.
pub struct Identity {
    keys: Keys,
    issuer: Option<String>,
    audiences: Vec<String>,
    roles_claim: String,
    cookie: Option<String>,
}

type RawClaims = Map<String, Value>;

enum Keys {
    Shared(DecodingKey),
    Published(PublishedKeys),
}

impl Identity {
    /// Verifies tokens as `config` says. `http` fetches published keys.
    #[must_use]
    pub fn new(config: IdentityConfig, http: reqwest::Client) -> Self {
        let IdentityConfig { keys, issuer, audience, client_id, roles_claim, cookie } = config;
        let keys = match keys {
            KeySource::Shared(secret) => {
                Keys::Shared(DecodingKey::from_secret(secret.expose_secret().as_bytes()))
            }
            KeySource::Published(url) => Keys::Published(PublishedKeys::new(KeySet::At(url), http)),
            KeySource::Discovered(provider) => {
                Keys::Published(PublishedKeys::new(KeySet::Of(provider), http))
            }
        };
        let audiences = audience.into_iter().chain(client_id).collect();
        Self { keys, issuer, audiences, roles_claim, cookie }
    }

    /// The cookie that holds the token, for browsers.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// What a token says, if it is good: signed by the right key with that key's own algorithm, not expired, with a
    /// subject, and from the issuer and for the audience that are configured.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`].
    pub async fn verify(&self, token: &str) -> Result<Claims, IdentityError> {
        let claims = self.raw_claims(token).await?;
        read_claims(&claims, &self.roles_claim).ok_or(IdentityError::Invalid)
    }

    /// For how many seconds an ID token is good that the provider has just issued, if it is as good as any token, and the
    /// one that was `expected`. `None` when it does not tell.
    ///
    /// # Errors
    ///
    /// See [`IdentityError`].
    pub(crate) async fn verify_id_token(
        &self,
        token: &str,
        expected: &Expected<'_>,
    ) -> Result<Option<u64>, IdentityError> {
        let claims = self.raw_claims(token).await?;
        read_claims(&claims, &self.roles_claim).ok_or(IdentityError::Invalid)?;
        if expected.is_met_by(&claims) { Ok(id_token::life(&claims)) } else { Err(IdentityError::Invalid) }
    }

    async fn raw_claims(&self, token: &str) -> Result<RawClaims, IdentityError> {
        let header = decode_header(token).map_err(|_| IdentityError::Invalid)?;
        // Whoever does not understand an extension that the token calls critical must refuse it (RFC 7515, 4.1.11).
        if header.crit.is_some() {
            return Err(IdentityError::Invalid);
        }
        match &self.keys {
            Keys::Shared(key) => self.decode(token, key, Algorithm::HS256),
            Keys::Published(keys) => self.decode_published(token, header.kid, keys).await,
        }
    }

    async fn decode_published(
        &self,
        token: &str,
        id: Option<String>,
        keys: &PublishedKeys,
    ) -> Result<RawClaims, IdentityError> {
        let (key, algorithm) = keys.key(id.as_deref()).await?;
        let decoded = self.decode(token, &key, algorithm);
        if decoded.is_ok() || id.is_some() {
            return decoded;
        }
        // A key without an id cannot be told from the one that came in its stead.
        keys.refresh().await;
        let (key, algorithm) = keys.key(None).await?;
        self.decode(token, &key, algorithm)
    }

    fn decode(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<RawClaims, IdentityError> {
        let decoded = jsonwebtoken::decode::<RawClaims>(token, key, &self.validation(algorithm));
        let claims = decoded.map(|it| it.claims).map_err(|err| {
            tracing::debug!(error = %err, "a token is not valid");
            IdentityError::Invalid
        })?;
        // The library is content with a list that the issuer is in.
        let is_ours = self.issuer.as_ref().is_none_or(|it| claims.get("iss").is_some_and(|iss| iss == it));
        if is_ours { Ok(claims) } else { Err(IdentityError::Invalid) }
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        let mut required = vec!["exp", "sub"];
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        if self.audiences.is_empty() {
            validation.validate_aud = false;
        } else {
            validation.set_audience(&self.audiences);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
    use serde_json::json;

    use super::*;

    const SECRET: &str = "k7Jq0xVb3mWt9sZc2nRy5uEh8pLa4dGf";

    #[tokio::test]
    async fn clocks_may_be_apart_by_less_than_a_minute() {
        let config = IdentityConfig {
            keys: KeySource::Shared(SECRET.into()),
            issuer: None,
            audience: None,
            client_id: None,
            roles_claim: "roles".to_owned(),
            cookie: None,
        };
        let identity = Identity::new(config, reqwest::Client::builder().build().unwrap());
        let now = get_current_timestamp();
        let is_good = async |claims: Value| {
            let key = EncodingKey::from_secret(SECRET.as_bytes());
            identity.verify(&encode(&Header::default(), &claims, &key).unwrap()).await.is_ok()
        };
        assert!(is_good(json!({"sub": "ann", "exp": now + 3600, "nbf": now})).await);
        assert!(!is_good(json!({"sub": "ann", "exp": now - 60})).await);
        assert!(!is_good(json!({"sub": "ann", "exp": now + 7200, "nbf": now + 3600})).await);
    }
}
