//! What `family-plan doctor` finds, and that it changes nothing and tells no secret.

use std::{collections::HashMap, fs};

use family_plan_domain::{EndpointId, ports::Endpoints};
use family_plan_zammad_simulator::{Config, Failure, NewToken, Simulator};
use serde_json::json;
use url::Url;
use uuid::Uuid;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::{
    jwt::ProviderKey,
    program::{Ended, run},
    receiver::{ENDPOINTS, Receiver},
    world::{Database, Engine, World, engines, settings},
};

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:1";
const OTHER_KEY: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";

engines!(
    a_service_that_works_is_found_to_work,
    secrets_of_endpoints_that_cannot_be_read_are_found,
    a_schema_of_a_later_version_is_found,
    the_database_lets_the_doctor_write_nothing,
);

/// What is asked of the doctor: settings that are as they should be, and these instead of some of them.
fn environment(database: &str, zammad: &Simulator, changes: &[(&str, &str)]) -> HashMap<String, String> {
    let mut environment = settings(database, zammad);
    // Nobody is asked who is not in this test.
    let own = [("LINKS__LOGIN_URL", NOWHERE), ("LINKS__DASHBOARD_URL", NOWHERE)];
    for (name, value) in own.iter().chain(changes) {
        environment.insert(format!("FAMILY_PLAN__{name}"), (*value).to_owned());
    }
    environment
}

/// What the doctor says: no secret, and it fails exactly when something is broken.
async fn examined(environment: &HashMap<String, String>) -> Ended {
    let ended = run(&["doctor"], environment).await;
    let said = format!("{}{}", ended.stdout, ended.stderr);
    let is_secret = |name: &str| ["SECRET", "TOKEN", "KEY"].iter().any(|it| name.contains(it));
    let secrets = environment.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.as_str());
    for secret in secrets.filter(|it| !it.is_empty()).chain(["s3cret"]) {
        assert!(!said.contains(secret), "{said}");
    }
    assert_eq!(ended.status.code(), Some(i32::from(said.contains('✗'))), "{said}");
    ended
}

/// That the line about `subject` has this mark and these words.
#[track_caller]
fn says(ended: &Ended, mark: char, subject: &str, words: &str) {
    let begin = format!("  {mark} {subject:<16} ");
    let is_said = ended.stdout.lines().any(|it| it.starts_with(&begin) && it.contains(words));
    assert!(is_said, "no “{begin}… {words}”:\n{}{}", ended.stdout, ended.stderr);
}

async fn a_service_that_works_is_found_to_work(world: &World) {
    let environment =
        environment(&world.database.url, &world.zammad, &[("SERVER__PUBLIC_URL", world.base(0))]);
    for _ in 0..2 {
        let ended = examined(&environment).await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stdout);
        for (subject, words) in [
            ("settings", "every value valid"),
            ("connection", "it answers"),
            ("version", "."),
            ("schema", "is up to date"),
            ("endpoints", "the secrets of all 0 can be read"),
            ("minting", "its own tokens"),
            ("reading users", "sees everybody"),
            ("public URL", "the service answers there"),
            ("keys", "shares"),
            ("reports", "in the log alone"),
        ] {
            says(&ended, '✓', subject, words);
        }
        if !world.database.url.starts_with("sqlite") {
            says(&ended, '✓', "database", "agrees with this machine's");
        }
        assert!(ended.stdout.contains("Everything works that the service needs"), "{}", ended.stdout);
        assert_eq!(ended.stderr, "");
    }
    assert_eq!(world.zammad.tokens().len(), 2, "it mints nothing");
}

async fn secrets_of_endpoints_that_cannot_be_read_are_found(world: &World) {
    let receiver = Receiver::start().await;
    let (admin, url) = (world.admin(), world.database.url.clone());
    let allowed = json!({"url": "https://events.example.com/hook"});
    admin.post_json(ENDPOINTS, &allowed).await.ok(201);
    admin.post_json(ENDPOINTS, &json!({"url": receiver.url})).await.problem(422, "invalid_request");
    let with = |changes| environment(&url, &world.zammad, changes);

    says(&examined(&with(&[])).await, '✓', "endpoints", "all 1 can be read");
    let lost = examined(&with(&[("SERVER__SECRET_KEY", OTHER_KEY)])).await;
    says(&lost, '✗', "endpoints", "1 of 1 cannot be read; add the key");
    let rotated =
        [("SERVER__SECRET_KEY", OTHER_KEY), ("SERVER__PREVIOUS_SECRET_KEYS", crate::world::SECRET_KEY)];
    let rotated = examined(&with(&rotated)).await;
    says(&rotated, '!', "endpoints", "1 of 1 still need a key of FAMILY_PLAN__SERVER__PREVIOUS_SECRET_KEYS");
}

async fn a_schema_of_a_later_version_is_found(world: &World) {
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)";
    world.database.execute(later).await;
    let ended = examined(&environment(&world.database.url, &world.zammad, &[])).await;
    says(&ended, '✗', "schema", "a later version was at this database");
}

