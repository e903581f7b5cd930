//! Development tokens.

use clap::Args;
use family_plan_domain::ports::Clock;
use jsonwebtoken::{EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::{
    identity::{IdentityConfig, KeySource},
    system::SystemClock,
};

/// Whom a token is for.
#[derive(Clone, Debug, Args)]
pub struct TokenRequest {
    /// The user's id.
    #[arg(long)]
    pub sub: String,
    /// The user's address.
    #[arg(long)]
    pub email: Option<String>,
    /// The address is not verified.
    #[arg(long)]
    pub email_unverified: bool,
    /// The user's name.
    #[arg(long)]
    pub name: Option<String>,
    /// A role, such as `family-plan:admin` or `family-plan:service`; can be given several times.
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// For how many seconds the token is good.
    #[arg(long, default_value_t = 3600, value_name = "SECONDS")]
    pub expires_in: u32,
}

/// Why no token can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Keys that a provider publishes cannot sign.
    #[error("tokens can only be signed with FAMILY_PLAN__AUTH__HS256_SECRET")]
    NoSecret,
    /// The claims cannot be signed.
    #[error("the token cannot be signed")]
    Unsigned(#[from] jsonwebtoken::errors::Error),
}

/// A token that a server with this configuration accepts.
///
/// # Errors
///
/// See [`SignError`].
pub fn sign(config: &IdentityConfig, request: &TokenRequest) -> Result<String, SignError> {
    let KeySource::Shared(secret) = &config.keys else {
        return Err(SignError::NoSecret);
    };
    let mut claims = Map::new();
    let now = SystemClock.now().unix_timestamp();
    claims.insert("sub".to_owned(), json!(request.sub));
    claims.insert("iat".to_owned(), json!(now));
    claims.insert("exp".to_owned(), json!(now + i64::from(request.expires_in)));
    if let Some(email) = &request.email {
        claims.insert("email".to_owned(), json!(email));
        claims.insert("email_verified".to_owned(), json!(!request.email_unverified));
    }
    let optional = [("name", &request.name), ("iss", &config.issuer), ("aud", &config.audience)];
    for (claim, value) in optional {
        if let Some(value) = value {
            claims.insert(claim.to_owned(), json!(value));
        }
    }
    if !request.roles.is_empty() {
        claims.insert(config.roles_claim.clone(), json!(request.roles));
    }
    signed(secret, &Value::Object(claims))
}

fn signed(secret: &SecretString, claims: &Value) -> Result<String, SignError> {
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    Ok(jsonwebtoken::encode(&Header::default(), claims, &key)?)
}
