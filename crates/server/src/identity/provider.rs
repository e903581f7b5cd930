//! An OpenID provider, and what it publishes of itself (OpenID Connect Discovery 1.0).

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;

use super::kept::{FetchError, Kept, Published, fetch_json};

/// An OpenID provider. What it publishes of itself is fetched when it is needed, and kept.
#[derive(Clone)]
pub struct Provider {
    issuer: Url,
    metadata: Kept<Discovery>,
}

/// What a provider publishes of itself, as far as it counts here.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    /// Where browsers are sent to sign in.
    pub(crate) authorization_endpoint: Url,
    /// Where codes become tokens.
    pub(crate) token_endpoint: Url,
    /// Where its keys are.
    pub(crate) jwks_uri: Url,
    /// Where browsers are sent to sign out, if that can be done.
    pub(crate) end_session_endpoint: Option<Url>,
    /// How clients can prove who they are to the token endpoint.
    pub(crate) token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

struct Discovery {
    issuer: String,
    document: Url,
}

#[async_trait]
impl Published for Discovery {
    type Value = Metadata;

    const NAME: &'static str = "configuration";

    async fn fetch(&self, http: &reqwest::Client) -> Result<Metadata, FetchError> {
        let metadata: Metadata = fetch_json(http, self.document.clone()).await?;
        if metadata.issuer == self.issuer { Ok(metadata) } else { Err(FetchError::OtherIssuer) }
    }
}

impl Provider {
    /// The provider with this issuer, exactly as it is written in its tokens; `None` when it is no URL that begins with
    /// `http://` or `https://`, or has a query or fragment.
    #[must_use]
    pub fn new(issuer: &str) -> Option<Self> {
        let url = Url::parse(issuer).ok().filter(|it| matches!(it.scheme(), "http" | "https"))?;
        if url.query().is_some() || url.fragment().is_some() {
            return None;
        }
        let document = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery = Discovery { issuer: issuer.to_owned(), document: document.parse().ok()? };
        Some(Self { issuer: url, metadata: Kept::new(discovery) })
    }

    /// What it publishes of itself.
    pub(crate) async fn metadata(&self, http: &reqwest::Client) -> Result<Arc<Metadata>, Arc<FetchError>> {
        self.metadata.get(http).await
    }

    /// Where its keys are now.
    pub(super) async fn keys_url(&self, http: &reqwest::Client) -> Result<Url, Arc<FetchError>> {
        let refreshed = self.metadata.refresh(http).await;
        let metadata = refreshed.or_else(|err| self.metadata.known().ok_or(err))?;
        Ok(metadata.jwks_uri.clone())
    }

    /// The origins of the pages that browsers are sent to, as far as they are known.
    pub(crate) fn origins(&self) -> Vec<String> {
        let pages = match self.metadata.known() {
            Some(it) => [Some(it.authorization_endpoint.clone()), it.end_session_endpoint.clone()],
            None => [Some(self.issuer.clone()), None],
        };
        pages.iter().flatten().map(|it| it.origin().ascii_serialization()).collect()
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Provider").field(&self.issuer.as_str()).finish()
    }
}