/// The address of a database on the same server, with this at the end of its name.
fn beside(database: &Database, end: &str) -> String {
    let mut url: Url = database.url.parse().unwrap();
    let path = format!("{}_{end}", url.path());
    url.set_path(&path);
    url.into()
}

/// Whatever it might try.
async fn the_database_lets_the_doctor_write_nothing(world: &World) {
    let url = &world.database.url;
    let reading = family_plan_persistence::Database::connect_read_only(url).await.unwrap();
    let endpoints = reading.endpoints();
    assert_eq!(endpoints.list().await.unwrap(), []);
    let id = EndpointId::from(Uuid::from_u128(1));
    endpoints.remove(id).await.unwrap_err();
    endpoints.note_success(id, world.now()).await.unwrap_err();
    reading.close().await.unwrap();
}

/// On a server an old schema is a failure, unless it is brought up to date at start.
async fn old_schema(engine: Engine) {
    let database = Database::create(engine).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    for _ in 0..2 {
        let strict =
            examined(&environment(&database.url, &zammad, &[("DATABASE__AUTO_MIGRATE", "false")])).await;
        says(&strict, '✗', "schema", "; run `family-plan migrate`");
        let lenient = examined(&environment(&database.url, &zammad, &[])).await;
        says(&lenient, '!', "schema", "`serve` applies what is missing as it starts");
    }
    let missing = examined(&environment(&beside(&database, "none"), &zammad, &[])).await;
    says(&missing, '✗', "connection", "check FAMILY_PLAN__DATABASE__URL");
    database.dispose().await;
}

mod alone {
    mod postgres {
        use super::super::*;

        #[tokio::test(flavor = "multi_thread")]
        async fn an_old_schema_is_found_and_left_alone() {
            old_schema(Engine::Postgres).await;
        }

        /// As after a backup was restored by somebody else.
        #[tokio::test(flavor = "multi_thread")]
        async fn tables_that_belong_to_somebody_else_are_found() {
            let world = World::on(Engine::Postgres).await;
            let mut url: Url = world.database.url.parse().unwrap();
            let role = format!("{}_other", url.path().trim_start_matches('/'));
            world.database.execute(&format!("CREATE ROLE {role} LOGIN")).await;
            url.set_username(&role).unwrap();
            let ended = examined(&environment(url.as_str(), &world.zammad, &[])).await;
            says(&ended, '✗', "settings", "may not write to the tables");
            world.database.execute(&format!("DROP ROLE {role}")).await;
            world.end().await;
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn a_database_in_another_encoding_is_found() {
            let database = Database::create(Engine::Postgres).await;
            let zammad = Simulator::start(&Config::default()).unwrap();
            let latin = beside(&database, "latin");
            let name = Url::parse(&latin).unwrap().path().trim_start_matches('/').to_owned();
            let make = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
            database.execute(&format!("CREATE DATABASE {name} {make}")).await;
            says(&examined(&environment(&latin, &zammad, &[])).await, '✗', "settings", "LATIN1");
            database.execute(&format!("DROP DATABASE {name}")).await;
            database.dispose().await;
        }
    }

    mod mariadb {
        #[tokio::test(flavor = "multi_thread")]
        async fn an_old_schema_is_found_and_left_alone() {
            super::super::old_schema(super::super::Engine::Mariadb).await;
        }
    }

    mod sqlite {
        use super::super::*;

