//! What a Sentry gets to know, over HTTP.

use std::{error::Error, io, time::Duration};

use family_plan_error_reporting::{Reporting, ReportingConfig, catching, is_dsn, note_caller};
use futures_util::future::join;
use serde_json::Value;
use tokio::{sync::Mutex, task::yield_now};
use tracing::{Instrument, field::Empty, instrument::WithSubscriber};
use tracing_subscriber::layer::SubscriberExt;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

const SECRET: &str = "s3cr3t-of-the-test";

/// Panics and what the log listens to are the process's: tests take turns.
static TURN: Mutex<()> = Mutex::const_new(());

fn config(sentry: &MockServer) -> ReportingConfig {
    ReportingConfig {
        dsn: format!("http://key@{}/42", sentry.address()).into(),
        environment: Some("test".to_owned()),
        sample_rate: 1.0,
        traces_sample_rate: 0.0,
        send_default_pii: false,
        pseudonym_key: vec![1; 32].into(),
        secrets: vec![SECRET.into()],
    }
}

async fn sentry(answer: ResponseTemplate) -> MockServer {
    // One that no other test had: what others left in their queues must not arrive here.
    let sentry = MockServer::builder().start().await;
    Mock::given(any()).respond_with(answer).mount(&sentry).await;
    sentry
}

/// The items of this type that a Sentry gets while `work` is done and reporting ends.
async fn told_while<F>(config: impl FnOnce(&mut ReportingConfig), kind: &str, work: F) -> Vec<Value>
where
    F: Future<Output = ()>,
{
    let _turn = TURN.lock().await;
    let sentry = sentry(ResponseTemplate::new(200)).await;
    let mut configured = self::config(&sentry);
    config(&mut configured);
    let reporting = Reporting::begin(configured).unwrap();
    work.with_subscriber(tracing_subscriber::registry().with(reporting.layers())).await;
    drop(reporting);
    items(&sentry, kind).await
}

async fn items(sentry: &MockServer, kind: &str) -> Vec<Value> {
    let requests = sentry.received_requests().await.unwrap();
    let mut items = Vec::new();
    for request in requests {
        assert_eq!(request.url.path(), "/api/42/envelope/");
        let body = String::from_utf8(request.body).unwrap();
        let lines: Vec<Value> = body.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        let pairs = lines[1..].chunks(2).filter(|it| it[0]["type"] == kind);
        items.extend(pairs.map(|it| it[1].clone()));
    }
    items
}

fn request(id: &str) -> tracing::Span {
    tracing::info_span!(target: "family_plan", "request", method = "GET", request_id = id, route = Empty)
}

/// The values of an event's exceptions, the outermost last.
fn causes(event: &Value) -> Vec<&str> {
    let exceptions = event["exception"]["values"].as_array().unwrap();
    exceptions.iter().map(|it| it["value"].as_str().unwrap()).collect()
}

fn breadcrumbs(event: &Value) -> Vec<&str> {
    let breadcrumbs = event["breadcrumbs"]["values"].as_array().into_iter().flatten();
    breadcrumbs.map(|it| it["message"].as_str().unwrap()).collect()
}

#[derive(Debug, thiserror::Error)]
#[error("the plan cannot be kept")]
struct Unkept(#[source] io::Error);

#[tokio::test]
async fn an_error_is_reported_with_its_causes_and_a_warning_is_not() {
    let events = told_while(|_| (), "event", async {
        tracing::warn!("a refusal is nobody's failure");
        let failure = Unkept(io::Error::other("the disk is full"));
        tracing::error!(code = "internal", n = 7, error = &failure as &dyn Error, "the request failed");
    })
    .await;

    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(event["message"], "the request failed");
    assert_eq!(causes(event), ["the disk is full", "the plan cannot be kept"]);
    assert_eq!(event["exception"]["values"][1]["type"], "Unkept");
    assert_eq!((&event["tags"]["code"], &event["contexts"]["log"]["n"]), (&"internal".into(), &7.into()));
    assert_eq!((&event["environment"], &event["platform"]), (&"test".into(), &"native".into()));
    assert!(event["release"].as_str().unwrap().starts_with("family-plan@"));
    assert_eq!(breadcrumbs(event), ["a refusal is nobody's failure"]);
}

#[tokio::test]
async fn requests_that_are_answered_at_the_same_time_do_not_share_what_is_known() {
    async fn work(id: &'static str) {
        yield_now().await;
        note_caller(id);
        tracing::Span::current().record("route", format!("/v1/{id}"));
        tracing::info!("{id} begins");
        yield_now().await;
        tracing::error!("{id} fails");
    }

    let mut events = told_while(|_| (), "event", async {
        join(work("ann").instrument(request("ann")), work("bob").instrument(request("bob"))).await;
        tracing::error!("cid fails elsewhere");
    })
    .await;

    events.sort_by_key(|it| it["message"].to_string());
    let [ann, bob, cid] = &events[..] else { panic!("{events:?}") };
    for (event, id) in [(ann, "ann"), (bob, "bob")] {
        assert_eq!(event["tags"]["request_id"], id);
        assert_eq!(event["transaction"], format!("GET /v1/{id}"));
        assert_eq!(breadcrumbs(event), [format!("{id} begins")]);
        assert_ne!(event["user"]["id"], id);
    }
    assert_ne!(ann["user"], bob["user"]);
    assert_ne!(ann["contexts"]["trace"]["trace_id"], bob["contexts"]["trace"]["trace_id"]);
    assert!(cid["tags"].is_null() && cid["user"].is_null() && breadcrumbs(cid).is_empty());
}

#[tokio::test]
async fn with_personal_data_callers_are_named() {
    let events = told_while(|it| it.send_default_pii = true, "event", async {
        let _request = request("7").entered();
        note_caller("ann");
        tracing::error!(of = "ann@example.com", "the request failed");
    })
    .await;

    let event = &events[0];
    assert_eq!(
        (&event["user"]["id"], &event["contexts"]["log"]["of"]),
        (&"ann".into(), &"ann@example.com".into())
    );
}

#[tokio::test]
async fn a_panic_that_is_caught_is_reported_once_with_the_way_there() {
    let events = told_while(|_| (), "event", async {
        let work = async {
            yield_now().await;
            panic!("it holds {SECRET}");
        };
        let panic = catching(work).instrument(request("7")).await.unwrap_err();
        request("8").in_scope(|| tracing::error!(error = &panic as &dyn Error, "the request failed"));
        // One that is caught, and not logged, is not reported.
        catching(async { panic!("nobody minds") }).await.unwrap_err();
    })
    .await;

    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (&event["message"], &event["tags"]["request_id"]),
        (&"the request failed".into(), &"8".into())
    );
    let exception = &event["exception"]["values"][0];
    assert_eq!((&exception["type"], causes(event)), (&"panic".into(), vec!["it holds [scrubbed]"]));
    let frames = exception["stacktrace"]["frames"].as_array().unwrap();
    assert!(
        frames.iter().any(|it| it["function"].as_str().unwrap().contains("a_panic_that_is_caught")),
        "{frames:?}"
    );
}

