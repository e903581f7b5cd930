//! Signing people in with an OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0, 3.1).
//!
//! Nothing is stored: what has to be known when a browser comes back is sealed in the `state` that the provider hands back.

mod attempt;
mod destination;
mod exchange;
mod failure;

use std::sync::Arc;

use family_plan_application::SecretKey;
use family_plan_domain::ports::Clock;
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, Scope};
use secrecy::SecretString;
use time::Duration;
use url::Url;

use self::attempt::{Attempt, AttemptKey};
pub(crate) use self::{destination::destination, failure::SignInFailure};
use crate::{
    identity::{Expected, Identity, IdentityError, Metadata, Provider},
    service::Links,
};

/// How long somebody may take at the provider.
const PATIENCE: Duration = Duration::minutes(15);

/// What `email` and `name` come with.
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// What this service is to the provider.
#[derive(Debug)]
pub struct SignInConfig {
    /// Who knows people.
    pub provider: Provider,
    /// This service's name there.
    pub client_id: String,
    /// What it proves that with; a public client has none.
    pub client_secret: Option<SecretString>,
}

/// Signs people in.
pub struct SignIn {
    config: SignInConfig,
    http: reqwest::Client,
    attempts: AttemptKey,
    callback_url: Url,
    clock: Arc<dyn Clock>,
}

/// Somebody who is signed in from now on.
pub(crate) struct Session {
    /// The ID token.
    pub(crate) token: String,
    /// For how many seconds it is good, if it tells.
    pub(crate) life: Option<u64>,
    /// Where they wanted to go.
    pub(crate) next: String,
}

/// What a provider sends a browser back with.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// What the attempt was begun with.
    pub(crate) state: Option<String>,
    /// What the tokens can be had for.
    pub(crate) code: Option<String>,
    /// Why there are none.
    pub(crate) error: Option<String>,
}

/// Why somebody is not signed in, and where they wanted to go, if that is known.
pub(crate) type Failed = (SignInFailure, Option<String>);

impl SignIn {
    /// Signs people in as `config` says. `http` must follow no redirects: it sends codes and the client's secret.
    #[must_use]
    pub fn new(
        config: SignInConfig,
        http: reqwest::Client,
        secret_key: &SecretKey,
        links: &Links,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (attempts, callback_url) = (AttemptKey::new(secret_key), links.own("login/callback"));
        Self { config, http, attempts, callback_url, clock }
    }

    /// How long a browser has to remember that it began, in seconds.
    pub(crate) fn patience() -> u64 {
        PATIENCE.whole_seconds().unsigned_abs()
    }

    /// Where `browser` has to go to sign in, to come back to `next` in the end; as somebody else than now, if that is what
    /// they want.
    pub(crate) async fn begin(
        &self,
        browser: &str,
        next: &Url,
        as_another: bool,
    ) -> Result<Url, SignInFailure> {
        let metadata = self.metadata().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random().into_secret();
        let attempt = Attempt {
            verifier: verifier.into_secret(),
            nonce: nonce.clone(),
            next: next.to_string(),
            expires_at: (self.clock.now() + PATIENCE).unix_timestamp(),
        };
        let state = self.attempts.seal(&attempt, browser);
        let client = exchange::client(&self.config, &metadata, &self.callback_url);
        let mut request = client
            .authorize_url(|| CsrfToken::new(state))
            .add_scopes(SCOPES.map(|it| Scope::new(it.to_owned())))
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", nonce);
        if as_another {
            request = request.add_extra_param("prompt", "login");
        }
        Ok(request.url().0)
    }

    /// Who came back to `browser`.
    pub(crate) async fn finish(
        &self,
        browser: Option<&str>,
        answer: Answer,
        identity: &Identity,
    ) -> Result<Session, Failed> {
        let state = answer.state.as_deref().unwrap_or_default();
        let attempt = browser.and_then(|it| self.attempts.open(state, it));
        let attempt = attempt.ok_or((SignInFailure::UnknownAttempt, None))?;
        match self.exchange(&attempt, answer, identity).await {
            Ok((token, life)) => Ok(Session { token, life, next: attempt.next }),
            Err(failure) => Err((failure, Some(attempt.next))),
        }
    }

    async fn exchange(
        &self,
        attempt: &Attempt,
        answer: Answer,
        identity: &Identity,
    ) -> Result<(String, Option<u64>), SignInFailure> {
        if attempt.expires_at <= self.clock.now().unix_timestamp() {
            return Err(SignInFailure::Expired);
        }
        if let Some(error) = answer.error {
            return Err(SignInFailure::brought_back(&error));
        }
        let code = answer.code.ok_or(SignInFailure::UnknownAttempt)?;
        let metadata = self.metadata().await?;
        let client = exchange::client(&self.config, &metadata, &self.callback_url);
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let token = exchange::id_token(&client, &self.http, code, verifier).await?;
        let expected = Expected { client_id: &self.config.client_id, nonce: &attempt.nonce };
        match identity.verify_id_token(&token, &expected).await {
            Ok(life) => Ok((token, life)),
            Err(IdentityError::Invalid) => Err(SignInFailure::InvalidIdToken),
            Err(IdentityError::KeysUnavailable(err)) => Err(SignInFailure::Unpublished(err)),
        }
    }

    /// Where a browser has to go to be signed out at the provider as well, and come back to `next`; `None` when that cannot
    /// be done.
    pub(crate) async fn end(&self, next: &Url) -> Option<Url> {
        let mut url = self.config.provider.metadata(&self.http).await.ok()?.end_session_endpoint.clone()?;
        // The session is not named: a token does not belong into an address.
        url.query_pairs_mut()
            .append_pair("client_id", &self.config.client_id)
            .append_pair("post_logout_redirect_uri", next.as_str());
        Some(url)
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, SignInFailure> {
        self.config.provider.metadata(&self.http).await.map_err(SignInFailure::Unpublished)
    }
}
