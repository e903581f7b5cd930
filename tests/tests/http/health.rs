//! Whether the service is well, and that it starts and serves without its helpdesk.

use family_plan_zammad_simulator::{Config, Failure};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::{
    program::run,
    shapes::assert_fields,
    world::{Engine, World, clock_and_zammad, engines},
};

engines!(a_server_that_can_serve_is_ready);

async fn a_server_that_can_serve_is_ready(world: &World) {
    let anonymous = world.anonymous();
    assert_eq!(anonymous.get("/health/live").await.ok(200)["status"], "ok");
    let ready = anonymous.get("/health/ready").await.ok(200);
    assert_fields(&ready, &["status", "checks"]);
    assert_eq!(ready["status"], "ok");
    assert!(!ready["checks"].as_object().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_while_the_helpdesk_fails_and_is_degraded() {
    for failure in [Failure::Hang, Failure::Html502, Failure::Unauthorized, Failure::TokenAccessDisabled] {
        let (clock, zammad) = clock_and_zammad(Config::default());
        zammad.fail(failure);
        let world = World::with_zammad(Engine::Sqlite, &[], clock, zammad).await;
        let ready = world.anonymous().get("/health/ready").await.ok(200);
        assert_eq!(ready["status"], "degraded", "{failure:?}");
        world.anonymous().get("/health/live").await.ok(200);
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.recover();
        ann.invites(&plan).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_without_any_helpdesk() {
    // Nobody listens at the port of the system's own services.
    let world = World::with(Engine::Sqlite, &[("ZAMMAD__URL", "http://127.0.0.1:1")]).await;
    assert_eq!(world.anonymous().get("/health/ready").await.ok(200)["status"], "degraded");
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let before = ann.plan(&plan).await;
    ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(503, "zammad_unavailable");
    assert_eq!(ann.plan(&plan).await, before);
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "x"})).await.ok(200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_of_this_machine_says_whether_it_can_serve() {
    let world = World::on(Engine::Sqlite).await;
    let port = world.base(0).rsplit(':').next().unwrap().to_owned();
    for listen in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}")] {
        let environment = [("FAMILY_PLAN__SERVER__LISTEN".to_owned(), listen)].into();
        let ended = run(&["health"], &environment).await;
        assert!(ended.status.success() && ended.stdout.contains(r#""status":"ok""#), "{}", ended.stderr);
    }
    world.end().await;

    let down = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount(&down).await;
    for (address, words) in
        [(down.address().to_string(), "503"), ("127.0.0.1:1".to_owned(), "nobody answers")]
    {
        let environment = [("FAMILY_PLAN__SERVER__LISTEN".to_owned(), address)].into();
        let ended = run(&["health"], &environment).await;
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}
