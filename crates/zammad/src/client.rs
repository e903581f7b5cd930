//! The connection to one Zammad: who asks, for how long, and what its answers mean.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{
    Method, RequestBuilder, Response,
    header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue},
    redirect,
};
use tracing::Instrument;
use url::Url;

use crate::{
    AddHeaders, BreakerState, ConfigError, Pace, Refusal, Version, ZammadConfig, ZammadError, Zone,
    answer::{Answer, read_at_most},
    breaker::{Breaker, Permit},
    credential::Credential,
    observer::{Observed, RequestObserver},
    refusal::request_id,
    traced,
};

const USER_AGENT: &str = concat!("family-plan/", env!("CARGO_PKG_VERSION"));
const REFUSAL_MAX_BYTES: usize = 64 * 1024;

/// A Zammad helpdesk over HTTP. Clones share their connections, and what they know of whether it works.
#[derive(Clone)]
pub struct ZammadClient(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    base_url: Url,
    reader: Credential,
    minter: Credential,
    version: Version,
    time_zone: Option<Zone>,
    pace: Pace,
    breaker: Breaker,
    add_headers: Arc<AddHeaders>,
    observer: Option<Arc<dyn RequestObserver>>,
}

impl ZammadClient {
    /// Gets ready to talk to a Zammad; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names what is wrong with `config`.
    pub fn new(config: ZammadConfig) -> Result<Self, ConfigError> {
        let base_url = plain_http(config.base_url).ok_or(ConfigError::BaseUrl)?;
        let Pace { deadline, listing, attempts, failures, .. } = config.pace;
        if deadline.is_zero() || listing.is_zero() || attempts == 0 || failures == 0 {
            return Err(ConfigError::Pace);
        }
        let mint_token = config.mint_token.unwrap_or_else(|| config.read_token.clone());
        Ok(Self(Arc::new(Inner {
            http: http_client(&base_url, &config.pace).map_err(ConfigError::Client)?,
            base_url,
            reader: Credential::new(config.read_token).map_err(ConfigError::ReadToken)?,
            minter: Credential::new(mint_token).map_err(ConfigError::MintToken)?,
            version: config.version,
            time_zone: config.time_zone,
            breaker: Breaker::new(&config.pace),
            pace: config.pace,
            add_headers: config.add_headers,
            observer: config.observer,
        })))
    }

    /// Whether requests are made, or Zammad failed too often in a row and is left alone for a while.
    #[must_use]
    pub fn breaker_state(&self) -> BreakerState {
        self.0.breaker.state()
    }

    pub(crate) fn version(&self) -> Version {
        self.0.version
    }

    pub(crate) fn time_zone(&self) -> Option<&Zone> {
        self.0.time_zone.as_ref()
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.0.pace
    }

    /// A request by the account that reads.
    pub(crate) fn as_reader(&self, method: Method, path: &str) -> RequestBuilder {
        self.as_nobody(method, path).header(AUTHORIZATION, self.0.reader.header())
    }

    /// A request by the account that mints.
    pub(crate) fn as_minter(&self, method: Method, path: &str) -> RequestBuilder {
        self.as_nobody(method, path).header(AUTHORIZATION, self.0.minter.header())
    }

    /// A request without credentials.
    pub(crate) fn as_nobody(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.0.base_url.clone();
        url.set_path(&format!("{}/api/v1/{path}", url.path().trim_end_matches('/')));
        self.0.http.request(method, url)
    }

    /// Sends a request. The time runs until the body is read.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        within: Duration,
    ) -> Result<Answer, ZammadError> {
        self.send_with(self.0.breaker.enter()?, request, within).await
    }

    /// Sends a request that gets less time than Zammad may need: that it runs out says nothing against Zammad.
    pub(crate) async fn send_briefly(
        &self,
        request: RequestBuilder,
        within: Duration,
    ) -> Result<Answer, ZammadError> {
        self.send_with(self.0.breaker.enter()?.briefly(), request, within).await
    }

    /// Sends a request about users, of whom one may be broken: an internal error says nothing against Zammad.
    pub(crate) async fn send_about_data(
        &self,
        request: RequestBuilder,
        within: Duration,
    ) -> Result<Answer, ZammadError> {
        self.send_with(self.0.breaker.enter()?.about_data(), request, within).await
    }

    async fn send_with(
        &self,
        mut permit: Permit,
        request: RequestBuilder,
        within: Duration,
    ) -> Result<Answer, ZammadError> {
        let (http, request) = request.timeout(within).build_split();
        let request = request.map_err(ZammadError::from_transport)?;
        let mut observed = Observed::begin(self.0.observer.clone(), &request);
        let span = traced::span_of(&request);
        let outcome = self.exchange(http, request).instrument(span.clone()).await;
        permit.judge(&outcome);
        observed.judge(&outcome);
        traced::note(&span, &outcome);
        let response = outcome?;
        let request_id = request_id(response.headers(), |it| self.redact(it));
        Ok(Answer::new(response, request_id, permit, observed, span))
    }

    /// In the span of the request.
    async fn exchange(
        &self,
        http: reqwest::Client,
        mut request: reqwest::Request,
    ) -> Result<Response, ZammadError> {
        (self.0.add_headers)(request.headers_mut());
        let response = http.execute(request).await.map_err(ZammadError::from_transport)?;
        if !response.status().is_success() {
            return Err(ZammadError::Refused(self.refusal(response).await));
        }
        Ok(response)
    }

    async fn refusal(&self, mut response: Response) -> Refusal {
        // The status alone decides; a body that cannot be read only costs its text.
        let body = read_at_most(&mut response, REFUSAL_MAX_BYTES).await.ok().flatten();
        let status = response.status().as_u16();
        Refusal::new(status, response.headers(), &body.unwrap_or_default(), |it| self.redact(it))
    }

    fn redact(&self, text: &str) -> String {
        self.0.minter.redact(&self.0.reader.redact(text))
    }
}

