//! How fast a full pull is, and how much memory it takes: the real program, in front of a simulated Zammad, into every
//! engine that there is a server of.

use std::{
    collections::HashMap,
    fs,
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use family_plan_zammad_simulator::{Config, Simulator};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, PgConnection};
use time::macros::datetime;
use tokio::runtime::Runtime;
use url::Url;

const SIZES: [usize; 2] = [10_000, 100_000];
/// Ten times the users must not take this many times the memory; more than one, as measurements vary.
const TOLERANCE: f64 = 1.25;
/// How often to look at the memory of the program; the system keeps its peak.
const LOOK: Duration = Duration::from_millis(5);

/// What users are pulled into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Sqlite,
    Postgres,
    Mariadb,
}

fn main() -> ExitCode {
    let mut is_constant = true;
    println!(
        "A full pull of Zammad's users; the simulated Zammad's own share is what listing them alone takes"
    );
    println!(
        "{:<8} {:>8} {:>8} {:>8} {:>8} {:>12}",
        "into", "users", "seconds", "Zammad's", "users/s", "peak memory"
    );
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mariadb] {
        let Some(server) = engine.server() else {
            println!("{engine:<8?} is left out: `cargo xtask bench` starts a server");
            continue;
        };
        let peaks = SIZES.map(|n_users| measure(engine, &server, n_users));
        if peaks[0] * TOLERANCE < peaks[1] {
            println!("The peak grows with the number of users.");
            is_constant = false;
        }
    }
    if is_constant { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Pulls so many users, prints how that went, and answers the most memory that the program held, in KiB.
fn measure(engine: Engine, server: &str, n_users: usize) -> f64 {
    // None of them changed lately, as in an installation that lives: those who did are read twice.
    let config = Config::default().clock(|| datetime!(2026-01-15 10:30 UTC));
    let zammad = Simulator::start(&config).expect("the simulator starts");
    zammad.seed_users(n_users);
    let listing = list(&zammad);
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let database = match engine {
        Engine::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("family-plan.db").display()),
        Engine::Postgres | Engine::Mariadb => new_database(engine, server, n_users),
    };
    let (elapsed, peak) = pull(&zammad, &database);
    let seconds = elapsed.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 users")]
    let rate = n_users as f64 / seconds;
    println!(
        "{engine:<8?} {n_users:>8} {seconds:>8.2} {:>8.2} {rate:>8.0} {:>8.1} MiB",
        listing.as_secs_f64(),
        peak / 1024.0
    );
    peak
}

impl Engine {
    /// Where its server is; `None` when there is none.
    fn server(self) -> Option<String> {
        match self {
            Self::Sqlite => Some(String::new()),
            Self::Postgres => variable("FAMILY_PLAN_TEST_POSTGRES_URL"),
            Self::Mariadb => variable("FAMILY_PLAN_TEST_MARIADB_URL"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is no configuration of the service, but of its benches")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The URL of a new database on a server that is gone afterwards.
fn new_database(engine: Engine, server: &str, n_users: usize) -> String {
    let name = format!("family_plan_bench_{n_users}");
    let statement = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    runtime().block_on(async {
        let created = if engine == Engine::Postgres {
            PgConnection::connect(server).await.expect("there is a server").execute(statement).await.map(drop)
        } else {
            MySqlConnection::connect(server)
                .await
                .expect("there is a server")
                .execute(statement)
                .await
                .map(drop)
        };
        created.expect("a database can be made");
    });
    let mut url: Url = server.parse().expect("the server has a URL");
    url.set_path(&name);
    url.into()
}

/// How long it takes to list all users and do nothing with them.
fn list(zammad: &Simulator) -> Duration {
    let http = reqwest::Client::builder().no_proxy().build().expect("there is a client");
    let token = format!("Token token={}", zammad.agent_token());
    let started = Instant::now();
    runtime().block_on(async {
        for page in 1.. {
            let url = format!("{}/api/v1/users?per_page=1000&page={page}", zammad.url());
            let answer = http.get(url).header("authorization", &token).send().await.expect("it answers");
            if answer.bytes().await.expect("it answers") == "[]" {
                return;
            }
        }
    });
    started.elapsed()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("there is a runtime")
}

/// How long a pull takes, and the most memory it holds meanwhile, in KiB.
fn pull(zammad: &Simulator, database: &str) -> (Duration, f64) {
    let environment = HashMap::from(
        [
            ("FAMILY_PLAN__DATABASE__URL", database),
            ("FAMILY_PLAN__DATABASE__AUTO_MIGRATE", "true"),
            ("FAMILY_PLAN__ZAMMAD__URL", &zammad.url()),
            ("FAMILY_PLAN__ZAMMAD__TOKEN", zammad.agent_token()),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    );
    let started = Instant::now();
    let mut program = Command::new(env!("CARGO_BIN_EXE_family-plan-under-test"))
        .args(["zammad", "sync", "--full"])
        .env_clear()
        .envs(environment)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program starts");
    let mut peak = 0.0;
    let status = loop {
        peak = peak_memory(program.id()).unwrap_or(peak);
        if let Some(status) = program.try_wait().expect("the program can be waited for") {
            break status;
        }
        thread::sleep(LOOK);
    };
    assert!(status.success(), "the pull failed");
    (started.elapsed(), peak)
}

/// The most memory that a process has held, in KiB, as Linux tells it.
fn peak_memory(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
