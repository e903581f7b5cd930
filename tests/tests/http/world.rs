//! A server, or several on one database, with a database, a Zammad and a clock of its own.

use std::{
    collections::HashMap,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use family_plan_server::{Patience, Running, ServeError, configuration::Sources, start, system::SystemIds};
use family_plan_testkit::{ManualClock, StatementCounter, server_url};
use family_plan_zammad_simulator::{Config, Simulator};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::{
    client::{ADMIN, Caller, SERVICE, claims, http_client},
    hooks,
    jwt::SECRET,
};

pub(crate) const PUBLIC_URL: &str = "https://family.example/";
pub(crate) const LOGIN_URL: &str = "https://login.example/sign-in";
pub(crate) const DASHBOARD_URL: &str = "https://app.example/dashboard";
pub(crate) const COOKIE: &str = "session";
pub(crate) const SECRET_KEY: &str = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
/// Few, so that requests wait for one another, and all tests together fit into a server.
const MAX_CONNECTIONS: &str = "6";

static N_DATABASES: AtomicUsize = AtomicUsize::new(0);

/// What a test keeps its data in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    Mariadb,
}

/// Makes a test of each function, on each engine: `engines!(a_sentence, another);`. The world comes from another
/// function of [`World`] than `on` if one is named first: `engines!(replicated: a_sentence);`
macro_rules! engines {
    ($($name:ident),+ $(,)?) => {
        crate::world::engines!(on: $($name),+);
    };
    ($start:ident: $($name:ident),+ $(,)?) => {
        crate::world::engines!(@ sqlite Sqlite $start $($name)+);
        crate::world::engines!(@ postgres Postgres $start $($name)+);
        crate::world::engines!(@ mariadb Mariadb $start $($name)+);
    };
    (@ $module:ident $engine:ident $start:ident $($name:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    let world = crate::world::World::$start(crate::world::Engine::$engine).await;
                    super::$name(&world).await;
                    world.end().await;
                }
            )+
        }
    };
}

/// Makes a test of each function, on SQLite: for what has nothing to do with the database.
macro_rules! on_sqlite {
    ($start:ident: $($name:ident),+ $(,)?) => {
        crate::world::engines!(@ sqlite Sqlite $start $($name)+);
    };
    ($($name:ident),+ $(,)?) => {
        crate::world::engines!(@ sqlite Sqlite on $($name)+);
    };
}

pub(crate) use {engines, on_sqlite};

/// A database that nobody else uses.
pub(crate) struct Database {
    engine: Engine,
    /// Where it is.
    pub(crate) url: String,
    name: String,
    folder: TempDir,
}

