//! A local Zammad, and an adapter that never makes anybody wait.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use family_plan_domain::{
    InviteId,
    ports::{HelpDeskError, Ids, InviteTokens, MintedToken},
};
use family_plan_zammad::{
    DirectoryError, Pace, ZammadClient, ZammadConfig, ZammadDirectory, ZammadError, ZammadTokens,
};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use wiremock::{
    Match, Mock, MockBuilder, MockServer, Request, ResponseTemplate,
    matchers::{method, path, path_regex},
};

pub(crate) const READ_TOKEN: &str = "r34d-t0k3n";
pub(crate) const MINT_TOKEN: &str = "m1nt-t0k3n";
pub(crate) const EXPIRES_AT: OffsetDateTime = datetime!(2026-01-11 15:30:00 UTC);
/// Long enough that it never ends in real time; where its end matters, the clock is a [`FrozenClock`].
pub(crate) const DEADLINE: Duration = Duration::from_mins(10);

/// Timers may fire this much later than they were set to.
pub(crate) const TIMER_GRAIN: Duration = Duration::from_millis(1);

pub(crate) struct Scene {
    pub(crate) zammad: MockServer,
    pub(crate) client: ZammadClient,
    pub(crate) tokens: ZammadTokens,
    pub(crate) background: TaskTracker,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(adjust: impl FnOnce(&mut ZammadConfig)) -> Self {
        // Not `MockServer::start`: its servers are used again, and what a former test still sends would come here.
        let zammad = MockServer::builder().start().await;
        let mut config = config(&zammad.uri());
        adjust(&mut config);
        let client = ZammadClient::new(config).unwrap();
        let (tokens, background) = tokens(&client);
        Self { zammad, client, tokens, background }
    }

    /// Lets Zammad answer to requests like `request`, after what it was told before is used up.
    pub(crate) async fn answers(&self, request: MockBuilder, answer: ResponseTemplate) {
        request.respond_with(answer).mount(&self.zammad).await;
    }

    pub(crate) async fn answers_once(&self, request: MockBuilder, answer: ResponseTemplate) {
        request.respond_with(answer).up_to_n_times(1).mount(&self.zammad).await;
    }

    /// The users, and the attribute `plan`.
    pub(crate) fn directory(&self) -> ZammadDirectory {
        ZammadDirectory::new(self.client.clone(), Some("plan".parse().unwrap()))
    }

    pub(crate) async fn mint(&self) -> Result<MintedToken, HelpDeskError> {
        self.tokens.mint(EXPIRES_AT).await
    }

    /// Waits for the work that nobody waits for.
    pub(crate) async fn drain(&self) {
        self.background.close();
        self.background.wait().await;
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.zammad.received_requests().await.unwrap()
    }

    /// The requests so far, such as `GET /api/v1/users/me`.
    pub(crate) async fn journal(&self) -> Vec<String> {
        let requests = self.requests().await;
        requests.iter().map(|it| format!("{} {}", it.method, it.url.path())).collect()
    }

    pub(crate) async fn n_requests(&self, request: impl Match) -> usize {
        self.requests().await.iter().filter(|it| request.matches(it)).count()
    }

    /// The bodies with which tokens were asked for.
    pub(crate) async fn mint_bodies(&self) -> Vec<Value> {
        let requests = self.requests().await;
        let mints = requests.iter().filter(|it| it.method == "POST");
        mints.map(|it| it.body_json().unwrap()).collect()
    }
}

pub(crate) fn config(base_url: &str) -> ZammadConfig {
    let mut config = ZammadConfig::new(base_url.parse().unwrap(), READ_TOKEN.into());
    config.mint_token = Some(MINT_TOKEN.into());
    config.time_zone = Some("UTC".parse().unwrap());
    config.pace = Pace {
        deadline: DEADLINE,
        listing: DEADLINE,
        // Whoever is left alone is waited for in real time.
        failures: u16::MAX,
        connecting: DEADLINE,
        checking: DEADLINE,
        first_pause: Duration::ZERO,
        settling: Duration::ZERO,
        ..Pace::default()
    };
    config
}

pub(crate) fn tokens(client: &ZammadClient) -> (ZammadTokens, TaskTracker) {
    let background = TaskTracker::new();
    let tokens = ZammadTokens::new(client.clone(), Arc::new(Counter::default()), background.clone());
    (tokens, background)
}

