//! Signing events, and sending them.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use family_plan_domain::{
    EndpointUrl, Event,
    ports::{Answer, EventSender, UnfitTarget},
};
use reqwest::{
    Client,
    header::{self, HeaderMap},
    redirect::Policy,
};
use secrecy::{ExposeSecret, SecretString};
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook, WebhookError,
};
use time::OffsetDateTime;
use tracing::{Instrument, field::Empty};

use crate::{resolver::PublicResolver, target};

/// How long an endpoint may take, from the name's lookup to the answer's headers.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("family-plan/", env!("CARGO_PKG_VERSION"));

/// Makes the body that tells of an event, in JSON.
pub type Render = dyn Fn(Event) -> String + Send + Sync;

/// Adds headers to a request; called in the request's span.
type AddHeaders = dyn Fn(&mut HeaderMap) + Send + Sync;

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up")]
pub struct SetupError(#[from] reqwest::Error);

/// Sends events as Standard Webhooks, past every proxy. Redirects are not followed: they count as refusals.
pub struct WebhookSender {
    client: Client,
    render: Arc<Render>,
    allows_private: bool,
    add_headers: Arc<AddHeaders>,
}

impl WebhookSender {
    /// Sends what `render` makes of events. Only to public addresses and encrypted, unless `allows_private`.
    ///
    /// # Errors
    ///
    /// See [`SetupError`].
    pub fn new(render: Arc<Render>, allows_private: bool) -> Result<Self, SetupError> {
        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .referer(false)
            .no_proxy();
        if !allows_private {
            client = client.https_only(true).dns_resolver(Arc::new(PublicResolver));
        }
        Ok(Self { client: client.build()?, render, allows_private, add_headers: Arc::new(|_| ()) })
    }

    /// The same sender, whose requests bring along what `add_headers` adds, such as the trace they belong to.
    #[must_use]
    pub fn adding_headers(self, add_headers: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        Self { add_headers: Arc::new(add_headers), ..self }
    }

    async fn post(
        &self,
        url: &EndpointUrl,
        event: Event,
        secrets: &[SecretString],
        now: OffsetDateTime,
    ) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let url = target::parse(url.as_str(), self.allows_private)?;
        let (id, timestamp) = (event.id.to_string(), now.unix_timestamp());
        let body = (self.render)(event);
        let signatures = sign(secrets, &id, timestamp, &body)?;
        let mut headers = HeaderMap::new();
        (self.add_headers)(&mut headers);
        let request = self
            .client
            .post(url)
            .headers(headers)
            .header(header::CONTENT_TYPE, "application/json")
            .header(HEADER_WEBHOOK_ID, id)
            .header(HEADER_WEBHOOK_TIMESTAMP, timestamp)
            .header(HEADER_WEBHOOK_SIGNATURE, signatures)
            .body(body);
        // The status says it all: the body is not waited for. Addresses can hold secrets, and are not told.
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        let (is_taken, status) = (status.is_success(), status.as_u16());
        Ok(if is_taken { Answer::Taken { status } } else { Answer::Refused { status } })
    }
}

/// One signature for each secret.
fn sign(secrets: &[SecretString], id: &str, timestamp: i64, body: &str) -> Result<String, WebhookError> {
    let signatures = secrets
        .iter()
        .map(|it| Webhook::new(it.expose_secret())?.sign(id, timestamp, body.as_bytes()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(signatures.join(" "))
}

#[async_trait]
impl EventSender for WebhookSender {
    async fn check(&self, url: EndpointUrl) -> Result<(), UnfitTarget> {
        let url = target::parse(url.as_str(), self.allows_private)?;
        if self.allows_private { Ok(()) } else { target::look_up(&url).await }
    }

    async fn send(
        &self,
        url: EndpointUrl,
        event: Event,
        secrets: Vec<SecretString>,
        now: OffsetDateTime,
    ) -> Answer {
        // Where it goes is not told: addresses can hold secrets.
        let span = tracing::info_span!("endpoint request", method = "POST", status = Empty, failure = Empty);
        let posting = self.post(&url, event, &secrets, now).instrument(span.clone());
        let answer = posting.await.unwrap_or_else(Answer::Nothing);
        match &answer {
            Answer::Taken { status } | Answer::Refused { status } => {
                span.record("status", i64::from(*status));
            }
            Answer::Nothing(_) => {
                span.record("failure", "no_answer");
            }
        }
        answer
    }
}
