//! The commands of the binary.

use std::collections::HashMap;

use family_plan_zammad_simulator::{Config, Simulator};

use crate::{
    client::{Caller, http_client},
    program::{Serving, run},
    world::{Database, Engine, settings},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_tells_the_whole_story() {
    let ended = run(&["demo", "--once", "--port", "0"], &HashMap::new()).await;
    assert!(ended.status.success(), "{}\n{}", ended.stdout, ended.stderr);
    let told: Vec<u32> = ended
        .stdout
        .lines()
        .filter_map(|it| it.trim().strip_prefix('✓')?.split_whitespace().next()?.parse().ok())
        .collect();
    for part in (1..=14).chain(16..=19) {
        assert!(told.contains(&part), "{part} is missing:\n{}", ended.stdout);
    }
    assert!(!ended.stdout.contains("WARN") && !ended.stderr.contains("ERROR"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn serving_names_every_mistake_of_the_configuration_at_once() {
    let ended = run(&["serve"], &HashMap::new()).await;
    assert!(!ended.status.success());
    for name in [
        "SERVER__PUBLIC_URL",
        "SERVER__SECRET_KEY",
        "LINKS__LOGIN_URL",
        "LINKS__DASHBOARD_URL",
        "DATABASE__URL",
        "AUTH__HS256_SECRET",
        "ZAMMAD__URL",
        "ZAMMAD__TOKEN",
    ] {
        assert!(ended.stderr.contains(&format!("FAMILY_PLAN__{name}")), "{name}: {}", ended.stderr);
    }

    let zammad = Simulator::start(&Config::default()).unwrap();
    let wrong = [
        ("SERVER__LISTEN", "nowhere"),
        ("SERVER__PUBLIC_URL", "/relative"),
        ("SERVER__SECRET_KEY", "0123456789abcdef"),
        ("SERVER__BODY_LIMIT_BYTES", "-1"),
        ("LINKS__LOGIN_URL", "login"),
        ("LINKS__DASHBOARD_URL", "ftp://app.example"),
        ("DATABASE__URL", "oracle://family:s3cret@127.0.0.1/x"),
        ("DATABASE__AUTO_MIGRATE", "perhaps"),
        ("DATABASE__MAX_CONNECTIONS", "0"),
        ("AUTH__HS256_SECRET", "s3cret"),
        ("AUTH__COOKIE", "a;b"),
        ("ZAMMAD__URL", "zammad"),
        ("ZAMMAD__VERSION", "newest"),
        ("ZAMMAD__TIMEZONE", "Mars/Olympus"),
        ("ZAMMAD__DEADLINE_SECONDS", "soon"),
        ("ZAMMAD__WEBHOOK_SECRETS", "s3cret,,s3cret"),
        ("ZAMMAD__WEBHOOK_BASIC", "s3cret"),
        ("ZAMMAD__WEBHOOK_BODY_LIMIT_BYTES", "0"),
        ("ZAMMAD__SYNC_SECONDS", "often"),
        ("ZAMMAD__FULL_SYNC_SECONDS", "-1"),
        ("ZAMMAD__SWEEP_SECONDS", "1.5"),
        ("ZAMMAD__PLAN_ATTRIBUTE", "a plan"),
        ("SERVER__TRUSTED_PROXIES", "proxy.example"),
        ("LIMITS__ENABLED", "perhaps"),
        ("LIMITS__OPEN_INVITES_PER_PLAN", "0"),
        ("LIMITS__ISSUES_PER_CALLER", "0"),
        ("LIMITS__ISSUES_PER_ADDRESS", "-1"),
        ("LIMITS__PREVIEWS_PER_CALLER", "1.5"),
        ("LIMITS__PREVIEWS_PER_ADDRESS", "many"),
        ("LIMITS__REFUSALS_PER_CALLER", "1000001"),
        ("LIMITS__GUESSES_PER_ADDRESS", "99999999999"),
        ("SERVER__PREVIOUS_SECRET_KEYS", "s3cret,s3cret"),
        ("EVENTS__ALLOW_PRIVATE_TARGETS", "sometimes"),
        ("LOG__FORMAT", "xml"),
        ("NONSENSE__NAME", "x"),
    ];
    let mut environment = settings("sqlite://x.db", &zammad);
    for (name, value) in wrong {
        environment.insert(format!("FAMILY_PLAN__{name}"), value.to_owned());
    }
    let ended = run(&["serve"], &environment).await;
    assert!(!ended.status.success());
    for (name, value) in wrong {
        assert!(ended.stderr.contains(&format!("FAMILY_PLAN__{name}")), "{name}: {}", ended.stderr);
        assert!(!value.contains("s3cret") || !ended.stderr.contains("s3cret"), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_or_double_secret_is_refused() {
    let zammad = Simulator::start(&Config::default()).unwrap();
    for (name, value, told) in [
        ("SERVER__SECRET_KEY", "00".repeat(32), "SERVER__SECRET_KEY"),
        ("SERVER__SECRET_KEY", "abcd".repeat(16), "SERVER__SECRET_KEY"),
        ("SERVER__SECRET_KEY", "5f1d0c8e7ab34926".to_owned(), "SERVER__SECRET_KEY"),
        ("AUTH__HS256_SECRET", "x".repeat(64), "AUTH__HS256_SECRET"),
        ("AUTH__HS256_SECRET", "short".to_owned(), "AUTH__HS256_SECRET"),
        ("AUTH__JWKS_URL", "https://login.example/keys".to_owned(), "AUTH__JWKS_URL"),
    ] {
        let mut environment = settings("sqlite://x.db", &zammad);
        environment.insert(format!("FAMILY_PLAN__{name}"), value.clone());
        let ended = run(&["serve"], &environment).await;
        assert!(!ended.status.success(), "{name}={value}");
        assert!(ended.stderr.contains(told), "{name}: {}", ended.stderr);
        assert!(!ended.stderr.contains(&value), "a value is never told: {}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_all_that_is_printed_and_the_server_takes_it() {
    let database = Database::create(Engine::Sqlite).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment = settings(&database.url, &zammad);
    for (name, value) in [
        ("LOG__FORMAT", "json"),
        ("AUTH__ISSUER", "https://login.example"),
        ("AUTH__AUDIENCE", "family-plan"),
        ("AUTH__ROLES_CLAIM", "groups"),
    ] {
        environment.insert(format!("FAMILY_PLAN__{name}"), value.to_owned());
    }
    let server = Serving::start(&environment).await;
    let arguments = [
        "token",
        "--sub",
        "ann",
        "--email",
        "ann@example.com",
        "--name",
        "Ann",
        "--role",
        "family-plan:admin",
    ];
    let ended = run(&arguments, &environment).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    let token = ended.stdout.strip_suffix('\n').unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert!(!token.contains(char::is_whitespace) && ended.stderr.is_empty(), "{}", ended.stderr);
    let ann = Caller::anonymous(http_client(), server.base.clone()).with_token(token);
    assert_eq!(ann.get("/v1/me").await.ok(200)["email"], "ann@example.com");
    ann.get("/v1/settings").await.ok(200);
    server.stop().await;
    database.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_is_printed() {
    let ended = run(&["openapi"], &HashMap::new()).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.stdout, family_plan_server::openapi_document().unwrap());
}

/// A server's database is only brought up to date when that was asked for.
async fn migrating(engine: Engine) {
    let database = Database::create(engine).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment = settings(&database.url, &zammad);
    environment.insert("FAMILY_PLAN__LOG__FORMAT".to_owned(), "json".to_owned());
    environment.insert("FAMILY_PLAN__DATABASE__AUTO_MIGRATE".to_owned(), "false".to_owned());
    let ended = run(&["serve"], &environment).await;
    assert!(!ended.status.success());
    assert!(ended.stderr.contains("family-plan migrate"), "{}", ended.stderr);
    for _ in 0..2 {
        let ended = run(&["migrate"], &environment).await;
        assert!(ended.status.success(), "{}", ended.stderr);
    }
    let server = Serving::start(&environment).await;
    let anonymous = Caller::anonymous(http_client(), server.base.clone());
    assert_eq!(anonymous.get("/health/ready").await.ok(200)["status"], "ok");
    server.stop().await;
    database.dispose().await;
}

mod postgres {
    #[tokio::test(flavor = "multi_thread")]
    async fn an_old_schema_is_refused_until_it_is_migrated() {
        super::migrating(super::Engine::Postgres).await;
    }
}

mod mariadb {
    #[tokio::test(flavor = "multi_thread")]
    async fn an_old_schema_is_refused_until_it_is_migrated() {
        super::migrating(super::Engine::Mariadb).await;
    }
}