        #[tokio::test(flavor = "multi_thread")]
        async fn a_file_that_is_not_there_is_not_made() {
            let database = Database::create(Engine::Sqlite).await;
            let zammad = Simulator::start(&Config::default()).unwrap();
            let fresh = examined(&environment(&database.url, &zammad, &[])).await;
            says(&fresh, '✓', "file", "is not there yet; `serve` makes it");
            assert_eq!(fs::read_dir(database.folder()).unwrap().count(), 0);

            let file = database.folder().join("family-plan.db");
            let plain = format!("sqlite://{}", file.display());
            let plain = examined(&environment(&plain, &zammad, &[])).await;
            says(&plain, '✗', "file", "append ?mode=rwc");
            let elsewhere = format!("sqlite://{}/none/x.db?mode=rwc", database.folder().display());
            let elsewhere = examined(&environment(&elsewhere, &zammad, &[])).await;
            says(&elsewhere, '✗', "folder", "is not there; make it");
            database.dispose().await;
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn a_file_that_is_damaged_is_found() {
            let database = Database::create(Engine::Sqlite).await;
            let zammad = Simulator::start(&Config::default()).unwrap();
            fs::write(database.folder().join("family-plan.db"), "no database at all, ".repeat(500)).unwrap();
            let ended = examined(&environment(&database.url, &zammad, &[])).await;
            assert!(ended.stdout.contains("file is not a database"), "{}", ended.stdout);
            database.dispose().await;
        }
    }
}

/// What the doctor says of a database that is not there yet, with these settings.
async fn with(changes: &[(&str, &str)]) -> Ended {
    let database = Database::create(Engine::Sqlite).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let ended = examined(&environment(&database.url, &zammad, changes)).await;
    database.dispose().await;
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_of_the_configuration_is_named_at_once() {
    let ended = with(&[
        ("SERVER__SECRET_KEY", "short"),
        ("DATABASE__URL", "oracle://family:s3cret@127.0.0.1/x"),
        ("AUTH__HS256_SECRET", "short"),
        ("ZAMMAD__TOKN", "s3cret"),
    ])
    .await;
    for name in ["SERVER__SECRET_KEY", "DATABASE__URL", "AUTH__HS256_SECRET", "ZAMMAD__TOKN"] {
        assert!(ended.stdout.contains(&format!("  ✗ FAMILY_PLAN__{name} ")), "{}", ended.stdout);
    }
    assert!(ended.stderr.contains("nothing else was looked at"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_may_not_be_meant_are_named() {
    let ended = with(&[
        ("ZAMMAD__WEBHOOK_SECRETS", ""),
        ("EVENTS__ALLOW_PRIVATE_TARGETS", "true"),
        ("LIMITS__ENABLED", "false"),
        ("AUTH__COOKIE", ""),
    ])
    .await;
    for subject in ["webhooks", "endpoints", "rates", "browsers", "audience", "proxies"] {
        says(&ended, '!', subject, "");
    }
    let ended = with(&[("SERVER__PUBLIC_URL", "http://family.invalid/"), ("AUTH__AUDIENCE", "family")]).await;
    says(&ended, '!', "public URL", "is not encrypted");
    says(&ended, '!', "public URL", "nobody answers there");
    assert!(!ended.stdout.contains("! audience") && !ended.stdout.contains("! proxies"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    for scheme in ["postgres", "mysql"] {
        let url = format!("{scheme}://family:s3cret@127.0.0.1:1/plans");
        let ended = with(&[("DATABASE__URL", &url)]).await;
        says(&ended, '✗', "connection", "check FAMILY_PLAN__DATABASE__URL");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_zammad_refuses_is_named() {
    let database = Database::create(Engine::Sqlite).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let reads = zammad.add_token(NewToken::new(4, "t").permission("ticket.agent")).value;
    let ended = examined(&environment(&database.url, &zammad, &[("ZAMMAD__TOKEN", &reads)])).await;
    says(&ended, '✗', "minting", "`user_preferences.access_token`");
    zammad.fail(Failure::Html502);
    let ended = examined(&environment(&database.url, &zammad, &[])).await;
    says(&ended, '✗', "connection", "Zammad answered 502");
    database.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_had_are_named() {
    let provider = MockServer::start().await;
    let keys = json!({"keys": [ProviderKey::elliptic("e").published()]});
    let answer = ResponseTemplate::new(200).set_body_json(keys);
    let mounted = Mock::given(any()).respond_with(answer).mount_as_scoped(&provider).await;
    let published = [("AUTH__HS256_SECRET", ""), ("AUTH__JWKS_URL", &*provider.uri())];
    says(&with(&published).await, '✓', "keys", "1 is published");
    drop(mounted);
    says(&with(&published).await, '✗', "keys", "every token is refused");
    let nobody = with(&[("AUTH__HS256_SECRET", ""), ("AUTH__JWKS_URL", NOWHERE)]).await;
    says(&nobody, '✗', "keys", "every token is refused");
    let issuer = [
        ("AUTH__HS256_SECRET", ""),
        ("AUTH__OIDC_CLIENT_ID", "family"),
        ("AUTH__OIDC_CLIENT_SECRET", "s3cret"),
        ("AUTH__ISSUER", NOWHERE),
    ];
    says(&with(&issuer).await, '✗', "signing in", "FAMILY_PLAN__AUTH__ISSUER");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_others_do_not_agree_with_is_named() {
    let provider = MockServer::start().await;
    for (date, words) in
        [("Mon, 01 Jan 2001 00:00:00 GMT", "s ahead of it"), ("Fri, 01 Jan 2100 00:00:00 GMT", "s behind it")]
    {
        let keys = json!({"keys": [ProviderKey::elliptic("e").published()]});
        let answer = ResponseTemplate::new(200).set_body_json(keys).insert_header("date", date);
        let _mounted = Mock::given(any()).respond_with(answer).mount_as_scoped(&provider).await;
        let published = [("AUTH__HS256_SECRET", ""), ("AUTH__JWKS_URL", &*provider.uri())];
        says(&with(&published).await, '✗', "provider", words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sentry_is_asked_whether_it_is_there_and_sent_nothing() {
    let sentry = MockServer::start().await;
    let dsn = |uri: &str| format!("{}/7", uri.replace("http://", "http://s3cret@"));
    let ended = with(&[("SENTRY__DSN", &dsn(&sentry.uri()))]).await;
    says(&ended, '✓', "reports", "nothing was sent");
    let requests = sentry.received_requests().await.unwrap();
    let told: Vec<_> = requests.iter().map(|it| (it.method.as_str(), it.url.path(), it.body.len())).collect();
    assert_eq!(told, [("GET", "/", 0)]);
    let ended = with(&[("SENTRY__DSN", &dsn(NOWHERE))]).await;
    says(&ended, '✗', "reports", "FAMILY_PLAN__SENTRY__DSN");
}
