//! Panics of a real server: it goes on, answers what it can, and tells each once. Alone in its process, since a process
//! has one log and one place where panics are noticed.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use family_plan_domain::ports::Clock;
use family_plan_error_reporting::Reporting;
use family_plan_server::{
    configuration::{LogConfiguration, Sources},
    start,
    system::{SystemClock, SystemIds},
    telemetry,
};
use family_plan_zammad_simulator::{Config, Simulator};
use serde_json::Value;
use time::OffsetDateTime;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

const SECRET: &str = "vq0J8wK2yXr5uT1nZ7cF4mB9hD6gL3sQ";
const PATIENCE: Duration = Duration::from_mins(2);

/// Goes wrong when it is told to.
#[derive(Default)]
struct BreakableClock {
    is_broken: AtomicBool,
}

impl Clock for BreakableClock {
    fn now(&self) -> OffsetDateTime {
        assert!(!self.is_broken.load(Ordering::SeqCst), "the clock is broken, and tells {SECRET}");
        SystemClock.now()
    }
}

fn settings(folder: &str, zammad: &Simulator, sentry: &MockServer) -> HashMap<String, String> {
    [
        ("SERVER__LISTEN", "127.0.0.1:0"),
        ("SERVER__PUBLIC_URL", "https://family.example/"),
        ("SERVER__SECRET_KEY", "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1"),
        ("LINKS__LOGIN_URL", "https://login.example/"),
        ("LINKS__DASHBOARD_URL", "https://app.example/"),
        ("DATABASE__URL", &format!("sqlite://{folder}/family-plan.db?mode=rwc")),
        ("AUTH__HS256_SECRET", SECRET),
        ("ZAMMAD__URL", &zammad.url()),
        ("ZAMMAD__TOKEN", zammad.agent_token()),
        ("ZAMMAD__SYNC_SECONDS", "0"),
        ("ZAMMAD__FULL_SYNC_SECONDS", "0"),
        ("ZAMMAD__SWEEP_SECONDS", "0"),
        // They go by the clock, too.
        ("LIMITS__ENABLED", "false"),
        ("SENTRY__DSN", &format!("http://key@{}/7", sentry.address())),
    ]
    .map(|(name, value)| (format!("FAMILY_PLAN__{name}"), value.to_owned()))
    .into()
}

async fn events(sentry: &MockServer) -> Vec<Value> {
    let mut events = Vec::new();
    for request in sentry.received_requests().await.unwrap() {
        let body = String::from_utf8(request.body).unwrap();
        assert!(!body.contains(SECRET), "{body}");
        let lines: Vec<Value> = body.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        events.extend(lines[1..].chunks(2).filter(|it| it[0]["type"] == "event").map(|it| it[1].clone()));
    }
    events
}

fn tagged<'a>(events: &'a [Value], name: &str, value: &str) -> Vec<&'a Value> {
    events.iter().filter(|it| it["tags"][name] == value).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_answered_and_told_once_and_the_server_goes_on() {
    let sentry = MockServer::builder().start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&sentry).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path().to_str().unwrap(), &zammad, &sentry);
    let mut configuration = Sources::read_from(None, settings).unwrap().configuration().unwrap();
    let reporting = Reporting::begin(configuration.sentry.take().unwrap()).unwrap();
    telemetry::begin(&LogConfiguration::default(), Some(&reporting), None);
    let clock = Arc::new(BreakableClock::default());
    let server = start(configuration, clock.clone(), Arc::new(SystemIds)).await.unwrap();
    let http = reqwest::Client::builder().build().unwrap();
    let url = format!("http://{}/v1/invites/no-such-code", server.address);

    clock.is_broken.store(true, Ordering::SeqCst);
    let answer = http.get(&url).header("X-Request-Id", "r-1").send().await.unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!((&problem["code"], &problem["request_id"]), (&"internal".into(), &"r-1".into()));
    let told_by_a_worker = async {
        while tagged(&events(&sentry).await, "worker", "inbox").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, told_by_a_worker).await.expect("a worker that panics tells");

    clock.is_broken.store(false, Ordering::SeqCst);
    let answer = http.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    drop(http);
    server.stop().await;
    drop(reporting);
    let events = events(&sentry).await;
    let [event] = tagged(&events, "request_id", "r-1")[..] else { panic!("{events:#?}") };
    assert_eq!(event["transaction"], "GET /v1/invites/{code}");
    assert_eq!(event["tags"]["operation"], "previewInvite");
    assert_eq!(event["message"], "the request failed");
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["value"], "the clock is broken, and tells [scrubbed]");
    let frames = exception["stacktrace"]["frames"].as_array().unwrap();
    assert!(frames.iter().any(|it| it["filename"] == "preview_invite.rs"), "{frames:#?}");
    for event in &events {
        assert!(event["tags"]["request_id"] == "r-1" || event["tags"]["worker"].is_string(), "{event:#}");
    }
    let n_told_by_inbox = tagged(&events, "worker", "inbox").len();
    assert_eq!(n_told_by_inbox, 1, "it goes on until somebody mends it, and is told once");
}
