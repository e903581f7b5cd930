//! A simulator with a clock that stands still, and a client that talks to it.

use std::time::Duration;

use family_plan_zammad_simulator::{
    ADMIN_TOKEN, AGENT_TOKEN, Config, ManualClock, NewToken, NewUser, Simulator,
};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-01-10 12:00 UTC);

pub(crate) struct Helpdesk {
    pub(crate) simulator: Simulator,
    pub(crate) clock: ManualClock,
    client: Client,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The text of `error`, after a look at the envelope of a classified error.
    pub(crate) fn error(&self) -> String {
        let body = self.json();
        assert_eq!(body["error"], body["error_human"], "{body}");
        body["error"].as_str().unwrap().to_owned()
    }

    pub(crate) fn is_masked(&self) -> bool {
        let body = self.json();
        let text = body["error"].as_str().unwrap();
        let id = text
            .strip_prefix("Error ID ")
            .and_then(|it| it.strip_suffix(": Please contact your administrator."));
        id.is_some_and(|it| it.len() == 8) && body.get("error_human").is_none()
    }

    pub(crate) fn ids(&self) -> Vec<u64> {
        self.json().as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap()).collect()
    }
}

impl Helpdesk {
    pub(crate) fn start() -> Self {
        Self::start_with(Config::default())
    }

    pub(crate) fn start_with(config: Config) -> Self {
        let clock = ManualClock::new(NOW);
        let simulator = Simulator::start(&config.clock(clock.reader())).unwrap();
        let client = Client::builder().timeout(Duration::from_mins(1)).build().unwrap();
        Self { simulator, clock, client }
    }

    /// A request without credentials.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/{path}", self.simulator.url());
        self.client.request(method, url).header(ACCEPT, "application/json")
    }

    pub(crate) fn bare_client(&self) -> &Client {
        &self.client
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Reply {
        self.send(self.request(Method::GET, path).header(AUTHORIZATION, format!("Token token={token}"))).await
    }

    pub(crate) async fn json_as(&self, token: &str, method: Method, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path).header(AUTHORIZATION, format!("Token token={token}"));
        self.send(request.json(body)).await
    }

    pub(crate) async fn agent_get(&self, path: &str) -> Reply {
        self.get_as(AGENT_TOKEN, path).await
    }

    pub(crate) async fn admin_get(&self, path: &str) -> Reply {
        self.get_as(ADMIN_TOKEN, path).await
    }

    pub(crate) async fn agent_post(&self, path: &str, body: &Value) -> Reply {
        self.json_as(AGENT_TOKEN, Method::POST, path, body).await
    }

    pub(crate) async fn admin_post(&self, path: &str, body: &Value) -> Reply {
        self.json_as(ADMIN_TOKEN, Method::POST, path, body).await
    }

    /// The value of a new token of `owner`.
    pub(crate) fn token_of(&self, owner: u64, permissions: &[&str]) -> String {
        let new = permissions.iter().fold(NewToken::new(owner, "extra"), |new, it| new.permission(*it));
        self.simulator.add_token(new).value
    }

    /// A customer's id and a token with every permission.
    pub(crate) fn customer(&self) -> (u64, String) {
        let user = self.simulator.add_user(NewUser::customer("cleo@example.org").organization(1));
        (user.id, self.token_of(user.id, &["ticket.customer", "user_preferences"]))
    }
}
