//! What an operator sets, and everything that is wrong with it at once.

use std::{collections::HashMap, io::Write};

use family_plan_server::configuration::{Configuration, LogFormat, Mistakes, Sources};
use secrecy::ExposeSecret;
use tempfile::NamedTempFile;

const REQUIRED: &[(&str, &str)] = &[
    ("SERVER__PUBLIC_URL", "https://family.example.com/plans"),
    ("SERVER__SECRET_KEY", "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1"),
    ("LINKS__LOGIN_URL", "https://example.com/login?from=family"),
    ("LINKS__DASHBOARD_URL", "https://example.com/dashboard"),
    ("DATABASE__URL", "sqlite:///tmp/family.db?mode=rwc"),
    ("AUTH__HS256_SECRET", "k7Jq0xVb3mWt9sZc2nRy5uEh8pLa4dGf"),
    ("ZAMMAD__URL", "https://help.example.com"),
    ("ZAMMAD__TOKEN", "the-token"),
];

fn variables(changes: &[(&str, &str)]) -> HashMap<String, String> {
    let all = REQUIRED.iter().chain(changes);
    all.map(|(name, value)| (format!("FAMILY_PLAN__{name}"), (*value).to_owned())).collect()
}

fn configured(changes: &[(&str, &str)]) -> Result<Configuration, Mistakes> {
    Sources::read_from(None, variables(changes)).unwrap().configuration()
}

/// The names that are mistaken when these are set.
fn mistaken(changes: &[(&str, &str)]) -> Vec<String> {
    let mistakes = configured(changes).unwrap_err();
    let names = mistakes.all().iter().map(|it| it.name.replace("FAMILY_PLAN__", ""));
    names.collect()
}

