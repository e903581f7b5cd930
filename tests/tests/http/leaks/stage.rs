//! Everything that takes part in a run: a real server with all it talks to, each of which keeps what it was told.

use std::{collections::HashMap, sync::PoisonError};

use family_plan_zammad_simulator::{Config, NewToken, NewUser, Simulator};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use super::{
    captures::{self, Capture},
    dump,
    operations::Operations,
    proxy::{Exchanges, Proxy},
    search::hex,
    secrets::{Kind, Secrets, random},
};
use crate::{
    client::{Caller, http_client},
    jwt::{NEVER, hs256_with},
    otlp::Collector,
    program::Serving,
    receiver::Receiver,
    sign_in::provider::{CLIENT_ID, Provider},
    world::{COOKIE, Database, Engine, settings},
};

/// The helpdesk's attribute that shows the plan in force.
const PLAN_ATTRIBUTE: &str = "plan_code";
/// The agent that both tokens belong to.
const AGENT: u64 = 4;

/// What lines of the log look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
}

impl Format {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// Somebody.
pub(super) struct Person {
    pub(super) id: String,
    /// Their address, unless they have none.
    pub(super) email: String,
    pub(super) caller: Caller,
}

/// The stage.
pub(super) struct Stage {
    pub(super) secrets: Secrets,
    pub(super) database: Database,
    pub(super) zammad: Simulator,
    /// A helpdesk that tells all that it was sent in what it answers, and takes nothing.
    pub(super) echo: MockServer,
    pub(super) receivers: Vec<Receiver>,
    sentry: MockServer,
    collector: Collector,
    environment: HashMap<String, String>,
    hs256_secret: String,
    /// Signs people in, if the service does that.
    provider: Option<Provider>,
    pub(super) hook_secret: String,
    pub(super) hook_basic: String,
    pub(super) hook_bearer: String,
    server: Option<Serving>,
    proxies: Vec<Proxy>,
    exchanges: Exchanges,
    log: String,
    files: Vec<Capture>,
    metrics: Vec<Capture>,
}

impl Stage {
    /// Callers have tokens of an OpenID provider, at which the service signs people in, or else share a secret with it.
    pub(super) async fn set(engine: Engine, format: Format, signs_in: bool) -> Self {
        let secrets = Secrets::default();
        let configured = || secrets.make(Kind::Configured);
        let mut database = Database::create(engine).await;
        database.set_password(&configured()).await;
        let zammad = Simulator::start(&Config::default().webhook_retries_on_demand()).unwrap();
        assert!(zammad.add_user_attribute(PLAN_ATTRIBUTE));
        let [reading, minting] = [(); 2].map(|()| {
            let token = NewToken::new(AGENT, "ours").permission("ticket.agent");
            let token = zammad.add_token(token.permission("user_preferences.access_token"));
            secrets.note(Kind::HelpdeskToken, token.value)
        });
        let sentry = MockServer::builder().start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&sentry).await;
        let collector = Collector::start().await;
        let echo = MockServer::builder().start().await;
        Mock::given(any()).respond_with(echoed).mount(&echo).await;

        let mut environment = settings(&database.url, &zammad);
        let key = || secrets.note(Kind::Configured, hex(random(32).as_bytes()));
        let hs256_secret = secrets.note(Kind::Configured, random(32));
        let hook_secret = configured();
        let hook_basic = format!("zammad:{}", configured());
        secrets.note(Kind::Configured, hook_basic.clone());
        let hook_bearer = configured();
        let dsn = format!("http://{}@{}/7", secrets.make(Kind::SentryKey), sentry.address());
        for (name, value) in [
            ("SERVER__SECRET_KEY", key()),
            ("SERVER__PREVIOUS_SECRET_KEYS", format!("{},{}", key(), key())),
            ("AUTH__HS256_SECRET", hs256_secret.clone()),
            ("ZAMMAD__TOKEN", reading),
            ("ZAMMAD__MINT_TOKEN", minting),
            ("ZAMMAD__WEBHOOK_SECRETS", format!("{},{hook_secret}", configured())),
            ("ZAMMAD__WEBHOOK_BASIC", hook_basic.clone()),
            ("ZAMMAD__WEBHOOK_BEARER", hook_bearer.clone()),
            ("ZAMMAD__PLAN_ATTRIBUTE", PLAN_ATTRIBUTE.to_owned()),
            ("ZAMMAD__SWEEP_SECONDS", "1".to_owned()),
            ("EVENTS__ALLOW_PRIVATE_TARGETS", "true".to_owned()),
            ("LIMITS__GUESSES_PER_ADDRESS", "30".to_owned()),
            ("SENTRY__DSN", dsn),
            ("SENTRY__TRACES_SAMPLE_RATE", "1".to_owned()),
            ("TRACES__ENDPOINT", collector.url()),
            ("LOG__FORMAT", format.as_str().to_owned()),
            ("LOG__FILTER", "trace".to_owned()),
        ] {
            environment.insert(format!("FAMILY_PLAN__{name}"), value);
        }
        let client_secret = configured();
        let provider = if signs_in {
            Some(Provider::knowing(json!({"client_secret": client_secret})).await)
        } else {
            None
        };
        if let Some(provider) = &provider {
            for (name, value) in [
                ("AUTH__HS256_SECRET", ""),
                ("AUTH__COOKIE", ""),
                ("LINKS__LOGIN_URL", ""),
                ("AUTH__ISSUER", &provider.issuer),
                ("AUTH__OIDC_CLIENT_ID", CLIENT_ID),
                ("AUTH__OIDC_CLIENT_SECRET", &client_secret),
            ] {
                environment.insert(format!("FAMILY_PLAN__{name}"), value.to_owned());
            }
        }
        let receivers = vec![Receiver::start().await, Receiver::start().await];
        let mut stage = Self {
            secrets,
            database,
            zammad,
            echo,
            receivers,
            sentry,
            collector,
            environment,
            hs256_secret,
            provider,
            hook_secret,
            hook_basic,
            hook_bearer,
            server: None,
            proxies: Vec::new(),
            exchanges: Exchanges::default(),
            log: String::new(),
            files: Vec::new(),
            metrics: Vec::new(),
        };
        stage.serve(&[]).await;
        stage
    }

