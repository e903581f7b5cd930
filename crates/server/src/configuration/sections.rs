//! The sections of the configuration.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use family_plan_application::SecretKey;
use family_plan_domain::SyncSchedule;
use family_plan_error_reporting::{ReportingConfig, Scrubber};
use family_plan_traces::TracesConfig;
use family_plan_zammad::{PlanAttribute, Version, WebhookCredential, WebhookSecrets, Zone};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::reader::{Reader, text, value};
use crate::{address::TrustedProxies, service::Links, serving::Patience};

/// What the key is for that ids of callers are hashed with.
const PSEUDONYMS: &str = "family-plan pseudonyms v1";

/// The server itself.
#[derive(Debug)]
pub struct ServerConfiguration {
    /// The address it listens at.
    pub listen: SocketAddr,
    /// The key that all others are derived from.
    pub secret_key: SecretKey,
    /// Those that were it before: for what was made or sealed with them and is still of use.
    pub previous_secret_keys: Vec<SecretKey>,
    /// How large a body may be, in bytes.
    pub body_limit: usize,
    /// The proxies that are believed whom they heard from.
    pub trusted_proxies: TrustedProxies,
    /// How long clients are waited for; not for operators to set.
    pub patience: Patience,
}

pub(super) fn server(reader: &mut Reader) -> Option<ServerConfiguration> {
    let listen = listen(reader);
    let secret_key = reader.required("server.secret_key", |it| SecretKey::parse(&SecretString::from(it)));
    let previous_secret_keys = reader.optional("server.previous_secret_keys", |it| {
        it.split(',').map(|it| SecretKey::parse(&SecretString::from(it))).collect::<Result<Vec<_>, _>>()
    });
    let body_limit = reader.optional("server.body_limit_bytes", |it| match it.parse() {
        Ok(bytes @ 1..=16_777_216) => Ok(bytes),
        _ => Err("must be a number of bytes from 1 to 16777216"),
    });
    let trusted_proxies = reader.optional("server.trusted_proxies", str::parse);
    Some(ServerConfiguration {
        listen,
        secret_key: secret_key?,
        previous_secret_keys: previous_secret_keys.unwrap_or_default(),
        body_limit: body_limit.unwrap_or(64 * 1024),
        trusted_proxies: trusted_proxies.unwrap_or_default(),
        patience: Patience::default(),
    })
}

pub(super) fn listen(reader: &mut Reader) -> SocketAddr {
    let listen = reader.optional("server.listen", value("must be an address such as 127.0.0.1:8080"));
    listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)))
}

pub(super) fn links(reader: &mut Reader) -> Option<Links> {
    let public_url = reader.required("server.public_url", base_url);
    // Who signs people in by itself needs nobody else to.
    let own_login = public_url.as_ref().and_then(|it| it.join("login").ok());
    let login_url = if reader.is_set("auth.oidc_client_id") {
        reader.optional("links.login_url", http_url).or(own_login)
    } else {
        reader.required("links.login_url", http_url)
    };
    let dashboard_url = reader.required("links.dashboard_url", http_url);
    Some(Links {
        public_url: public_url?,
        login_url: login_url?,
        dashboard_url: dashboard_url?,
        provider: None,
    })
}

/// The database.
#[derive(Debug)]
pub struct DatabaseConfiguration {
    /// Its URL, which may hold a password.
    pub url: SecretString,
    /// Whether a server's schema is brought up to date at start; SQLite's always is.
    pub auto_migrate: bool,
    /// How many connections at most.
    pub max_connections: u32,
}

pub(super) fn database(reader: &mut Reader) -> Option<DatabaseConfiguration> {
    let url = reader.required("database.url", |it| {
        let is_known = ["sqlite:", "postgres:", "postgresql:", "mysql:", "mariadb:"];
        if is_known.iter().any(|scheme| it.starts_with(scheme)) {
            Ok(SecretString::from(it))
        } else {
            Err("must be a URL that begins with sqlite:, postgres: or mysql:")
        }
    });
    let auto_migrate = reader.optional("database.auto_migrate", value("must be true or false"));
    let max_connections = reader.optional("database.max_connections", |it| match it.parse() {
        Ok(connections @ 1..=1000) => Ok(connections),
        _ => Err("must be a number from 1 to 1000"),
    });
    Some(DatabaseConfiguration {
        url: url?,
        auto_migrate: auto_migrate.unwrap_or(false),
        max_connections: max_connections.unwrap_or(10),
    })
}

