//! What `family-plan zammad` says to operators.

use std::collections::HashMap;

use family_plan_domain::ports::Clock;
use family_plan_server::system::SystemClock;
use family_plan_zammad_simulator::{
    Config, Failure, NewToken, Operation, SearchBackend, Simulator, ZammadVersion,
};

use crate::{
    program::{Ended, run},
    world::{Database, Engine, clock_and_zammad, settings},
};

const CUSTOMER: u64 = 7;
const EVERYTHING: &str = "Everything works that the service needs.";

/// What the commands need, and no more.
fn environment(zammad: &Simulator, changes: &[(&str, &str)]) -> HashMap<String, String> {
    let mut environment: HashMap<String, String> =
        [("ZAMMAD__URL", zammad.url()), ("ZAMMAD__TOKEN", zammad.agent_token().to_owned())]
            .map(|(name, value)| (format!("FAMILY_PLAN__{name}"), value))
            .into();
    for (name, value) in changes {
        environment.insert(format!("FAMILY_PLAN__{name}"), (*value).to_owned());
    }
    environment
}

/// What a check says, in which no token is.
async fn check(zammad: &Simulator, changes: &[(&str, &str)]) -> Ended {
    let environment = environment(zammad, changes);
    let ended = run(&["zammad", "check"], &environment).await;
    for secret in zammad.tokens().iter().map(|it| &*it.value).chain(["s3cret"]) {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{}", ended.stdout);
    }
    assert_eq!(ended.status.code(), Some(i32::from(ended.stdout.contains('✗'))), "{}", ended.stderr);
    ended
}

/// The line about `subject`.
#[track_caller]
fn line<'a>(ended: &'a Ended, subject: &str) -> &'a str {
    let line = ended.stdout.lines().map(str::trim).find(|it| it.contains(subject));
    line.unwrap_or_else(|| panic!("nothing about {subject}:\n{}", ended.stdout))
}

