//! What a collector gets to know of a server: one trace a request, whoever began it, and nothing secret.

use std::{collections::HashMap, time::Duration};

use family_plan_zammad_simulator::{Config, Failure, Operation, RecordedRequest, Simulator};
use futures_util::future::join_all;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::{
    client::{ADMIN, Answer, Caller, claims, http_client},
    hooks::{self, Hook, NOON, eventually, zammad_user},
    jwt::SECRET,
    otlp::{self, Collector, Spans},
    program::Serving,
    receiver::Receiver,
    world::{COOKIE, Database, Engine, settings},
};

const MINT: &[Operation] = &[Operation::MintToken];
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const INVITE: &str = "POST /v1/plans/{plan_id}/invites";
const MINTING: &str = "POST /api/v1/user_access_token";

/// A server in a process of its own.
struct Observed {
    server: Serving,
    collector: Collector,
    zammad: Simulator,
    database: Database,
    environment: HashMap<String, String>,
}

impl Observed {
    /// It sends its traces to a collector that takes them.
    async fn start(changes: &[(&str, &str)]) -> Self {
        Self::start_at(Collector::start().await, changes).await
    }

    /// It sends its traces to this collector.
    async fn start_at(collector: Collector, changes: &[(&str, &str)]) -> Self {
        Self::on(Database::create(Engine::Sqlite).await, collector, changes).await
    }

    async fn on(database: Database, collector: Collector, changes: &[(&str, &str)]) -> Self {
        let zammad = Simulator::start(&Config::default()).unwrap();
        let mut environment = settings(&database.url, &zammad);
        let url = collector.url();
        let ours = [("LOG__FORMAT", "json"), ("TRACES__ENDPOINT", &url)];
        for (name, value) in ours.iter().chain(changes) {
            // What is not ours is one of OpenTelemetry's own.
            let name =
                if name.starts_with("OTEL_") { (*name).to_owned() } else { format!("FAMILY_PLAN__{name}") };
            environment.insert(name, (*value).to_owned());
        }
        let server = Serving::start(&environment).await;
        Self { server, collector, zammad, database, environment }
    }

    fn user(&self, id: &str) -> Caller {
        self.anonymous().claiming(&claims(id))
    }

    fn admin(&self) -> Caller {
        let mut claims = claims("ada");
        claims["roles"] = json!([ADMIN]);
        self.anonymous().claiming(&claims)
    }

    fn anonymous(&self) -> Caller {
        Caller::anonymous(http_client(), self.server.base.clone())
    }

    /// What the helpdesk was asked for a token with.
    fn minting(&self) -> RecordedRequest {
        let mut requests = self.zammad.requests();
        requests.retain(|it| it.operation == Operation::MintToken);
        requests.pop().expect("a token was asked for")
    }

    /// Stops the server; what it has told by then, and what it wrote into its log.
    async fn stop(self) -> (Spans, Vec<Value>) {
        let log = self.server.stop().await;
        let spans = self.collector.spans().await;
        self.database.dispose().await;
        (spans, log.lines().map(|it| serde_json::from_str(it).unwrap()).collect())
    }
}

/// A request that is part of a trace somebody else began, who has it sampled or not.
fn traced(caller: &Caller, method: Method, path: &str, flags: &str) -> reqwest::RequestBuilder {
    caller.request(method, path).header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}"))
}

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_request_goes_on_with_the_trace_that_it_is_part_of() {
        goes_on_with_its_trace(Engine::Sqlite, "sqlite").await;
    }
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_request_goes_on_with_the_trace_that_it_is_part_of() {
        goes_on_with_its_trace(Engine::Postgres, "postgresql").await;
    }
}

mod mariadb {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_request_goes_on_with_the_trace_that_it_is_part_of() {
        goes_on_with_its_trace(Engine::Mariadb, "mysql").await;
    }
}