#[test]
fn what_is_required_is_enough() {
    let configuration = configured(&[]).unwrap();
    assert_eq!(configuration.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(configuration.server.body_limit, 65_536);
    assert_eq!(configuration.links.public_url.as_str(), "https://family.example.com/plans/");
    let link = configuration.links.invite("code");
    assert_eq!(link.as_str(), "https://family.example.com/plans/join/code");
    assert!(!configuration.database.auto_migrate);
    assert_eq!(configuration.auth.identity.roles_claim, "roles");
    assert!(configuration.limits.rates.is_some());
    assert_eq!(configuration.limits.open_invites_per_plan.get(), 100);
}

#[test]
fn failures_are_reported_as_the_operator_says() {
    assert!(configured(&[]).unwrap().sentry.is_none());
    let dsn = ("SENTRY__DSN", "https://key@sentry.example.com/42");
    let sentry = configured(&[dsn]).unwrap().sentry.unwrap();
    assert_eq!((sentry.sample_rate, sentry.traces_sample_rate, sentry.send_default_pii), (1.0, 0.0, false));
    let changes = [
        dsn,
        ("SENTRY__SAMPLE_RATE", "0.5"),
        ("SENTRY__TRACES_SAMPLE_RATE", "1"),
        ("SENTRY__SEND_DEFAULT_PII", "true"),
    ];
    let sentry = configured(&changes).unwrap().sentry.unwrap();
    assert_eq!((sentry.sample_rate, sentry.traces_sample_rate, sentry.send_default_pii), (0.5, 1.0, true));
    let wrong = [
        ("SENTRY__DSN", "nonsense"),
        ("SENTRY__SAMPLE_RATE", "1.5"),
        ("SENTRY__TRACES_SAMPLE_RATE", "NaN"),
        ("SENTRY__SEND_DEFAULT_PII", "perhaps"),
    ];
    assert_eq!(mistaken(&wrong), wrong.map(|(name, _)| name));
}

#[test]
fn traces_are_sent_where_the_operator_says() {
    assert!(configured(&[("TRACES__SAMPLE_RATE", "0.5")]).unwrap().traces.is_none());
    let endpoint = ("TRACES__ENDPOINT", "http://collector.example:4318");
    let traces = configured(&[endpoint]).unwrap().traces.unwrap();
    assert_eq!((traces.endpoint.as_str(), traces.sample_rate), ("http://collector.example:4318/", 1.0));
    assert_eq!(traces.scheme, "https");
    assert_eq!((traces.scrub)("(the-token)"), "([scrubbed])");
    let sampled = configured(&[endpoint, ("TRACES__SAMPLE_RATE", "0.25")]).unwrap().traces.unwrap();
    assert_eq!((sampled.endpoint, sampled.sample_rate), (traces.endpoint, 0.25));
    for wrong in [
        ("TRACES__ENDPOINT", "collector:4318"),
        ("TRACES__ENDPOINT", "http://user:password@collector:4318"),
        ("TRACES__ENDPOINT", "http://collector:4318/v1/traces"),
        ("TRACES__SAMPLE_RATE", "2"),
        ("TRACES__HEADERS", "x=y"),
    ] {
        assert_eq!(mistaken(&[wrong]), [wrong.0], "{}", wrong.1);
    }
}

#[test]
fn every_secret_is_known_to_what_reports_failures() {
    let changes = [
        ("SENTRY__DSN", "https://key@sentry.example.com/42"),
        ("DATABASE__URL", "postgres://family:p%40ss@db.example.com/family"),
        ("ZAMMAD__WEBHOOK_SECRETS", "one, two"),
        ("ZAMMAD__WEBHOOK_BASIC", "zammad:three"),
    ];
    let secrets = configured(&changes).unwrap().sentry.unwrap().secrets;
    let secrets: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
    let required =
        REQUIRED.iter().filter(|(name, _)| name.ends_with("SECRET_KEY") || name.ends_with("_SECRET"));
    for secret in required.map(|(_, it)| *it).chain(["the-token", "p@ss", "p%40ss", "one", "two", "three"]) {
        assert!(secrets.contains(&secret), "{secret}");
    }
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let mistakes = Sources::read_from(None, HashMap::new()).unwrap().configuration().unwrap_err();
    let text = mistakes.to_string();
    for (name, _) in REQUIRED {
        assert!(text.contains(&format!("FAMILY_PLAN__{name} must be set")), "{name} in {text}");
    }
    assert_eq!(mistakes.all().len(), REQUIRED.len());
}

#[test]
fn everything_that_is_wrong_is_named_at_once_and_no_value_is_shown() {
    let secret = "short-secret";
    let mistakes = configured(&[
        ("SERVER__LISTEN", "nowhere"),
        ("SERVER__SECRET_KEY", secret),
        ("LINKS__LOGIN_URL", "/login"),
        ("DATABASE__URL", "oracle://user:password@host/db"),
        ("DATABASE__MAX_CONNECTIONS", "many"),
        ("AUTH__HS256_SECRET", secret),
        ("ZAMMAD__TIMEZONE", "Mars/Olympus"),
        ("LOG__FORMAT", "xml"),
        ("SENTRY__DSN", "not a dsn"),
    ])
    .unwrap_err();
    assert_eq!(mistakes.all().len(), 9, "{mistakes}");
    let text = mistakes.to_string();
    for value in [secret, "password", "nowhere", "Mars"] {
        assert!(!text.contains(value), "{value} in {text}");
    }
}

#[test]
fn examples_are_no_secrets() {
    assert_eq!(mistaken(&[("SERVER__SECRET_KEY", &"00".repeat(32))]), ["SERVER__SECRET_KEY"]);
    for example in
        ["please-change-me-to-something-else", "0123456789abcdef0123456789abcdef01", &"x".repeat(64)]
    {
        assert_eq!(mistaken(&[("AUTH__HS256_SECRET", example)]), ["AUTH__HS256_SECRET"], "{example}");
    }
}

#[test]
fn previous_secret_keys_are_as_good_as_the_one_in_use() {
    let one = "8c21e07bd94f6a3550b7c4d8139e62fa7d06b1e94c83f52a1f9d60c7e4b83a25";
    let other = "Vt3yq0Zk1rN8mXf5hB7sLw9cJd2uGe4oPa6iKxRbTQE=";
    let keys = |list: &str| configured(&[("SERVER__PREVIOUS_SECRET_KEYS", list)]);
    let n_keys = |list: &str| keys(list).unwrap().server.previous_secret_keys.len();
    assert_eq!((n_keys(""), n_keys(one), n_keys(&format!("{one}, {other}"))), (0, 1, 2));
    for list in [format!("{one},"), format!("{one},short"), "00".repeat(32)] {
        let mistakes = keys(&list).unwrap_err();
        assert_eq!(mistakes.all().len(), 1, "{mistakes}");
        assert_eq!(mistakes.all()[0].name, "FAMILY_PLAN__SERVER__PREVIOUS_SECRET_KEYS");
        assert!(!mistakes.to_string().contains(&list));
    }
}

#[test]
fn tokens_are_verified_in_one_way_only() {
    let keys = "https://id.example.com/jwks.json";
    assert_eq!(mistaken(&[("AUTH__JWKS_URL", keys)]), ["AUTH__JWKS_URL"]);
}

#[test]
fn a_name_with_a_slip_in_it_is_a_mistake() {
    assert_eq!(mistaken(&[("AUTH__AUDIENC", "family-plan")]), ["AUTH__AUDIENC"]);
}

#[test]
fn rates_can_be_set_and_switched_off() {
    let rates = configured(&[("LIMITS__GUESSES_PER_ADDRESS", "7")]).unwrap().limits.rates.unwrap();
    assert_eq!((rates.guesses_per_address.get(), rates.refusals_per_caller.get()), (7, 60));
    assert!(configured(&[("LIMITS__ENABLED", "false")]).unwrap().limits.rates.is_none());
}

#[test]
fn the_environment_goes_over_the_file() {
    let mut file = NamedTempFile::new().unwrap();
    let toml =
        "[database]\nmax_connections = 7\nauto_migrate = true\n[log]\nformat = \"json\"\nfilter = \"warn\"\n";
    file.write_all(toml.as_bytes()).unwrap();
    let sources = Sources::read_from(Some(file.path()), variables(&[("LOG__FILTER", "debug")]));
    let configuration = sources.unwrap().configuration().unwrap();
    assert_eq!(configuration.database.max_connections, 7);
    assert!(configuration.database.auto_migrate);
    assert_eq!(configuration.log.format, LogFormat::Json);
    assert_eq!(configuration.log.filter, "debug");
}

#[test]
fn secrets_are_not_shown_by_debug() {
    let shown = format!("{:?}", configured(&[]).unwrap());
    for (name, value) in REQUIRED.iter().filter(|(name, _)| name.contains("SECRET") || name.contains("TOKEN"))
    {
        assert!(!shown.contains(value), "{name}");
    }
    assert!(!shown.contains("/tmp/family.db"), "a database URL can hold a password");
}

/// What is set when people are signed in by the service itself, and these things besides.
fn signing_in<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let own = [
        ("AUTH__HS256_SECRET", ""),
        ("LINKS__LOGIN_URL", ""),
        ("AUTH__ISSUER", "https://id.example.com/realms/family"),
        ("AUTH__OIDC_CLIENT_ID", "family-plan"),
    ];
    [&own[..], changes].concat()
}

