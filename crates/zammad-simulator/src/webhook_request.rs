//! One webhook on the wire.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::custom_payload;
use crate::delivery::{Attempt, Firing};
use crate::helpdesk::Helpdesk;
use crate::rails_json;
use crate::signature::hub_signature;
use crate::ticket_payload;
use crate::webhook::{Webhook, WebhookMethod};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// One webhook on the wire, byte for byte. A test may tamper with it, or send it twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRequest {
    /// In capitals.
    pub method: String,
    /// Where it goes.
    pub url: String,
    /// Without those that HTTP itself needs.
    pub headers: Vec<(String, String)>,
    /// What is signed.
    pub body: Vec<u8>,
}

impl WebhookRequest {
    /// What is to be sent as things are now. `None` when the ticket or the article is gone.
    pub(crate) fn build(
        desk: &Helpdesk,
        webhook: &Webhook,
        firing: Firing,
        delivery_id: &str,
    ) -> Option<Self> {
        let body = body(desk, webhook, firing)?;
        let mut headers = vec![
            ("Accept-Encoding".to_owned(), "gzip;q=1.0,deflate;q=0.6,identity;q=0.3".to_owned()),
            ("Accept".to_owned(), "*/*".to_owned()),
            ("User-Agent".to_owned(), "Zammad User Agent".to_owned()),
            ("X-Zammad-Trigger".to_owned(), webhook.trigger.clone()),
            ("X-Zammad-Delivery".to_owned(), delivery_id.to_owned()),
            ("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned()),
        ];
        headers.extend(authorization(desk, webhook).map(|it| ("Authorization".to_owned(), it)));
        let key = webhook.signature_token.as_deref().filter(|it| !it.trim().is_empty() && !body.is_empty());
        headers.extend(key.map(|it| ("X-Hub-Signature".to_owned(), hub_signature(it, &body))));
        let method = if desk.version.webhooks_have_methods() { webhook.method } else { WebhookMethod::Post };
        Some(Self { method: method.name().to_uppercase(), url: webhook.endpoint.clone(), headers, body })
    }

    /// The value of a header, whatever the case of `name`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, or null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) async fn send(self, client: &Client) -> Attempt {
        let status = self.status(client).await;
        Attempt { request: self, status }
    }

    /// The status of the answer; the rest of it matters to nobody. `None` when there is none.
    async fn status(&self, client: &Client) -> Option<u16> {
        let method = Method::from_bytes(self.method.as_bytes()).ok()?;
        let mut request = client.request(method, &self.url);
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
        if !self.body.is_empty() {
            request = request.body(self.body.clone());
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        // An answer that breaks off is none.
        response.bytes().await.ok().map(|_| status)
    }
}

/// A client like Ruby's: one connection per request, no redirects, and nothing of the environment.
pub(crate) fn client(timeout: Duration) -> reqwest::Result<Client> {
    Client::builder()
        .http1_only()
        .pool_max_idle_per_host(0)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .timeout(timeout)
        .build()
}

/// Empty for a custom payload that holds nothing.
fn body(desk: &Helpdesk, webhook: &Webhook, firing: Firing) -> Option<Vec<u8>> {
    let ticket = desk.ticket(firing.ticket_id)?;
    let article = match firing.article_id {
        Some(id) => Some(ticket.article(id)?),
        None => None,
    };
    let mut payload = ticket_payload::payload(desk, ticket, article);
    if let Some(template) = &webhook.custom_payload {
        payload = custom_payload::fill(template, &payload);
    }
    let is_blank = match &payload {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        value => value.is_null(),
    };
    Some(if is_blank { Vec::new() } else { rails_json::text(&payload).into_bytes() })
}

fn authorization(desk: &Helpdesk, webhook: &Webhook) -> Option<String> {
    if let Some(token) = webhook.bearer_token.as_deref().filter(|_| desk.version.webhooks_have_methods()) {
        return Some(format!("Bearer {token}"));
    }
    if !desk.version.webhooks_have_basic() {
        return None;
    }
    let (username, password) =
        (webhook.basic_auth_username.as_deref()?, webhook.basic_auth_password.as_deref()?);
    Some(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
}