impl fmt::Debug for ZammadClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ZammadClient")
            .field("base_url", &self.0.base_url.as_str())
            .field("version", &self.0.version)
            .finish_non_exhaustive()
    }
}

/// The URL, if it is one that requests can be made to and that holds no credentials.
fn plain_http(url: Url) -> Option<Url> {
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    is_plain.then_some(url)
}

fn http_client(base_url: &Url, pace: &Pace) -> Result<reqwest::Client, reqwest::Error> {
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .default_headers(headers)
        .connect_timeout(pace.connecting)
        // Following a redirect would carry the credentials to where nobody sent them.
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .https_only(base_url.scheme() == "https")
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(base_url: &str) -> ZammadConfig {
        ZammadConfig::new(base_url.parse().unwrap(), "s3cr3t".into())
    }

    #[test]
    fn a_path_stays_in_front_of_the_api() {
        for (base_url, expected) in [
            ("https://help.example.com", "https://help.example.com/api/v1/users/me"),
            ("https://help.example.com/", "https://help.example.com/api/v1/users/me"),
            ("http://localhost:8080/zammad", "http://localhost:8080/zammad/api/v1/users/me"),
            ("http://localhost:8080/a/zammad/", "http://localhost:8080/a/zammad/api/v1/users/me"),
        ] {
            let client = ZammadClient::new(config(base_url)).unwrap();

            let request = client.as_nobody(Method::GET, "users/me").build().unwrap();

            assert_eq!(request.url().as_str(), expected);
        }
    }

    #[test]
    fn only_plain_addresses_are_talked_to() {
        for base_url in [
            "ftp://help.example.com",
            "unix:/run/zammad.sock",
            "https://admin:s3cr3t@help.example.com",
            "https://admin@help.example.com",
            "https://help.example.com/?token=s3cr3t",
            "https://help.example.com/#top",
        ] {
            let err = ZammadClient::new(config(base_url)).unwrap_err();

            assert!(matches!(err, ConfigError::BaseUrl), "{base_url}");
            assert!(!format!("{err:?} {err}").contains("s3cr3t"));
        }
    }

    #[test]
    fn unusable_tokens_and_times_are_named() {
        let good = config("https://help.example.com");

        let mut bad = good.clone();
        bad.read_token = "s3cr3t\n".into();
        assert!(matches!(ZammadClient::new(bad).unwrap_err(), ConfigError::ReadToken(_)));

        let mut bad = good.clone();
        bad.mint_token = Some("".into());
        assert!(matches!(ZammadClient::new(bad).unwrap_err(), ConfigError::MintToken(_)));

        let mut bad = good.clone();
        bad.pace.deadline = Duration::ZERO;
        assert!(matches!(ZammadClient::new(bad).unwrap_err(), ConfigError::Pace));

        let mut bad = good.clone();
        bad.pace.listing = Duration::ZERO;
        assert!(matches!(ZammadClient::new(bad).unwrap_err(), ConfigError::Pace));

        let mut bad = good.clone();
        bad.pace.attempts = 0;
        assert!(matches!(ZammadClient::new(bad).unwrap_err(), ConfigError::Pace));

        let mut bad = good;
        bad.pace.failures = 0;
        assert!(matches!(ZammadClient::new(bad).unwrap_err(), ConfigError::Pace));
    }

    #[test]
    fn debug_shows_no_token() {
        let client = ZammadClient::new(config("https://help.example.com")).unwrap();

        assert!(!format!("{client:?}").contains("s3cr3t"));
    }
}