impl Database {
    /// A new one.
    pub(crate) async fn create(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let n = N_DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("family_plan_http_{}_{n}", process::id());
        let url = match engine {
            Engine::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("family-plan.db").display()),
            Engine::Postgres | Engine::Mariadb => {
                let mut url: Url = admin_url(engine).parse().unwrap();
                url.set_path(&name);
                url.into()
            }
        };
        let database = Self { engine, url, name, folder };
        database.administer(&format!("DROP DATABASE IF EXISTS {}", database.name)).await;
        database.administer(&format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    /// What it runs on.
    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    /// The folder that a SQLite file is in, and that a test may use.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Removes it.
    pub(crate) async fn dispose(self) {
        let force = if self.engine == Engine::Postgres { " WITH (FORCE)" } else { "" };
        self.administer(&format!("DROP DATABASE {}{force}", self.name)).await;
        self.folder.close().unwrap();
    }

    /// Runs a statement in it, past the servers.
    pub(crate) async fn execute(&self, sql: &str) {
        match self.engine {
            Engine::Sqlite => execute::<SqliteConnection>(&self.url, sql).await,
            Engine::Postgres => execute::<PgConnection>(&self.url, sql).await,
            Engine::Mariadb => execute::<MySqlConnection>(&self.url, sql).await,
        }
    }

    /// Lets `url` hold a password, on engines that have any.
    pub(crate) async fn set_password(&mut self, password: &str) {
        let mut url: Url = self.url.parse().unwrap();
        match self.engine {
            Engine::Sqlite => return,
            // It takes any.
            Engine::Postgres => (),
            Engine::Mariadb => {
                self.administer(&format!("CREATE USER {} IDENTIFIED BY '{password}'", self.name)).await;
                self.administer(&format!("GRANT ALL ON {0}.* TO {0}", self.name)).await;
                url.set_username(&self.name).unwrap();
            }
        }
        url.set_password(Some(password)).unwrap();
        self.url = url.into();
    }

    async fn administer(&self, sql: &str) {
        match self.engine {
            Engine::Sqlite => (),
            Engine::Postgres => execute::<PgConnection>(&admin_url(self.engine), sql).await,
            Engine::Mariadb => execute::<MySqlConnection>(&admin_url(self.engine), sql).await,
        }
    }
}

async fn execute<C: Connection>(url: &str, sql: &str)
where
    for<'a> &'a mut C: Executor<'a>,
{
    let mut connection = C::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

fn admin_url(engine: Engine) -> String {
    match engine {
        Engine::Sqlite => String::new(),
        Engine::Postgres => server_url("FAMILY_PLAN_TEST_POSTGRES_URL"),
        Engine::Mariadb => server_url("FAMILY_PLAN_TEST_MARIADB_URL"),
    }
}

/// What a server is configured with, by the names of the environment without their prefix.
pub(crate) fn settings(database: &str, zammad: &Simulator) -> HashMap<String, String> {
    [
        ("SERVER__LISTEN", "127.0.0.1:0"),
        ("SERVER__PUBLIC_URL", PUBLIC_URL),
        ("SERVER__SECRET_KEY", SECRET_KEY),
        ("LINKS__LOGIN_URL", LOGIN_URL),
        ("LINKS__DASHBOARD_URL", DASHBOARD_URL),
        ("DATABASE__URL", database),
        ("DATABASE__AUTO_MIGRATE", "true"),
        ("DATABASE__MAX_CONNECTIONS", MAX_CONNECTIONS),
        ("AUTH__HS256_SECRET", SECRET),
        ("AUTH__COOKIE", COOKIE),
        ("ZAMMAD__URL", &zammad.url()),
        ("ZAMMAD__TOKEN", zammad.agent_token()),
        ("ZAMMAD__WEBHOOK_SECRETS", hooks::SECRET),
        // Enough for an attempt and its repetitions; tests of failures wait for all of them.
        ("ZAMMAD__DEADLINE_SECONDS", "2"),
        // Nothing is done by itself, unless a test asks for it.
        ("ZAMMAD__SYNC_SECONDS", "0"),
        ("ZAMMAD__FULL_SYNC_SECONDS", "0"),
        ("ZAMMAD__SWEEP_SECONDS", "0"),
    ]
    .map(|(name, value)| (format!("FAMILY_PLAN__{name}"), value.to_owned()))
    .into()
}

/// One server.
pub(crate) struct Server {
    /// Its address, without a slash at the end.
    pub(crate) base: String,
    running: Running,
}

/// Everything that one test needs.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) zammad: Simulator,
    pub(crate) database: Database,
    settings: HashMap<String, String>,
    servers: Vec<Server>,
    http: reqwest::Client,
    /// How long servers wait for clients, if not as long as usual.
    pub(crate) patience: Option<Patience>,
}

impl World {
    /// One server on an engine.
    pub(crate) async fn on(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    /// One server, with these settings besides the usual ones; an empty one is left out.
    pub(crate) async fn with(engine: Engine, changes: &[(&str, &str)]) -> Self {
        let (clock, zammad) = clock_and_zammad(Config::default());
        Self::with_zammad(engine, changes, clock, zammad).await
    }

    /// One server in front of this helpdesk.
    pub(crate) async fn with_zammad(
        engine: Engine,
        changes: &[(&str, &str)],
        clock: Arc<ManualClock>,
        zammad: Simulator,
    ) -> Self {
        let database = Database::create(engine).await;
        Self::start(database, changes, clock, zammad).await
    }

    /// One server on PostgreSQL, with one connection, on which statements are counted.
    pub(crate) async fn counted() -> (Self, StatementCounter) {
        let database = Database::create(Engine::Postgres).await;
        let mut url: Url = database.url.parse().unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let counter = StatementCounter::in_front_of(server).await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(counter.address().port())).unwrap();
        url.set_query(Some("sslmode=disable"));
        let (clock, zammad) = clock_and_zammad(Config::default());
        let changes = [("DATABASE__URL", url.as_str()), ("DATABASE__MAX_CONNECTIONS", "1")];
        (Self::start(database, &changes, clock, zammad).await, counter)
    }