#[test]
fn an_openid_provider_is_enough_to_sign_people_in() {
    let configuration = configured(&signing_in(&[])).unwrap();
    assert_eq!(configuration.links.login_url.as_str(), "https://family.example.com/plans/login");
    let identity = &configuration.auth.identity;
    assert_eq!(identity.cookie.as_deref(), Some("__Secure-family-plan"));
    assert_eq!(identity.client_id.as_deref(), Some("family-plan"));
    assert!(configuration.auth.sign_in.unwrap().client_secret.is_none());
    let named = [("AUTH__COOKIE", "__Secure-session"), ("LINKS__LOGIN_URL", "https://example.com/login")];
    let configuration = configured(&signing_in(&named)).unwrap();
    assert_eq!(configuration.auth.identity.cookie.as_deref(), Some("__Secure-session"));
    assert_eq!(configuration.links.login_url.as_str(), "https://example.com/login");
    assert!(configured(&[]).unwrap().auth.sign_in.is_none());
}

#[test]
fn what_does_not_go_with_signing_people_in_is_named() {
    let secret = "k7Jq0xVb3mWt9sZc2nRy5uEh8pLa4dGf";
    for (changes, expected) in [
        (("AUTH__HS256_SECRET", secret), "AUTH__OIDC_CLIENT_ID"),
        (("AUTH__ISSUER", ""), "AUTH__ISSUER"),
        (("AUTH__ISSUER", "id.example.com"), "AUTH__ISSUER"),
        (("AUTH__ISSUER", "https://id.example.com/?realm=family"), "AUTH__ISSUER"),
        (("AUTH__COOKIE", "__Host-session"), "AUTH__COOKIE"),
        (("LINKS__LOGIN_URL", "login"), "LINKS__LOGIN_URL"),
    ] {
        assert_eq!(mistaken(&signing_in(&[changes])), [expected], "{changes:?}");
    }
    let plain = [("SERVER__PUBLIC_URL", "http://127.0.0.1:8080"), ("AUTH__COOKIE", "__Secure-session")];
    assert_eq!(mistaken(&signing_in(&plain)), ["AUTH__COOKIE"]);
    assert_eq!(mistaken(&[("AUTH__OIDC_CLIENT_SECRET", "the-client-secret")]), ["AUTH__OIDC_CLIENT_SECRET"]);
    let all = mistaken(&[("AUTH__OIDC_CLIENT_ID", "family-plan"), ("AUTH__JWKS_URL", "keys")]);
    assert_eq!(all, ["AUTH__JWKS_URL", "AUTH__JWKS_URL", "AUTH__OIDC_CLIENT_ID", "AUTH__ISSUER"]);
}
