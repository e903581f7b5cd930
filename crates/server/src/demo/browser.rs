//! A client of the API and of the pages, as one of the people.

use anyhow::{Context, ensure};
use family_plan_zammad_simulator::WebhookRequest;
use reqwest::{Method, Response, StatusCode, header, redirect::Policy};
use serde_json::Value;

use super::{people::Person, world::World};

/// Sends requests to the demo's server.
pub(super) struct Browser<'a> {
    world: &'a World,
    http: reqwest::Client,
    token: Option<String>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) etag: Option<String>,
    pub(super) retry_after: Option<String>,
    pub(super) text: String,
}

impl Answer {
    /// The body.
    pub(super) fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_str(&self.text).with_context(|| format!("no JSON: {}", self.text))
    }

    /// The answer, if it has this status.
    pub(super) fn expect(self, status: u16) -> anyhow::Result<Self> {
        ensure!(self.status.as_u16() == status, "{status} was expected, not {}: {}", self.status, self.text);
        Ok(self)
    }

    /// The body of a refusal of this kind.
    pub(super) fn refused(&self, status: u16, code: &str) -> anyhow::Result<Value> {
        let problem = self.json()?;
        let is_told = self.status.as_u16() == status && problem["code"] == code;
        ensure!(is_told, "{status} {code} was expected, not {}: {}", self.status, self.text);
        Ok(problem)
    }
}

impl<'a> Browser<'a> {
    /// A browser of somebody who is not signed in.
    pub(super) fn anonymous(world: &'a World) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().redirect(Policy::none()).build()?;
        Ok(Self { world, http, token: None })
    }

    /// A browser of `person`, signed in.
    pub(super) fn of(world: &'a World, person: Person) -> anyhow::Result<Self> {
        let token = person.token_for(&world.keys);
        Ok(Self { token: Some(token), ..Self::anonymous(world)? })
    }

    /// Calls the API.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        if_match: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.world.service_url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(if_match) = if_match {
            request = request.header(header::IF_MATCH, if_match);
        }
        answer(request.send().await?).await
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.call(Method::GET, path, None, None).await
    }

    pub(super) async fn post(&self, path: &str, body: Option<Value>) -> anyhow::Result<Answer> {
        self.call(Method::POST, path, body, None).await
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.call(Method::DELETE, path, None, None).await
    }

    /// Delivers what a webhook of the helpdesk's did, or somebody who wants to be taken for it.
    pub(super) async fn deliver(&self, delivery: &WebhookRequest) -> anyhow::Result<Answer> {
        let method = Method::from_bytes(delivery.method.as_bytes())?;
        let request = self.http.request(method, &delivery.url).body(delivery.body.clone());
        let headers = delivery.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        answer(request.send().await?).await
    }

    /// Opens a page, as a person who follows a link does.
    pub(super) async fn open(&self, url: &str) -> anyhow::Result<Answer> {
        answer(self.http.get(url).headers(self.cookies()?).send().await?).await
    }

    /// Presses the button of a page that was opened at `url`.
    pub(super) async fn submit(&self, url: &str, page: &Answer) -> anyhow::Result<Answer> {
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).and_then(|it| it.split('"').next());
        let csrf = csrf.context("the page has no form")?;
        let form = self
            .http
            .post(url)
            .headers(self.cookies()?)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(format!("csrf={csrf}"));
        answer(form.send().await?).await
    }

    fn cookies(&self) -> anyhow::Result<header::HeaderMap> {
        let mut headers = header::HeaderMap::new();
        if let Some(token) = &self.token {
            let cookie = format!("{}={token}", super::world::COOKIE);
            headers.insert(header::COOKIE, cookie.parse()?);
        }
        Ok(headers)
    }
}

async fn answer(response: Response) -> anyhow::Result<Answer> {
    let header = |name: header::HeaderName| {
        response.headers().get(name).and_then(|it| it.to_str().ok()).map(ToOwned::to_owned)
    };
    Ok(Answer {
        status: response.status(),
        location: header(header::LOCATION),
        etag: header(header::ETAG),
        retry_after: header(header::RETRY_AFTER),
        text: response.text().await?,
    })
}
