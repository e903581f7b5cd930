//! What a Sentry gets to know of a server: each failure once, with what a person needs to find it, and nothing secret.

use std::{collections::HashMap, time::Duration};

use family_plan_zammad_simulator::{Config, Failure, Operation, Simulator};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::{
    client::{ADMIN, Answer, Caller, claims, http_client, text},
    hooks::{self, Hook},
    jwt::SECRET,
    program::Serving,
    receiver::ENDPOINTS,
    waiting::eventually,
    world::{COOKIE, Database, Engine, settings},
};

const MINT: &[Operation] = &[Operation::MintToken];
/// It is in an address that the server is configured with.
const PASSWORD: &str = "p4ssw0rd-of-the-provider";

/// A server in a process of its own that reports to a Sentry.
struct Reported {
    server: Serving,
    sentry: MockServer,
    zammad: Simulator,
    database: Database,
    environment: HashMap<String, String>,
}

impl Reported {
    async fn start(changes: &[(&str, &str)]) -> Self {
        Self::start_with(ResponseTemplate::new(200), changes).await
    }

    /// The Sentry answers like this.
    async fn start_with(answer: ResponseTemplate, changes: &[(&str, &str)]) -> Self {
        let sentry = MockServer::builder().start().await;
        Mock::given(any()).respond_with(answer).mount(&sentry).await;
        let database = Database::create(Engine::Sqlite).await;
        let zammad = Simulator::start(&Config::default()).unwrap();
        let mut environment = settings(&database.url, &zammad);
        let dsn = format!("http://key@{}/7", sentry.address());
        let ours = [("LOG__FORMAT", "json"), ("SENTRY__DSN", &dsn), ("SENTRY__ENVIRONMENT", "test")];
        for (name, value) in ours.iter().chain(changes) {
            environment.insert(format!("FAMILY_PLAN__{name}"), (*value).to_owned());
        }
        let server = Serving::start(&environment).await;
        Self { server, sentry, zammad, database, environment }
    }

    fn user(&self, id: &str) -> Caller {
        self.anonymous().claiming(&claims(id))
    }

    fn anonymous(&self) -> Caller {
        Caller::anonymous(http_client(), self.server.base.clone())
    }

    /// Stops the server, and answers what it has told by then.
    async fn stop(self) -> Told {
        self.server.stop().await;
        let requests = self.sentry.received_requests().await.unwrap();
        let bodies = requests.into_iter().map(|it| String::from_utf8(it.body).unwrap()).collect();
        self.database.dispose().await;
        Told(bodies)
    }
}

/// Every envelope that a Sentry got.
struct Told(Vec<String>);

impl Told {
    fn items(&self, kind: &str) -> Vec<Value> {
        let mut items = Vec::new();
        for body in &self.0 {
            let lines: Vec<Value> = body.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
            items.extend(lines[1..].chunks(2).filter(|it| it[0]["type"] == kind).map(|it| it[1].clone()));
        }
        items
    }

    /// The one event that there is.
    #[track_caller]
    fn event(&self) -> Value {
        let events = self.items("event");
        assert_eq!(events.len(), 1, "{events:#?}");
        events[0].clone()
    }
}

fn tells_of_inbox(envelope: &Request) -> bool {
    String::from_utf8_lossy(&envelope.body).contains("\"worker\":\"inbox\"")
}

/// Sends a request that has an id.
async fn ask(caller: &Caller, id: &str, method: Method, path: &str) -> Answer {
    Answer::to(caller.request(method, path).header("X-Request-Id", id)).await
}

/// What tells a person where to look.
#[track_caller]
fn assert_told(event: &Value, request: (&str, &str, &str), code: &str, causes: &[&str]) {
    let (id, asked_for, operation) = request;
    assert_eq!((&event["tags"]["request_id"], &event["tags"]["code"]), (&json!(id), &json!(code)));
    assert_eq!((&event["transaction"], &event["tags"]["operation"]), (&json!(asked_for), &json!(operation)));
    assert_eq!((&event["environment"], &event["message"]), (&json!("test"), &json!("the request failed")));
    assert!(event["release"].as_str().unwrap().starts_with("family-plan@"), "{event}");
    let told = event["exception"]["values"].to_string();
    for cause in causes {
        assert!(told.contains(cause), "{cause}: {told}");
    }
}