/// The helpdesk.
#[derive(Debug)]
pub struct ZammadConfiguration {
    /// Where it is.
    pub url: Url,
    /// The token of the account that reads users, and mints unless there is another for that.
    pub token: SecretString,
    /// The token of the account that mints.
    pub mint_token: Option<SecretString>,
    /// Its version.
    pub version: Version,
    /// Its system time zone, if it shall not be asked for it.
    pub time_zone: Option<Zone>,
    /// All retries of one mint together.
    pub deadline: Duration,
    /// Who may deliver webhooks.
    pub webhook: WebhookConfiguration,
    /// How often users are pulled.
    pub schedule: SyncSchedule,
    /// How often tokens are swept; `None` for never.
    pub sweep_every: Option<time::Duration>,
    /// The attribute of Zammad's users that shows the plan in force.
    pub plan_attribute: Option<PlanAttribute>,
}

/// Who may deliver webhooks, and how large they may be.
#[derive(Clone, Debug)]
pub struct WebhookConfiguration {
    /// What deliveries are signed with: any of these.
    pub secrets: WebhookSecrets,
    /// What they must bring along besides.
    pub credential: WebhookCredential,
    /// How large a body may be, in bytes.
    pub body_limit: usize,
}

pub(super) fn zammad(reader: &mut Reader) -> Option<ZammadConfiguration> {
    let url = reader.required("zammad.url", zammad_url);
    let token = reader.required("zammad.token", zammad_token);
    let mint_token = reader.optional("zammad.mint_token", zammad_token);
    let version = reader.optional("zammad.version", value("must be `current` or a version such as `6.5`"));
    let time_zone = reader.optional("zammad.timezone", value("must be a time zone such as Europe/Berlin"));
    let deadline = reader.optional("zammad.deadline_seconds", |it| match it.parse() {
        Ok(seconds @ 1..=120) => Ok(Duration::from_secs(seconds)),
        _ => Err("must be a number of seconds from 1 to 120"),
    });
    let webhook = webhook(reader);
    let schedule = SyncSchedule {
        incremental: interval(reader, "zammad.sync_seconds", time::Duration::minutes(5)),
        full: interval(reader, "zammad.full_sync_seconds", time::Duration::DAY),
    };
    let sweep_every = interval(reader, "zammad.sweep_seconds", time::Duration::HOUR);
    let plan_attribute = reader.optional("zammad.plan_attribute", str::parse);
    Some(ZammadConfiguration {
        url: url?,
        token: token?,
        mint_token,
        version: version.unwrap_or_default(),
        time_zone,
        deadline: deadline.unwrap_or(Duration::from_secs(10)),
        webhook,
        schedule,
        sweep_every,
        plan_attribute,
    })
}

fn webhook(reader: &mut Reader) -> WebhookConfiguration {
    let secrets = reader.optional("zammad.webhook_secrets", |it| {
        let secrets: Vec<SecretString> = it.split(',').map(|it| it.trim().into()).collect();
        let are_set = secrets.iter().all(|it| !it.expose_secret().is_empty());
        if are_set {
            Ok(secrets)
        } else {
            Err("must be secrets with commas between them, none of them empty")
        }
    });
    let basic = reader.optional("zammad.webhook_basic", |it| {
        let is_pair = it.split_once(':').is_some_and(|(user, _)| !user.is_empty());
        if is_pair { Ok(SecretString::from(it)) } else { Err("must be `user:password`") }
    });
    let bearer = reader.optional("zammad.webhook_bearer", zammad_token);
    let body_limit = reader.optional("zammad.webhook_body_limit_bytes", |it| match it.parse() {
        Ok(bytes @ 1_024..=67_108_864) => Ok(bytes),
        _ => Err("must be a number of bytes from 1024 to 67108864"),
    });
    WebhookConfiguration {
        secrets: WebhookSecrets::new(&secrets.unwrap_or_default()),
        credential: WebhookCredential::new(basic.as_ref(), bearer.as_ref()),
        body_limit: body_limit.unwrap_or(5 * 1_024 * 1_024),
    }
}

/// How often something is done; 0 for never.
fn interval(reader: &mut Reader, name: &str, default: time::Duration) -> Option<time::Duration> {
    let seconds = reader.optional(name, |it| match it.parse() {
        Ok(seconds @ 0..=31_536_000) => Ok(seconds),
        _ => Err("must be a number of seconds from 0, which means never, to 31536000"),
    });
    let pause = seconds.map_or(default, time::Duration::seconds);
    pause.is_positive().then_some(pause)
}

/// Telling endpoints of events.
#[derive(Clone, Copy, Debug)]
pub struct EventsConfiguration {
    /// Whether events may be sent to addresses that are not public, and without encryption.
    pub allow_private_targets: bool,
}

