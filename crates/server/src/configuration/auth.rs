//! Who may ask, and who knows them.

use secrecy::{ExposeSecret, SecretString};

use super::{
    reader::{Reader, text},
    sections::http_url,
};
use crate::{
    identity::{IdentityConfig, KeySource, Provider},
    service::Links,
    sign_in::SignInConfig,
};

const MIN_SECRET_BYTES: usize = 32;
/// The cookie of people whom this service signs in, unless it is to be called otherwise.
const COOKIE: &str = "family-plan";

/// Who may ask.
#[derive(Debug)]
pub struct AuthConfiguration {
    /// What tokens must be like.
    pub identity: IdentityConfig,
    /// How people are signed in, if nobody else does that.
    pub sign_in: Option<SignInConfig>,
}

/// `links` say which cookies can be set; without them nobody is signed in.
pub(super) fn auth(reader: &mut Reader, links: Option<&Links>) -> Option<AuthConfiguration> {
    let n_mistakes = reader.mistakes.len();
    let is_signing_in = reader.is_set("auth.oidc_client_id");
    let is_shared = reader.is_set("auth.hs256_secret");
    let is_published = reader.is_set("auth.jwks_url");
    let shared = reader.optional("auth.hs256_secret", shared_secret).map(KeySource::Shared);
    let published = reader.optional("auth.jwks_url", http_url).map(KeySource::Published);
    let client_id = reader.optional("auth.oidc_client_id", text::<String>);
    let client_secret = reader.optional("auth.oidc_client_secret", text);
    let issuer = reader.optional("auth.issuer", text::<String>);
    let audience = reader.optional("auth.audience", text);
    let roles_claim = reader.optional("auth.roles_claim", text);
    let cookie = reader.optional("auth.cookie", cookie_name);

    let with_secret = "must not be set together with FAMILY_PLAN__AUTH__HS256_SECRET";
    if is_shared && is_published {
        reader.mistaken::<()>("auth.jwks_url", with_secret);
    }
    if is_shared && is_signing_in {
        reader.mistaken::<()>("auth.oidc_client_id", with_secret);
    }
    if !is_shared && !is_published && !is_signing_in {
        let others = "FAMILY_PLAN__AUTH__JWKS_URL or FAMILY_PLAN__AUTH__OIDC_CLIENT_ID";
        reader.mistaken::<()>("auth.hs256_secret", format!("must be set, or else {others}"));
    }
    if client_secret.is_some() && !is_signing_in {
        reader.mistaken::<()>("auth.oidc_client_secret", "needs FAMILY_PLAN__AUTH__OIDC_CLIENT_ID");
    }
    let provider = issuer.as_deref().and_then(Provider::new);
    if is_signing_in && provider.is_none() {
        let requirement = "must be the URL of the provider, without query or fragment, as its tokens have it";
        reader.mistaken::<()>("auth.issuer", requirement);
    }
    if let (true, Some(cookie), Some(links)) = (is_signing_in, &cookie, links)
        && let Some(needed) = unmet_prefix(cookie, links)
    {
        reader.mistaken::<()>("auth.cookie", format!("must not begin so: {needed}"));
    }
    if n_mistakes < reader.mistakes.len() {
        return None;
    }
    let sign_in = provider.clone().zip(client_id.clone());
    let cookie = if is_signing_in { cookie.or(links.map(|it| it.cookie(COOKIE))) } else { cookie };
    Some(AuthConfiguration {
        identity: IdentityConfig {
            keys: shared.or(published).or(provider.map(KeySource::Discovered))?,
            issuer,
            audience,
            client_id: client_id.clone(),
            roles_claim: roles_claim.unwrap_or_else(|| "roles".to_owned()),
            cookie,
        },
        sign_in: sign_in.map(|(provider, client_id)| SignInConfig { provider, client_id, client_secret }),
    })
}

/// Why browsers would not keep a cookie with such a name.
fn unmet_prefix(name: &str, links: &Links) -> Option<&'static str> {
    let is_secure = links.public_url.scheme() == "https";
    if name.starts_with("__Host-") && !(is_secure && links.public_url.path() == "/") {
        return Some("browsers keep __Host- cookies only of a public URL with https and without a path");
    }
    if name.starts_with("__Secure-") && !is_secure {
        return Some("browsers keep __Secure- cookies only of a public URL with https");
    }
    None
}

fn shared_secret(text: &str) -> Result<SecretString, &'static str> {
    let secret = SecretString::from(text);
    if secret.expose_secret().len() < MIN_SECRET_BYTES {
        return Err("must be at least 32 bytes");
    }
    let bytes = text.as_bytes();
    let repeats_itself = (1..=bytes.len() / 2).any(|period| bytes[period..] == bytes[..bytes.len() - period]);
    if repeats_itself || text.to_ascii_lowercase().contains("change") {
        return Err("must be random; this looks like an example (make one with `openssl rand -hex 32`)");
    }
    Ok(secret)
}

fn cookie_name(text: &str) -> Result<String, &'static str> {
    let is_token = text.bytes().all(|it| it.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&it));
    if is_token { Ok(text.to_owned()) } else { Err("must be the name of a cookie") }
}