const INVITE: (&str, &str, &str) = ("r-1", "POST /v1/plans/{plan_id}/invites", "issueInvite");

#[tokio::test(flavor = "multi_thread")]
async fn a_helpdesk_that_cannot_mint_is_told_once_with_the_caller_as_a_pseudonym() {
    for (failure, code, cause) in
        [(Failure::Forbidden, "zammad_rejected", "403"), (Failure::Html502, "zammad_unavailable", "502")]
    {
        let reported = Reported::start(&[]).await;
        let ann = reported.user("ann");
        let plan = ann.opens("The Hills").await;
        reported.zammad.fail_on(MINT, failure);
        let path = format!("/v1/plans/{plan}/invites");
        assert_eq!(ask(&ann, INVITE.0, Method::POST, &path).await.outcome(), code);
        let event = reported.stop().await.event();
        assert_told(&event, INVITE, code, &[cause]);
        let user = event["user"].as_object().unwrap();
        assert_eq!(user.keys().collect::<Vec<_>>(), ["id"]);
        assert!(!event.to_string().contains("\"ann"), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_helpdesk_is_told_once() {
    let reported = Reported::start(&[]).await;
    let ann = reported.user("ann");
    let plan = ann.opens("The Hills").await;
    reported.zammad.fail_on(MINT, Failure::Html502);
    for _ in 0..5 {
        ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(503, "zammad_unavailable");
    }
    let told = reported.stop().await.items("event");
    let outages = told.iter().filter(|it| it["message"] == "Zammad fails again and again and is left alone");
    assert_eq!(outages.count(), 1, "{told:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_personal_data_the_caller_is_named() {
    let reported = Reported::start(&[("SENTRY__SEND_DEFAULT_PII", "true")]).await;
    let ann = reported.user("ann");
    let plan = ann.opens("The Hills").await;
    reported.zammad.fail_on(MINT, Failure::Forbidden);
    ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(502, "zammad_rejected");
    assert_eq!(reported.stop().await.event()["user"]["id"], "ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_is_told_once_by_a_request_and_once_by_a_worker() {
    let reported = Reported::start(&[]).await;
    let ann = reported.user("ann");
    reported.database.execute("ALTER TABLE plans RENAME TO moved").await;
    let body = json!({"name": "The Hills"});
    let request = ann.request(Method::POST, "/v1/plans").header("X-Request-Id", "r-3").json(&body);
    Answer::to(request).await.problem(500, "internal");
    let event = reported.stop().await.event();
    assert_told(&event, ("r-3", "POST /v1/plans", "openPlan"), "internal", &["no such table"]);

    let reported = Reported::start(&[]).await;
    reported.database.execute("ALTER TABLE zammad_deliveries RENAME TO moved").await;
    // It looks every second, and fails each time.
    while !reported.sentry.received_requests().await.unwrap().iter().any(tells_of_inbox) {
        reported.anonymous().get("/health/live").await.ok(200);
    }
    let events = reported.stop().await.items("event");
    let mut workers: Vec<_> = events.iter().map(|it| &it["tags"]["worker"]).collect();
    workers.sort_by_key(ToString::to_string);
    // What is kept too long is looked for at the start, and that may come only now.
    assert!(workers == ["inbox"] || workers == ["inbox", "retention"], "{events:#?}");
    for event in &events {
        assert_eq!(event["message"], "a worker fails");
        assert!(event["exception"].to_string().contains("no such table"), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_provider_that_is_gone_is_told_once() {
    let url = format!("http://reader:{PASSWORD}@127.0.0.1:9/keys?token=s3cr3t-of-the-query");
    let reported = Reported::start(&[("AUTH__HS256_SECRET", ""), ("AUTH__JWKS_URL", &url)]).await;
    let ann = reported.user("ann");
    assert_eq!(ask(&ann, "r-4", Method::GET, "/v1/me").await.outcome(), "internal");
    let told = reported.stop().await;
    let causes = ["keys cannot be had", "the provider does not answer", "http://127.0.0.1:9/keys"];
    assert_told(&told.event(), ("r-4", "GET /v1/me", "getMe"), "internal", &causes);
    for secret in [PASSWORD, "s3cr3t-of-the-query"] {
        assert!(!told.0.concat().contains(secret), "{:?}", told.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_start_is_told() {
    let reported = Reported::start(&[]).await;
    let mut environment = reported.environment.clone();
    let address = reported.server.base.strip_prefix("http://").unwrap().to_owned();
    environment.insert("FAMILY_PLAN__SERVER__LISTEN".to_owned(), address);
    let ended = crate::program::run(&["serve"], &environment).await;
    assert!(!ended.status.success());
    let event = reported.stop().await.event();
    assert_eq!(event["message"], "the server does not start");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_secret_cannot_be_read_is_told_once() {
    let reported = Reported::start(&[]).await;
    let mut ada = claims("ada");
    ada["roles"] = json!([ADMIN]);
    let ada = reported.anonymous().claiming(&ada);
    let added = ada.post_json(ENDPOINTS, &json!({"url": "https://1.1.1.1/hook"})).await.ok(201);
    let deliveries = format!("{ENDPOINTS}/{}/deliveries", text(&added, "id"));
    reported.database.execute("UPDATE webhook_endpoints SET secret = x'00'").await;
    for owner in ["ann", "bob", "cid"] {
        reported.user(owner).opens("The Hills").await;
    }
    eventually("each plan's first event is tried", async || {
        let tried = ada.get(&deliveries).await.ok(200);
        tried["items"].as_array().unwrap().iter().filter(|it| it["attempts"] != 0).count() == 3
    })
    .await;
    let event = reported.stop().await.event();
    assert_eq!(event["message"], "events cannot be signed");
    assert!(event["exception"].to_string().contains("PREVIOUS_SECRET_KEYS"), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_not_told() {
    let reported = Reported::start(&[]).await;
    let (ann, bob) = (reported.user("ann"), reported.user("bob"));
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    bob.accepts(&invite.code).await.ok(200);
    reported.user("cid").accepts(&invite.code).await.problem(409, "invite_used");
    reported.user("cid").in_browser().get(&invite.page()).await.page(409);
    bob.get("/v1/settings").await.problem(403, "forbidden");
    bob.delete(&format!("/v1/plans/{plan}")).await.problem(403, "forbidden");
    reported.user("cid").get(&format!("/v1/plans/{plan}")).await.problem(404, "plan_not_found");
    ann.post_json("/v1/plans", &json!({"name": ""})).await.problem(422, "invalid_request");
    ann.post_json("/v1/plans", &json!({"name": "x"})).await.problem(409, "already_in_plan");
    ann.get("/nowhere").await.problem(404, "not_found");
    ann.put("/v1/me", &json!({})).await.problem(405, "method_not_allowed");
    reported.anonymous().get("/v1/me").await.problem(401, "unauthenticated");
    Hook::unsigned("{}").to(&reported.anonymous()).await.problem(401, "webhook_signature_invalid");
    reported.user("dan").accepts("no-such-code").await.problem(404, "invite_not_found");
    assert_eq!(reported.stop().await.0, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_failures_is_answered_whatever_state_sentry_is_in() {
    let hanging = ResponseTemplate::new(200).set_delay(Duration::from_hours(1));
    for answer in
        [ResponseTemplate::new(200), ResponseTemplate::new(429), ResponseTemplate::new(500), hanging]
    {
        let reported = Reported::start_with(answer, &[]).await;
        let ann = reported.user("ann");
        ann.opens("The Hills").await;
        reported.database.execute("ALTER TABLE plans RENAME TO moved").await;
        let requests = (0..200).map(|_| ann.get("/v1/me"));
        for answer in join_all(requests).await {
            answer.problem(500, "internal");
        }
        let told = reported.stop().await;
        let events = told.items("event");
        assert!((1..=10).contains(&events.len()), "whoever was told ten times knows: {}", events.len());
        let mut ids: Vec<_> = events.iter().map(|it| it["tags"]["request_id"].to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), events.len(), "none is told twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_courses_of_requests_are_told_if_that_is_asked_for() {
    let reported = Reported::start(&[("SENTRY__TRACES_SAMPLE_RATE", "1")]).await;
    let ann = reported.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    reported.user("bob").accepts(&invite.code).await.ok(200);
    let told = reported.stop().await;
    let courses = told.items("transaction");
    let names: Vec<_> = courses.iter().map(|it| it["transaction"].as_str().unwrap()).collect();
    assert_eq!(names, ["POST /v1/plans", INVITE.1, "POST /v1/invites/{code}/accept"]);
    assert!(!told.0.concat().contains(&invite.code));
}

/// Everything that can go wrong does, with a secret wherever one can be.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_told() {
    let login = format!("https://{PASSWORD}@login.example/sign-in");
    let changes = [("SENTRY__TRACES_SAMPLE_RATE", "1"), ("LINKS__LOGIN_URL", login.as_str())];
    let reported = Reported::start(&changes).await;
    let (ann, anonymous) = (reported.user("ann"), reported.anonymous());
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    let invite = ann.invites_with(&plan, &json!({"recipient_email": "zoe@example.org"})).await;
    // A page of errors that repeats what it was sent.
    let page = format!(
        "<h1>500</h1> Authorization: Token token={} for zoe@example.org at https://u:{PASSWORD}@help.example/?q=zoe",
        reported.zammad.agent_token()
    );
    let echo = MockServer::builder().start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(403).set_body_json(json!({"error": page})))
        .mount(&echo)
        .await;
    let mut environment = reported.environment.clone();
    environment.insert("FAMILY_PLAN__ZAMMAD__URL".to_owned(), echo.uri());
    let beside_echo = Serving::start(&environment).await;
    let at_echo = ann.at(&beside_echo.base);
    at_echo.post(&path).await.problem(502, "zammad_rejected");
    for failure in [Failure::Html502, Failure::GarbageBody, Failure::MaskedUnprocessable, Failure::Forbidden]
    {
        reported.zammad.fail_on(MINT, failure);
        assert!(500 <= ask(&ann, &invite.code, Method::POST, &path).await.status);
    }
    reported.zammad.recover();
    reported.database.execute("ALTER TABLE invites RENAME TO moved").await;
    ann.get(&format!("/v1/invites/{}?token={}", invite.code, ann.token())).await.problem(500, "internal");
    ann.accepts(&invite.code).await.problem(500, "internal");
    ann.in_browser().get(&invite.page()).await.page(500);
    let token = reported.zammad.tokens().into_iter().find(|it| it.name.contains(&invite.id)).unwrap().value;
    reported.database.execute("ALTER TABLE zammad_deliveries RENAME TO also_moved").await;
    let hook = Hook::signed(format!(r#"{{"token": "{}", "mail": "zoe@example.org"}}"#, hooks::SECRET));
    hook.to(&anonymous).await.problem(500, "internal");
    beside_echo.stop().await;
    let secrets = [
        reported.environment["FAMILY_PLAN__SERVER__SECRET_KEY"].clone(),
        reported.zammad.agent_token().to_owned(),
        SECRET.to_owned(),
        hooks::SECRET.to_owned(),
        PASSWORD.to_owned(),
        token,
        invite.code,
        ann.token().to_owned(),
        ann.token().rsplit('.').next().unwrap().to_owned(),
        hook.signature().unwrap().to_owned(),
        format!("{COOKIE}="),
        "zoe@example.org".to_owned(),
        "ann@example.com".to_owned(),
        "ANN Hill".to_owned(),
    ];
    let told = reported.stop().await;
    assert!(9 <= told.items("event").len() && 5 <= told.items("transaction").len(), "{:?}", told.0);
    let all = told.0.concat();
    let found: Vec<_> = secrets.iter().filter(|it| all.contains(it.as_str())).collect();
    assert!(found.is_empty(), "{found:?} in\n{all}");
    assert!(all.contains("[scrubbed]") && all.contains("/join/{code}"));
}