fn simulator() -> Simulator {
    Simulator::start(&Config::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_works() {
    let zammad = Simulator::start(&Config::default().timezone_default("Europe/Berlin")).unwrap();
    let ended = check(&zammad, &[]).await;
    let expected = [
        &*format!("Zammad at {}/", zammad.url()),
        "  ✓ connection       it answers",
        "  ✓ version          unknown: only accounts with `admin` are told, which is not needed",
        "  ✓ time zone        Europe/Berlin",
        "  ✓ minting          the account can make and delete its own tokens",
        "  ✓ reading users    the account sees everybody",
        "  ✓ pulling changes  Zammad searches its database for what changed",
        EVERYTHING,
        "",
    ];
    assert_eq!(ended.stdout, expected.join("\n"));
    assert_eq!(ended.stderr, "");
    assert_eq!(zammad.tokens().len(), 2, "it changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_the_permission_that_is_missing() {
    let zammad = simulator();
    let token = |permission: &str| zammad.add_token(NewToken::new(4, "t").permission(permission)).value;
    let (reads, mints) = (token("ticket.agent"), token("user_preferences.access_token"));

    let ended = check(&zammad, &[("ZAMMAD__TOKEN", &reads)]).await;
    let minting = line(&ended, "minting");
    assert!(minting.starts_with('✗') && minting.contains("`user_preferences.access_token`"), "{minting}");
    assert!(line(&ended, "reading users").starts_with('✓'));
    assert_eq!(ended.stderr, "family-plan: not everything works that the service needs\n");

    let ended = check(&zammad, &[("ZAMMAD__TOKEN", &mints)]).await;
    assert!(line(&ended, "minting").starts_with('✓'));
    let reading = line(&ended, "reading users");
    assert!(reading.starts_with('✗') && reading.contains("sees only itself"), "{reading}");
    assert!(reading.contains("`ticket.agent`"), "{reading}");
    assert!(!ended.stdout.contains("pulling changes"), "nothing is known of it");

    let ended = check(&zammad, &[("ZAMMAD__TOKEN", &reads), ("ZAMMAD__MINT_TOKEN", &mints)]).await;
    assert!(ended.stdout.ends_with(&format!("{EVERYTHING}\n")), "each account does its part");

    let of_a_customer = zammad.add_token(NewToken::new(CUSTOMER, "t").permission("ticket.agent")).value;
    let ended = check(&zammad, &[("ZAMMAD__TOKEN", &of_a_customer), ("ZAMMAD__MINT_TOKEN", &mints)]).await;
    assert!(line(&ended, "reading users").contains("sees only itself"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_which_token_is_not_accepted() {
    let zammad = simulator();
    let ended = check(&zammad, &[("ZAMMAD__TOKEN", "s3cret")]).await;
    for subject in ["minting", "reading users"] {
        let line = line(&ended, subject);
        assert!(
            line.starts_with('✗') && line.contains("does not accept FAMILY_PLAN__ZAMMAD__TOKEN "),
            "{line}"
        );
        assert!(line.contains("401: Can't find User for Token"), "{line}");
    }
    let ended = check(&zammad, &[("ZAMMAD__MINT_TOKEN", "s3cret")]).await;
    assert!(line(&ended, "minting").contains("does not accept FAMILY_PLAN__ZAMMAD__MINT_TOKEN "));
    assert!(line(&ended, "reading users").starts_with('✓'));

    zammad.change_settings(|it| it.api_token_access = false);
    let ended = check(&zammad, &[]).await;
    assert!(line(&ended, "minting").contains("API token access disabled!"));
    assert!(line(&ended, "reading users").contains("API token access disabled!"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_warns_of_an_account_that_can_do_too_much() {
    let zammad = simulator();
    let ended = check(&zammad, &[("ZAMMAD__TOKEN", zammad.admin_token())]).await;
    let minting = line(&ended, "minting");
    assert!(minting.starts_with('!') && minting.contains("`admin.user`"), "{minting}");
    assert_eq!(line(&ended, "version"), "✓ version          6.5.0");
    assert!(ended.stdout.ends_with(&format!("{EVERYTHING}\n")), "a warning is no failure");
    let apart = [("ZAMMAD__TOKEN", zammad.admin_token()), ("ZAMMAD__MINT_TOKEN", zammad.agent_token())];
    assert!(line(&check(&zammad, &apart).await, "minting").starts_with('✓'), "the one that reads may");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_once_that_zammad_is_out_of_reach() {
    let zammad = simulator();
    for (failure, expected) in [
        (Failure::Html502, "Zammad answered 502"),
        (Failure::ConnectionReset, "the connection to Zammad was lost"),
    ] {
        zammad.forget_requests();
        zammad.fail(failure);
        let ended = check(&zammad, &[]).await;
        assert!(line(&ended, "connection").starts_with(&format!("✗ connection       {expected}")));
        assert_eq!(ended.stdout.lines().count(), 2, "{}", ended.stdout);
        assert_eq!(zammad.requests().len(), 1);
    }
    let url = zammad.url();
    zammad.stop().await;
    let nobody = simulator();
    let ended = check(&nobody, &[("ZAMMAD__URL", &url)]).await;
    assert!(line(&ended, "connection").contains("no connection to Zammad"));
    assert_eq!(ended.stdout.lines().count(), 2, "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_waits_no_longer_for_a_zammad_that_hangs_than_it_is_told() {
    let zammad = simulator();
    zammad.fail(Failure::Hang);
    let ended = check(&zammad, &[("ZAMMAD__DEADLINE_SECONDS", "1")]).await;
    assert_eq!(line(&ended, "connection"), "✗ connection       Zammad did not answer in time");
    assert_eq!(zammad.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_looks_for_the_attribute_for_plans() {
    let zammad = simulator();
    let attribute = [("ZAMMAD__PLAN_ATTRIBUTE", "plan")];
    let ended = check(&zammad, &attribute).await;
    let missing = line(&ended, "plan attribute");
    assert!(
        missing.starts_with('✗') && missing.contains("`plan`") && missing.contains("restarted"),
        "{missing}"
    );
    assert!(zammad.add_user_attribute("plan"));
    let ended = check(&zammad, &attribute).await;
    assert!(line(&ended, "plan attribute").starts_with('✓'));
    for id in [1, 2] {
        zammad.edit_user(id, |it| drop(it.details.insert("plan".to_owned(), true.into())));
    }
    let ended = check(&zammad, &attribute).await;
    let boolean = line(&ended, "plan attribute");
    assert!(boolean.starts_with('✗') && boolean.contains("does not hold text"), "{boolean}");
    assert!(!check(&zammad, &[]).await.stdout.contains("plan attribute"), "if none is configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_knows_what_releases_can_do() {
    for (version, backend, expected) in [
        (ZammadVersion::V5_4, SearchBackend::Elasticsearch, "Zammad searches Elasticsearch for what changed"),
        (ZammadVersion::V6_4, SearchBackend::Elasticsearch, "Zammad searches Elasticsearch for what changed"),
        (ZammadVersion::V6_4, SearchBackend::Database, "everybody is read each time"),
        (ZammadVersion::V6_4, SearchBackend::BrokenElasticsearch, "everybody is read each time"),
        (ZammadVersion::V7_0, SearchBackend::Database, "Zammad searches its database for what changed"),
    ] {
        let zammad = Simulator::start(&Config::default().version(version).search_backend(backend)).unwrap();
        let number = version.number().rsplit_once('.').unwrap().0;
        let ended = check(&zammad, &[("ZAMMAD__VERSION", number)]).await;
        assert!(line(&ended, "minting").starts_with('✓'), "{version:?}");
        let pulling = line(&ended, "pulling changes");
        assert!(pulling.starts_with(&format!("✓ pulling changes  {expected}")), "{version:?}: {pulling}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_an_old_release_that_nobody_spoke_of() {
    let zammad = Simulator::start(&Config::default().version(ZammadVersion::V5_4)).unwrap();
    for version in ["current", "6.5"] {
        let ended = check(&zammad, &[("ZAMMAD__VERSION", version)]).await;
        let minting = line(&ended, "minting");
        assert!(
            minting.starts_with('✗') && minting.contains("set FAMILY_PLAN__ZAMMAD__VERSION to 5.4"),
            "{minting}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_of_the_configuration_is_named_at_once() {
    let names = |ended: &Ended, expected: &[&str]| {
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(ended.stdout, "");
        for name in expected {
            assert!(ended.stderr.contains(&format!("FAMILY_PLAN__{name}")), "{name}: {}", ended.stderr);
        }
        assert_eq!(ended.stderr.lines().count(), 1 + expected.len(), "{}", ended.stderr);
    };
    let nothing = HashMap::new();
    names(&run(&["zammad", "check"], &nothing).await, &["ZAMMAD__URL", "ZAMMAD__TOKEN"]);
    let all = ["DATABASE__URL", "ZAMMAD__URL", "ZAMMAD__TOKEN"];
    names(&run(&["zammad", "sync"], &nothing).await, &all);
    let zammad = simulator();
    let wrong = [
        ("ZAMMAD__URL", "ftp://s3cret@help.example"),
        ("ZAMMAD__TOKEN", "s3cret\u{7}"),
        ("ZAMMAD__VERSION", "newest"),
        ("ZAMMAD__TIMEZONE", "Mars/Olympus"),
        ("ZAMMAD__PLAN_ATTRIBUTE", "No Name"),
        ("DATABASE__URL", "oracle://s3cret@127.0.0.1/x"),
    ];
    let ended = run(&["zammad", "sync", "--full"], &environment(&zammad, &wrong)).await;
    names(&ended, &wrong.map(|(name, _)| name));
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
    assert!(zammad.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_prints_a_line_of_what_came_of_it() {
    let database = Database::create(Engine::Sqlite).await;
    let (_, zammad) = clock_and_zammad(Config::default());
    let mut environment = settings(&database.url, &zammad);
    // What servers log is not for those who wait for a command.
    environment.insert("FAMILY_PLAN__LOG__FILTER".to_owned(), "trace".to_owned());
    let pull = async |arguments: &[&str]| {
        let ended = run(&[&["zammad", "sync"], arguments].concat(), &environment).await;
        assert!(ended.status.success(), "{}", ended.stderr);
        assert_eq!(ended.stderr, "");
        ended.stdout
    };
    assert_eq!(pull(&[]).await, "Pulled (full): 13 seen, 13 new or changed, 0 gone.\n", "the first one is");
    // The program goes by the machine's clock.
    zammad.edit_user(CUSTOMER, |it| it.updated_at = SystemClock.now());
    zammad.delete_user(8);
    assert_eq!(pull(&[]).await, "Pulled (incremental): 1 seen, 1 new or changed, 0 gone.\n");
    assert_eq!(pull(&["--full"]).await, "Pulled (full): 12 seen, 0 new or changed, 1 gone.\n");
    database.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_fails_says_why() {
    let database = Database::create(Engine::Sqlite).await;
    let (_, zammad) = clock_and_zammad(Config::default());
    let environment = settings(&database.url, &zammad);
    for (failure, expected) in [
        (Failure::Html502, "the pull failed: the helpdesk is unavailable: Zammad answered 502"),
        (Failure::Unauthorized, "the pull failed: the helpdesk rejected the request: Zammad answered 401"),
    ] {
        zammad.fail_on(&[Operation::ListUsers], failure);
        let ended = run(&["zammad", "sync"], &environment).await;
        assert_eq!(ended.status.code(), Some(1));
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.starts_with(&format!("family-plan: {expected}")), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
    database.dispose().await;
}