async fn goes_on_with_its_trace(engine: Engine, system: &str) {
    let server = Observed::on(Database::create(engine).await, Collector::start().await, &[]).await;
    let ann = server.user("ann");
    let plan = ann.opens("The Hills").await;
    let request = traced(&ann, Method::POST, &format!("/v1/plans/{plan}/invites"), "01");
    let request = request.header("tracestate", "rojo=1,congo=2").header("X-Request-Id", "r-1");
    Answer::to(request).await.ok(201);
    let asked = server.minting();
    let (spans, log) = server.stop().await;

    let invite = spans.named(INVITE);
    assert_eq!((invite.trace.as_str(), invite.parent.as_str()), (TRACE, PARENT));
    assert_eq!((invite.kind, invite.state.as_str()), (SpanKind::Server, "rojo=1,congo=2"));
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/v1/plans/{plan_id}/invites"),
        ("http.response.status_code", "201"),
        ("url.scheme", "https"),
        ("family_plan.operation", "issueInvite"),
        ("family_plan.request_id", "r-1"),
    ] {
        assert_eq!(invite.get(name), value, "{name}");
    }
    assert_eq!((invite.told_by("service.name"), invite.is_error), ("family-plan", false));
    assert!(!invite.told_by("service.version").is_empty());

    let minting = spans.named(MINTING);
    assert_eq!((&minting.trace, &minting.parent), (&invite.trace, &invite.id));
    assert_eq!((minting.kind, minting.get("http.response.status_code")), (SpanKind::Client, "200"));
    assert_eq!(minting.get("server.address"), "127.0.0.1");
    assert_eq!(asked.header("traceparent"), Some(minting.traceparent().as_str()));
    assert_eq!(asked.header("tracestate"), Some("rojo=1,congo=2"));

    let statements: Vec<_> =
        spans.within(invite).into_iter().filter(|it| it.get("db.system.name") == system).collect();
    let names: Vec<_> = statements.iter().map(|it| it.name.as_str()).collect();
    let (saved, values): (&[&str], _) = match engine {
        Engine::Postgres => (&["UPDATE plans"], "SET \"revision\" = $1"),
        _ => (&["BEGIN", "UPDATE plans", "INSERT invites", "INSERT events", "COMMIT"], "VALUES (?"),
    };
    for name in saved {
        assert!(names.contains(name), "{name} in {names:?}");
    }
    assert!(statements.iter().all(|it| it.kind == SpanKind::Client && !it.is_error));
    assert!(statements.iter().any(|it| it.get("db.query.text").contains(values)));

    let answered = log.iter().find(|it| it["message"] == "answered" && it["trace_id"] == TRACE).unwrap();
    assert_eq!((&answered["span_id"], &answered["spans"]), (&json!(invite.id), &json!([])));
    assert_eq!(spans.n_events(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_begins_here_if_nobody_began_one_or_what_they_say_is_malformed() {
    let server = Observed::start(&[]).await;
    let ann = server.user("ann");
    let malformed =
        ["", "00-nonsense", &format!("00-{TRACE}-{PARENT}"), &format!("00-{TRACE}-{PARENT}-01-x")]
            .map(|it| ann.request(Method::GET, "/v1/me").header("traceparent", it));
    Answer::to(ann.request(Method::GET, "/v1/me")).await.ok(200);
    for request in malformed {
        Answer::to(request.header("tracestate", "rojo=1")).await.ok(200);
    }
    let (spans, _) = server.stop().await;
    let mut found = spans.all_named("GET /v1/me");
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|it| it.parent.is_empty() && it.state.is_empty() && it.trace != TRACE));
    found.sort_by(|a, b| a.trace.cmp(&b.trace));
    found.dedup_by(|a, b| a.trace == b.trace);
    assert_eq!(found.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_began_a_trace_says_whether_it_is_told() {
    for rate in ["0", "1"] {
        // What is logged has no bearing on it.
        let log = ("LOG__FILTER", "off,family_plan_server::command=info");
        let server = Observed::start(&[log, ("TRACES__SAMPLE_RATE", rate)]).await;
        let ann = server.user("ann");
        let plan = ann.opens("The Hills").await;
        let path = format!("/v1/plans/{plan}/invites");
        Answer::to(traced(&ann, Method::GET, "/v1/me", "01")).await.ok(200);
        Answer::to(traced(&ann, Method::POST, &path, "00")).await.ok(201);
        // It is a part of the trace all the same.
        let told = server.minting().header("traceparent").unwrap().to_owned();
        assert!(told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-00"), "{told}");
        assert!(!told.contains(PARENT));
        let (spans, _) = server.stop().await;
        let _ = spans.named("GET /v1/me");
        assert_eq!(spans.all_named(INVITE).len(), 0);
        assert_eq!(spans.all_named("POST /v1/plans").len(), usize::from(rate == "1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_errors_and_refusals_are_not() {
    let server = Observed::start(&[]).await;
    let ann = server.user("ann");
    let plan = ann.opens("The Hills").await;
    ann.get("/v1/settings").await.problem(403, "forbidden");
    ann.get("/nowhere").await.problem(404, "not_found");
    let odd = ann.request(Method::from_bytes(b"BREW").unwrap(), "/v1/me");
    Answer::to(odd).await.problem(405, "method_not_allowed");
    server.zammad.fail_on(MINT, Failure::Html502);
    ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(503, "zammad_unavailable");
    server.zammad.fail_on(MINT, Failure::ConnectionReset);
    ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(503, "zammad_unavailable");
    let (spans, _) = server.stop().await;

    assert!(!spans.named("GET /v1/settings").is_error);
    assert_eq!(spans.named("GET").get("http.response.status_code"), "404");
    assert_eq!(spans.named("HTTP").get("http.request.method"), "_OTHER");
    let [refused, reset] = spans.all_named(INVITE)[..] else { panic!("{spans:#?}") };
    for (failed, status, failure) in [(refused, "502", ""), (reset, "", "interrupted")] {
        assert!(failed.is_error);
        assert_eq!(failed.get("http.response.status_code"), "503");
        let attempts: Vec<_> = spans.within(failed).into_iter().filter(|it| it.name == MINTING).collect();
        assert!(1 < attempts.len(), "each attempt is told");
        assert!(attempts.iter().all(|it| it.is_error));
        assert!(attempts.iter().all(|it| it.get("http.response.status_code") == status));
        assert!(attempts.iter().all(|it| it.get("error.type") == failure));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_nobody_asked_for_is_a_trace_of_its_own() {
    let changes = [("EVENTS__ALLOW_PRIVATE_TARGETS", "true"), ("ZAMMAD__SWEEP_SECONDS", "1")];
    let server = Observed::start(&changes).await;
    let (ann, admin) = (server.user("ann"), server.admin());
    let receiver = Receiver::start().await;
    let (endpoint, _) = receiver.registered(&admin).await;
    Answer::to(traced(&ann, Method::POST, "/v1/plans", "01").json(&json!({"name": "The Hills"})))
        .await
        .ok(201);
    Hook::of(&zammad_user(11, "Zoe", NOON)).to(&server.anonymous()).await.ok(202);
    hooks::settled(&admin).await;
    admin.post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
    eventually(|| async {
        Some(()).filter(|()| 0 < server.zammad.request_count(Operation::ListUsers))?;
        Some(admin.get("/v1/zammad/sync").await.ok(200)).filter(|it| it["state"] == "idle")
    })
    .await;
    let told = receiver.has(2).await;
    eventually(|| async { Some(()).filter(|()| 0 < server.zammad.request_count(Operation::ListTokens)) })
        .await;
    let asked = server.zammad.requests();
    let (spans, _) = server.stop().await;

    let deliveries = spans.all_named("deliver event");
    assert_eq!(deliveries.len(), told.len());
    for delivery in deliveries {
        assert_eq!(
            (delivery.parent.as_str(), delivery.get("family_plan.endpoint_id")),
            ("", endpoint.as_str())
        );
        assert_ne!(delivery.trace, TRACE);
        let within = spans.within(delivery);
        let posting = within.iter().find(|it| it.name == "POST").unwrap();
        assert_eq!(posting.get("http.response.status_code"), "204");
        let request = told.iter().find(|it| it.header("traceparent") == posting.traceparent()).unwrap();
        assert_eq!(request.header("webhook-id"), delivery.get("family_plan.event_id"));
        assert!(within.iter().any(|it| !it.get("db.query.text").is_empty()), "{within:#?}");
    }
    let pull = spans.named("pull users");
    let listings: Vec<_> =
        spans.within(pull).into_iter().filter(|it| it.name == "GET /api/v1/users").collect();
    assert!(pull.parent.is_empty() && !listings.is_empty());
    for listing in listings {
        let told = asked.iter().find(|it| it.header("traceparent") == Some(&listing.traceparent())).unwrap();
        assert_eq!(told.operation, Operation::ListUsers);
    }
    for work in ["apply deliveries", "sweep tokens"] {
        let work = spans.all_named(work);
        assert!(work.iter().any(|it| it.parent.is_empty() && !spans.within(it).is_empty()), "{work:#?}");
    }
    // Looking for work is none.
    let roots = spans.0.iter().filter(|it| it.parent.is_empty());
    assert_eq!(roots.filter(|it| !it.get("db.system.name").is_empty()).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_nothing_is_passed_on() {
    let changes = [("TRACES__ENDPOINT", ""), ("EVENTS__ALLOW_PRIVATE_TARGETS", "true")];
    let server = Observed::start(&changes).await;
    let ann = server.user("ann");
    let receiver = Receiver::start().await;
    receiver.registered(&server.admin()).await;
    let plan = ann.opens("The Hills").await;
    let request = traced(&ann, Method::POST, &format!("/v1/plans/{plan}/invites"), "01");
    Answer::to(request).await.ok(201);
    assert_eq!(server.minting().header("traceparent"), None);
    for received in receiver.has(3).await {
        assert!(!received.has_header("traceparent"), "{received:?}");
    }
    let (spans, log) = server.stop().await;
    assert!(spans.0.is_empty());
    assert!(log.iter().all(|it| it["trace_id"].is_null()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_in_whatever_state_is_waited_for_by_nobody_and_told_of_once() {
    let hanging = ResponseTemplate::new(200).set_delay(Duration::from_hours(1));
    let nobody = [("TRACES__ENDPOINT", "http://127.0.0.1:9")];
    for (answer, changes) in [
        (ResponseTemplate::new(200), &nobody[..]),
        (ResponseTemplate::new(400), &[]),
        (ResponseTemplate::new(503), &[]),
        (hanging, &[]),
    ] {
        // Every span is sent by itself, and few may wait.
        let mut changes = changes.to_vec();
        changes.extend([("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"), ("OTEL_BSP_MAX_QUEUE_SIZE", "64")]);
        let server = Observed::start_at(Collector::answering(answer).await, &changes).await;
        let ann = server.user("ann");
        let requests = (0..100).map(|_| ann.get("/v1/me"));
        for answer in join_all(requests).await {
            answer.ok(200);
        }
        let (_, log) = server.stop().await;
        let told = |text: &str| log.iter().filter(|it| it["message"] == text).count();
        let n_told = told("the collector takes no traces; they are dropped");
        // One that hangs may not have had its time.
        assert!(n_told == 1 || n_told == 0 && told("the last traces were not sent") == 1, "{n_told}");
    }
}

/// Everything that can go wrong does, with a secret wherever one can be.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_told() {
    const PASSWORD: &str = "p4ssw0rd-of-the-login";
    let login = format!("https://{PASSWORD}@login.example/sign-in");
    let changes = [
        ("LINKS__LOGIN_URL", login.as_str()),
        ("EVENTS__ALLOW_PRIVATE_TARGETS", "true"),
        ("LOG__FILTER", "trace"),
    ];
    let server = Observed::start(&changes).await;
    let (ann, bob, anonymous, admin) =
        (server.user("ann"), server.user("bob"), server.anonymous(), server.admin());
    let receiver = Receiver::start().await;
    let hidden = "h1dden-in-the-address";
    let target = json!({"url": format!("{}/{hidden}?token={hidden}", receiver.url)});
    let endpoint = admin.post_json("/v1/webhook-endpoints", &target).await.ok(201);
    let plan = ann.opens("The Hills of Control").await;
    let path = format!("/v1/plans/{plan}/invites");
    let invite = ann.invites_with(&plan, &json!({"recipient_email": "zoe@example.org"})).await;
    let open = ann.invites(&plan).await;
    Answer::to(bob.request(Method::POST, &format!("/v1/invites/{}/accept", open.code))).await.ok(200);
    bob.in_browser().get(&invite.page()).await.page(403);
    Answer::to(bob.request(Method::GET, "/v1/me").header("X-Request-Id", &invite.code)).await.ok(200);
    bob.get(&format!("/v1/me?token={}", bob.token())).await.ok(200);
    bob.get(&format!("/{}", invite.code)).await.problem(404, "not_found");
    admin.put("/v1/users/zoe", &json!({"email": "zoe@example.org", "name": "Zoe of Control"})).await.ok(200);
    // A page of errors that repeats what it was sent.
    let page = format!("Authorization: Token token={} for zoe@example.org", server.zammad.agent_token());
    let echo = MockServer::builder().start().await;
    let answer = ResponseTemplate::new(403).set_body_json(json!({"error": page}));
    Mock::given(any()).respond_with(answer).mount(&echo).await;
    let mut environment = server.environment.clone();
    environment.insert("FAMILY_PLAN__ZAMMAD__URL".to_owned(), echo.uri());
    let beside_echo = Serving::start(&environment).await;
    ann.at(&beside_echo.base).post(&path).await.problem(502, "zammad_rejected");
    beside_echo.stop().await;
    for failure in [Failure::Html502, Failure::GarbageBody, Failure::MaskedUnprocessable, Failure::Forbidden]
    {
        server.zammad.fail_on(MINT, failure);
        assert!(500 <= ann.post(&path).await.status);
    }
    server.zammad.recover();
    let mut customer = zammad_user(11, "Zoe of Control", NOON);
    customer["email"] = json!("zoe@example.org");
    let hook = Hook::of(&customer);
    hook.to(&anonymous).await.ok(202);
    hooks::settled(&admin).await;
    receiver.has(4).await;
    let token = server.zammad.tokens().into_iter().find(|it| it.name.contains(&invite.id)).unwrap().value;
    server.database.execute("ALTER TABLE invites RENAME TO moved").await;
    ann.get(&format!("/v1/invites/{}", invite.code)).await.problem(500, "internal");
    ann.accepts(&invite.code).await.problem(500, "internal");
    let secrets = [
        server.environment["FAMILY_PLAN__SERVER__SECRET_KEY"].clone(),
        server.zammad.agent_token().to_owned(),
        SECRET.to_owned(),
        hooks::SECRET.to_owned(),
        PASSWORD.to_owned(),
        hidden.to_owned(),
        endpoint["secret"].as_str().unwrap().to_owned(),
        token,
        invite.code,
        open.code,
        ann.token().to_owned(),
        ann.token().rsplit('.').next().unwrap().to_owned(),
        bob.token().to_owned(),
        hook.signature().unwrap().to_owned(),
        format!("{COOKIE}="),
        "@example".to_owned(),
        "ANN Hill".to_owned(),
        "of Control".to_owned(),
    ];
    server.server.stop().await;
    let spans = server.collector.spans().await;
    for name in ["GET /v1/invites/{code}", "GET /join/{code}", MINTING, "apply deliveries", "deliver event"] {
        assert!(!spans.all_named(name).is_empty(), "{name} in {:?}", spans.names());
    }
    let mut attributes: Vec<_> = spans.0.iter().flat_map(otlp::Traced::attribute_names).collect();
    attributes.sort_unstable();
    attributes.dedup();
    assert_eq!(attributes, KNOWN);
    let all = server.collector.batches().await.concat();
    let all = String::from_utf8_lossy(&all);
    let found: Vec<_> = secrets.iter().filter(|it| all.contains(it.as_str())).collect();
    assert!(found.is_empty(), "{found:?} in\n{all}");
    assert!(all.contains("[scrubbed]"));
    server.database.dispose().await;
}

/// Every attribute there is: a new one has to be thought about.
const KNOWN: [&str; 14] = [
    "db.operation.name",
    "db.query.text",
    "db.system.name",
    "error.type",
    "family_plan.endpoint_id",
    "family_plan.event_id",
    "family_plan.operation",
    "family_plan.request_id",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "server.address",
    "url.scheme",
    "url.template",
];