    /// Stops the server that there is, and starts one with these settings besides.
    pub(super) async fn serve(&mut self, changes: &[(&str, &str)]) {
        self.stop().await;
        let mut environment = self.environment.clone();
        for (name, value) in changes {
            environment.insert(format!("FAMILY_PLAN__{name}"), (*value).to_owned());
        }
        let server = Serving::start(&environment).await;
        self.proxies.push(Proxy::start(&server.base, &self.exchanges).await);
        self.server = Some(server);
    }

    async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            let scraped = self.anonymous().get("/metrics").await;
            assert_eq!(scraped.status, 200, "{}", scraped.body);
            self.metrics.push(Capture::new("metrics", scraped.body));
            if self.database.engine() == Engine::Sqlite {
                self.files.extend(dump::files(&self.database));
            }
            self.log += &server.stop().await;
        }
    }

    /// The address of the server that runs.
    pub(super) fn base(&self) -> &str {
        &self.proxies.last().unwrap().base
    }

    pub(super) fn anonymous(&self) -> Caller {
        Caller::anonymous(http_client(), self.base().to_owned())
    }

    /// The same person, at the server that runs.
    pub(super) fn again(&self, person: &Person) -> Caller {
        person.caller.at(self.base())
    }

    /// Somebody new, with these roles.
    pub(super) fn person(&self, roles: &[&str]) -> Person {
        let id = self.secrets.make(Kind::UserId);
        let email = self.secrets.address(Kind::Email);
        let claims = json!({
            "sub": id, "exp": NEVER, "name": self.secrets.make(Kind::Name), "email": email,
            "email_verified": true, "roles": roles,
        });
        Person { id, email, caller: self.with_claims(&claims) }
    }

    pub(super) fn with_claims(&self, claims: &Value) -> Caller {
        let token = match &self.provider {
            None => hs256_with(self.hs256_secret.as_bytes(), &json!({"alg": "HS256"}), claims),
            Some(provider) => {
                let mut claims = claims.clone();
                (claims["iss"], claims["aud"]) = (json!(provider.issuer), json!(CLIENT_ID));
                provider.key.sign(&claims)
            }
        };
        self.with_token(token)
    }

    pub(super) fn signs_in(&self) -> bool {
        self.provider.is_some()
    }

    /// The cookie that holds the token.
    pub(super) fn cookie(&self) -> &'static str {
        if self.signs_in() { "__Host-family-plan" } else { COOKIE }
    }

    /// Whoever shows this.
    pub(super) fn with_token(&self, token: String) -> Caller {
        self.note_token(&token);
        self.anonymous().with_token(token)
    }

    pub(super) fn note_token(&self, token: &str) {
        self.secrets.note(Kind::CallerToken, token.rsplit('.').next().unwrap());
        self.secrets.note(Kind::CallerToken, token);
    }

    /// Somebody at the helpdesk.
    pub(super) fn customer(&self, email: &str) -> u64 {
        let name = || self.secrets.make(Kind::Customer);
        self.zammad.add_user(NewUser::customer(email).named(name(), name())).id
    }

    /// How often Sentry was told something that has `text` in it.
    pub(super) async fn n_told(&self, text: &str) -> usize {
        let requests = self.sentry.received_requests().await.unwrap();
        requests.iter().filter(|it| String::from_utf8_lossy(&it.body).contains(text)).count()
    }

    /// Ends it all, and answers everything that got out, and which operations were never carried out.
    pub(super) async fn strike(mut self) -> (Secrets, Vec<Capture>, Vec<String>) {
        self.stop().await;
        for token in self.zammad.tokens().into_iter().filter(|it| it.name.starts_with("FamilyPlanInvite")) {
            self.secrets.note(Kind::MintedToken, token.value);
        }
        let operations = Operations::all(self.signs_in());
        let exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_done = |name: &str| {
            exchanges.iter().any(|it| it.status < 400 && operations.of(&it.method, &it.path) == Some(name))
        };
        let missing = operations.names().filter(|it| !is_done(it)).map(ToOwned::to_owned).collect();

        let mut all = self.files;
        all.extend(self.metrics);
        all.extend(self.collector.batches().await.into_iter().map(|it| Capture::new("spans", it)));
        all.push(Capture::new("log", self.log));
        all.extend(captures::answers(&exchanges, &operations));
        all.extend(captures::envelopes(&self.sentry.received_requests().await.unwrap()));
        all.extend(captures::helpdesk_requests(&self.zammad.requests()));
        for receiver in &self.receivers {
            all.extend(captures::events(&receiver.received()));
        }
        all.extend(dump::dump(&self.database).await);
        self.database.dispose().await;
        (self.secrets, all, missing)
    }
}

/// An answer that repeats everything.
fn echoed(request: &Request) -> ResponseTemplate {
    let told = format!("{} {:?} {}", request.url, request.headers, String::from_utf8_lossy(&request.body));
    match request.url.path() {
        "/api/v1/user_access_token" => ResponseTemplate::new(422).set_body_json(json!({"error": told})),
        "/api/v1/users" => ResponseTemplate::new(200).set_body_string(format!("<html>{told}")),
        _ => ResponseTemplate::new(403).set_body_json(json!({"error": told, "error_human": told})),
    }
}