pub(super) fn events(reader: &mut Reader) -> EventsConfiguration {
    let allowed = reader.optional("events.allow_private_targets", value("must be true or false"));
    EventsConfiguration { allow_private_targets: allowed.unwrap_or(false) }
}

/// Where failures are reported, if they are.
pub(super) fn sentry(reader: &mut Reader, server: Option<&ServerConfiguration>) -> Option<ReportingConfig> {
    let dsn = reader.optional("sentry.dsn", |it| {
        let is_dsn = family_plan_error_reporting::is_dsn(it);
        if is_dsn { Ok(SecretString::from(it)) } else { Err("must be a DSN of Sentry") }
    });
    let environment = reader.optional("sentry.environment", text);
    let sample_rate = reader.optional("sentry.sample_rate", share);
    let traces_sample_rate = reader.optional("sentry.traces_sample_rate", share);
    let send_default_pii = reader.optional("sentry.send_default_pii", value("must be true or false"));
    Some(ReportingConfig {
        dsn: dsn?,
        environment,
        sample_rate: sample_rate.unwrap_or(1.0),
        traces_sample_rate: traces_sample_rate.unwrap_or(0.0),
        send_default_pii: send_default_pii.unwrap_or(false),
        pseudonym_key: server?.secret_key.derive(PSEUDONYMS).to_vec().into(),
        secrets: reader.secrets.clone(),
    })
}

/// Where traces are sent, if they are.
pub(super) fn traces(reader: &mut Reader, links: Option<&Links>) -> Option<TracesConfig> {
    let endpoint = reader.optional("traces.endpoint", collector_url);
    let sample_rate = reader.optional("traces.sample_rate", share);
    let scrubber = Scrubber::new(reader.secrets.clone(), false);
    Some(TracesConfig {
        endpoint: endpoint?.into(),
        sample_rate: sample_rate.unwrap_or(1.0).into(),
        scheme: links?.public_url.scheme().to_owned(),
        scrub: Arc::new(move |text| scrubber.scrubbed(text)),
    })
}

fn share(text: &str) -> Result<f32, &'static str> {
    let share = text.parse().ok().filter(|it| (0.0..=1.0).contains(it));
    share.ok_or("must be a number from 0 to 1")
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// The log.
#[derive(Clone, Debug)]
pub struct LogConfiguration {
    /// How lines look.
    pub format: LogFormat,
    /// What is logged, in the words of `tracing-subscriber`'s `EnvFilter`.
    pub filter: String,
    /// What is taken out of lines that tell of failures, which may quote anything.
    pub secrets: Vec<SecretString>,
}

impl Default for LogConfiguration {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned(), secrets: Vec::new() }
    }
}

pub(super) fn log(reader: &mut Reader) -> LogConfiguration {
    let format = reader.optional("log.format", |it| match it {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be `text` or `json`"),
    });
    let filter = reader.optional("log.filter", |it| match tracing_subscriber::EnvFilter::try_new(it) {
        Ok(_) => Ok(it.to_owned()),
        Err(_) => Err("must be a filter such as `info,family_plan_server=debug`"),
    });
    let default = LogConfiguration::default();
    LogConfiguration {
        format: format.unwrap_or_default(),
        filter: filter.unwrap_or(default.filter),
        secrets: reader.secrets.clone(),
    }
}

pub(super) fn http_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).ok().filter(|it| matches!(it.scheme(), "http" | "https") && it.has_host());
    url.ok_or("must be an absolute URL that begins with http:// or https://")
}

fn collector_url(text: &str) -> Result<Url, &'static str> {
    let url = zammad_url(text)?;
    let is_base = !url.path().trim_end_matches('/').ends_with("/v1/traces");
    if is_base { Ok(url) } else { Err("must be without /v1/traces, which is appended to it") }
}

fn zammad_url(text: &str) -> Result<Url, &'static str> {
    let url = http_url(text)?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    if is_plain && url.query().is_none() && url.fragment().is_none() {
        Ok(url)
    } else {
        Err("must have no user, password, query or fragment")
    }
}

fn zammad_token(text: &str) -> Result<SecretString, &'static str> {
    let is_sendable = text.bytes().all(|it| it.is_ascii_graphic());
    if is_sendable { Ok(text.into()) } else { Err("must be ASCII without blanks") }
}

/// With a slash at its end, so that paths can be appended.
fn base_url(text: &str) -> Result<Url, &'static str> {
    let mut url = http_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have neither query nor fragment");
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}