#[tokio::test]
async fn a_panic_that_nobody_catches_is_reported_where_it_happens() {
    let events = told_while(|_| (), "event", async {
        let work = async {
            note_caller("ann");
            let spawned =
                tokio::spawn(async { panic!("nobody is there") }.in_current_span().with_current_subscriber());
            std::panic::resume_unwind(spawned.await.unwrap_err().into_panic());
        };
        let panic = catching(work.instrument(request("7"))).await.unwrap_err();
        // It has been told.
        tracing::error!(error = &panic as &dyn Error, "the request failed");
    })
    .await;

    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!((causes(event), &event["tags"]["request_id"]), (vec!["nobody is there"], &"7".into()));
    assert_eq!(event["level"], "fatal");
    assert!(event["user"]["id"].is_string());
}

fn fail_while_loading() {
    let request = request("7").entered();
    request.record("route", "/v1/plans/{plan_id}");
    let _child = tracing::debug_span!(target: "family_plan", "loading", from = SECRET).entered();
    tracing::error!("it fails");
}

#[tokio::test]
async fn the_course_of_a_request_is_not_reported() {
    let told = told_while(|_| (), "transaction", async { fail_while_loading() }).await;

    assert_eq!(told, Vec::<Value>::new());
}

#[tokio::test]
async fn the_course_of_a_request_is_reported_if_that_is_asked_for() {
    let told =
        told_while(|it| it.traces_sample_rate = 1.0, "transaction", async { fail_while_loading() }).await;

    let [course] = &told[..] else { panic!("{told:?}") };
    assert_eq!(course["transaction"], "GET /v1/plans/{plan_id}");
    assert_eq!(course["contexts"]["trace"]["op"], "http.server");
    let [child] = &course["spans"].as_array().unwrap()[..] else { panic!("{course}") };
    assert_eq!((&child["description"], &child["data"]["from"]), (&"loading".into(), &"[scrubbed]".into()));
}

#[tokio::test]
async fn work_that_nobody_asked_for_has_no_course() {
    let work = async {
        let _work = tracing::info_span!(target: "family_plan", "pull users").entered();
        let _statement = tracing::info_span!(target: "sea_orm::database", "sea_orm.execute").entered();
    };

    let told = told_while(|it| it.traces_sample_rate = 1.0, "transaction", work).await;

    assert_eq!(told, Vec::<Value>::new());
}

#[tokio::test]
async fn a_sentry_that_hangs_or_refuses_stops_nobody() {
    let _turn = TURN.lock().await;
    let hanging = ResponseTemplate::new(200).set_delay(Duration::from_hours(1));
    let full = ResponseTemplate::new(429).insert_header("retry-after", "60");
    for answer in [hanging, full, ResponseTemplate::new(500), ResponseTemplate::new(302)] {
        let sentry = sentry(answer).await;
        let reporting = Reporting::begin(config(&sentry)).unwrap();
        let log = tracing_subscriber::registry().with(reporting.layers());
        tracing::subscriber::with_default(log, || {
            for n in 0..1000 {
                tracing::error!(n, "the request failed");
            }
        });
        drop(reporting);
    }
}

#[test]
fn a_dsn_is_told_from_other_text() {
    assert!(is_dsn("https://key@sentry.example.com/42"));
    assert!(!is_dsn("https://sentry.example.com/42"));
    assert!(!is_dsn("nonsense"));
}
