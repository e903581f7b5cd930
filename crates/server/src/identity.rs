//! Who is asking: tokens of the identity provider, verified.

mod claims;
mod credential;
mod jwks;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode_header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use self::{claims::read_claims, jwks::PublishedKeys};
pub use self::{
    claims::{Claims, Roles},
    credential::{Credential, PageOrigin},
};

/// How far clocks may be apart.
const LEEWAY_SECONDS: u64 = 30;

/// Where the keys are that tokens are verified with.
#[derive(Debug)]
pub enum KeySource {
    /// One secret that the identity provider and this service share (HS256).
    Shared(SecretString),
    /// The keys that the identity provider publishes (RFC 7517).
    Published(Url),
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
    KeysUnavailable,
}

/// Verifies tokens.
pub struct Identity {
    keys: Keys,
    issuer: Option<String>,
    audience: Option<String>,
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
        let IdentityConfig { keys, issuer, audience, roles_claim, cookie } = config;
        let keys = match keys {
            KeySource::Shared(secret) => {
                Keys::Shared(DecodingKey::from_secret(secret.expose_secret().as_bytes()))
            }
            KeySource::Published(url) => Keys::Published(PublishedKeys::new(url, http)),
        };
        Self { keys, issuer, audience, roles_claim, cookie }
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
        let claims = match &self.keys {
            Keys::Shared(key) => self.decode(token, key, Algorithm::HS256)?,
            Keys::Published(keys) => self.decode_published(token, keys).await?,
        };
        read_claims(&claims, &self.roles_claim).ok_or(IdentityError::Invalid)
    }

    async fn decode_published(&self, token: &str, keys: &PublishedKeys) -> Result<RawClaims, IdentityError> {
        let id = decode_header(token).map_err(|_| IdentityError::Invalid)?.kid;
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
        let decoded = jsonwebtoken::decode(token, key, &self.validation(algorithm));
        decoded.map(|it| it.claims).map_err(|err| {
            tracing::debug!(error = %err, "a token is not valid");
            IdentityError::Invalid
        })
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
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}