    /// Two servers on one database.
    pub(crate) async fn replicated(engine: Engine) -> Self {
        let mut world = Self::on(engine).await;
        world.start_another().await.unwrap();
        world
    }

    /// One server that may send events anywhere.
    pub(crate) async fn telling(engine: Engine) -> Self {
        Self::with(engine, &[("EVENTS__ALLOW_PRIVATE_TARGETS", "true")]).await
    }

    /// Two of them on one database.
    pub(crate) async fn telling_replicated(engine: Engine) -> Self {
        let mut world = Self::telling(engine).await;
        world.start_another().await.unwrap();
        world
    }

    /// One server in front of this helpdesk, on this database.
    pub(crate) async fn start(
        database: Database,
        changes: &[(&str, &str)],
        clock: Arc<ManualClock>,
        zammad: Simulator,
    ) -> Self {
        let mut settings = settings(&database.url, &zammad);
        for (name, value) in changes {
            settings.insert(format!("FAMILY_PLAN__{name}"), (*value).to_owned());
        }
        let mut world =
            Self { clock, zammad, database, settings, servers: vec![], http: http_client(), patience: None };
        world.start_another().await.unwrap();
        world
    }

    /// Starts one more server on the same database.
    pub(crate) async fn start_another(&mut self) -> Result<(), ServeError> {
        let sources = Sources::read_from(None, self.settings.clone()).unwrap();
        let mut configuration = sources.configuration().unwrap();
        if let Some(patience) = self.patience {
            configuration.server.patience = patience;
        }
        let running = start(configuration, self.clock.clone(), Arc::new(SystemIds)).await?;
        self.servers.push(Server { base: format!("http://{}", running.address), running });
        Ok(())
    }

    /// Stops every server, and starts one with these settings besides the ones there were; an empty one is left out.
    /// Callers from before have nobody to talk to.
    pub(crate) async fn restart_with(&mut self, changes: &[(&str, &str)]) {
        // Connections that are kept would keep servers from stopping.
        self.http = http_client();
        for server in self.servers.drain(..) {
            server.running.stop().await;
        }
        for (name, value) in changes {
            self.settings.insert(format!("FAMILY_PLAN__{name}"), (*value).to_owned());
        }
        self.start_another().await.unwrap();
    }

    /// The address of the `n`th server, going around.
    pub(crate) fn base(&self, n: usize) -> &str {
        &self.servers[n % self.servers.len()].base
    }

    /// Stops everything, and removes the database.
    pub(crate) async fn end(self) {
        self.zammad.recover();
        drop(self.http);
        for server in self.servers {
            server.running.stop().await;
        }
        self.database.dispose().await;
    }

    pub(crate) fn anonymous(&self) -> Caller {
        Caller::anonymous(self.http.clone(), self.base(0).to_owned())
    }

    /// Somebody with a name and a verified address.
    pub(crate) fn user(&self, id: &str) -> Caller {
        self.anonymous().claiming(&claims(id))
    }

    /// The same person, at the `n`th server.
    pub(crate) fn user_at(&self, n: usize, id: &str) -> Caller {
        self.user(id).at(self.base(n))
    }

    pub(crate) fn with_roles(&self, id: &str, roles: &[&str]) -> Caller {
        let mut claims = claims(id);
        claims["roles"] = json!(roles);
        self.anonymous().claiming(&claims)
    }

    pub(crate) fn admin(&self) -> Caller {
        self.with_roles("ada", &[ADMIN])
    }

    pub(crate) fn service(&self) -> Caller {
        self.with_roles("billing", &[SERVICE])
    }

    /// A user joins a plan of `owner`.
    pub(crate) async fn joins(&self, user: &str, owner: &Caller, plan: &str) -> String {
        let invite = owner.invites(plan).await;
        self.user(user).accepts(&invite.code).await.ok(200);
        invite.code
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        now(&self.clock)
    }
}

/// A clock, and a helpdesk that goes by it.
pub(crate) fn clock_and_zammad(config: Config) -> (Arc<ManualClock>, Simulator) {
    let clock = Arc::new(ManualClock::default());
    let reading = Arc::clone(&clock);
    let zammad = Simulator::start(&config.clock(move || now(&reading))).unwrap();
    (clock, zammad)
}

fn now(clock: &ManualClock) -> OffsetDateTime {
    family_plan_domain::ports::Clock::now(clock)
}