#[derive(Default)]
struct Counter(AtomicU64);

impl Ids for Counter {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

/// The id of the nth attempt.
pub(crate) fn invite(n: u128) -> InviteId {
    Uuid::from_u128(n).into()
}

pub(crate) fn token_name(n: u128) -> String {
    format!("FamilyPlanInvite {}", invite(n))
}

pub(crate) fn minting() -> MockBuilder {
    Mock::given(method("POST")).and(path("/api/v1/user_access_token"))
}

pub(crate) fn listing() -> MockBuilder {
    Mock::given(method("GET")).and(path("/api/v1/user_access_token"))
}

pub(crate) fn deleting() -> MockBuilder {
    Mock::given(method("DELETE")).and(path_regex("^/api/v1/user_access_token/[0-9]+$"))
}

pub(crate) fn getting(what: &str) -> MockBuilder {
    Mock::given(method("GET")).and(path(format!("/api/v1/{what}")))
}

pub(crate) fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A user as Zammad shows them, who last changed so many seconds after the beginning of 2026.
pub(crate) fn user(id: i64, seconds: u32) -> Value {
    json!({
        "id": id, "organization_id": null, "login": format!("u{id}"), "firstname": "Ada", "lastname": "Lovelace",
        "email": format!("U{id}@example.com"), "note": "", "vip": false, "active": true, "role_ids": [3],
        "preferences": {"tickets_open": 1}, "group_ids": {}, "created_at": "2020-01-01T00:00:00.000Z",
        "updated_at": format!("2026-01-01T{:02}:{:02}:{:02}.000Z", seconds / 3600, seconds / 60 % 60, seconds % 60),
    })
}

/// Zammad's own user.
pub(crate) fn system_user() -> Value {
    json!({"id": 1, "login": "-", "email": "", "active": false, "updated_at": "2020-01-01T00:00:00.000Z"})
}

/// Zammad's error envelope.
pub(crate) fn refusal(status: u16, text: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"error": text, "error_human": text}))
}

/// A proxy's error page.
pub(crate) fn page(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html><h1>No</h1></html>", "text/html")
}

/// What is in the list of tokens, apart from what the adapter does not look at.
pub(crate) fn list(tokens: &[(i64, &str)]) -> Value {
    let tokens: Vec<Value> = tokens
        .iter()
        .map(|(id, name)| json!({"id": id, "user_id": 3, "name": name, "action": "api", "expires_at": null}))
        .collect();
    json!({"tokens": tokens, "permissions": []})
}

#[track_caller]
pub(crate) fn unavailable(err: &HelpDeskError) -> (Option<Duration>, &ZammadError) {
    match err {
        HelpDeskError::Unavailable { retry_after, cause } => (*retry_after, cause.downcast_ref().unwrap()),
        HelpDeskError::Rejected(cause) => panic!("rejected: {cause}"),
    }
}

#[track_caller]
pub(crate) fn unusable(err: &HelpDeskError) -> &DirectoryError {
    match err {
        HelpDeskError::Rejected(cause) => cause.downcast_ref().unwrap(),
        HelpDeskError::Unavailable { cause, .. } => panic!("unavailable: {cause}"),
    }
}

#[track_caller]
pub(crate) fn rejected(err: &HelpDeskError) -> &ZammadError {
    match err {
        HelpDeskError::Rejected(cause) => cause.downcast_ref().unwrap(),
        HelpDeskError::Unavailable { cause, .. } => panic!("unavailable: {cause}"),
    }
}

/// Everything that can be printed of an error.
pub(crate) fn all_of(err: &dyn Error) -> String {
    let mut texts = vec![format!("{err:?}")];
    let mut next = Some(err);
    while let Some(it) = next {
        texts.push(it.to_string());
        next = it.source();
    }
    texts.join("\n")
}

/// Keeps a paused clock from advancing by itself while only input and output are pending.
pub(crate) struct FrozenClock(#[expect(dead_code, reason = "dropping it ends the task")] mpsc::Sender<()>);

impl FrozenClock {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel();
        // As long as a blocking task runs, tokio does not advance a paused clock by itself.
        tokio::task::spawn_blocking(move || receiver.recv());
        Self(sender)
    }

    /// Lets everything happen that is due within `by`.
    pub(crate) async fn advance(&self, by: Duration) {
        tokio::time::advance(by + TIMER_GRAIN).await;
    }
}
