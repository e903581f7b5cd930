//! What a decision costs: cycles of issuing an invite, accepting it and detaching the member, on PostgreSQL, next to the
//! plainest SQL that keeps seats honest. Ours also writes the history, and leaves the minting out, as that does.

mod plain_sql;
mod use_cases;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use family_plan_testkit::server_url;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

use self::{plain_sql::PlainSql, use_cases::UseCases};

/// So many plans at the same time, each with somebody who goes around.
const N_PLANS: usize = 8;
const N_CYCLES: usize = 200;
/// The first warms up. The two take turns, so that a machine that slows down slows both.
const N_ROUNDS: usize = 6;

/// Something that keeps plans.
#[async_trait]
trait Contender: Send + Sync + 'static {
    /// Somebody is invited to the `plan`th plan, accepts, and is detached.
    async fn cycle(&self, plan: usize);
}

#[tokio::main]
async fn main() {
    let server = server_url("FAMILY_PLAN_TEST_POSTGRES_URL");
    let databases = [new_database(&server, "plain").await, new_database(&server, "ours").await];
    let plain: &'static _ = Box::leak(Box::new(PlainSql::open(&databases[0]).await));
    let ours: &'static _ = Box::leak(Box::new(UseCases::open(&databases[1]).await));
    println!("Invite, accept, detach on PostgreSQL: {N_PLANS} plans at once, {N_CYCLES} cycles each");
    println!("{:>5} {:>18} {:>15} {:>7}", "round", "plain SQL, cycles/s", "ours, cycles/s", "ratio");
    let mut ratios = Vec::new();
    for round in 0..N_ROUNDS {
        let rates = [rate(run(plain).await), rate(run(ours).await)];
        let ratio = rates[1] / rates[0];
        let note = if round == 0 { " (warming up)" } else { "" };
        println!("{round:>5} {:>19.0} {:>15.0} {ratio:>7.2}{note}", rates[0], rates[1]);
        if 0 < round {
            ratios.push(ratio);
        } else {
            analyze(&databases).await;
        }
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[ratios.len() / 2]);
}

async fn run(contender: &'static impl Contender) -> Duration {
    let started = Instant::now();
    let people = (0..N_PLANS).map(|plan| {
        tokio::spawn(async move {
            for _ in 0..N_CYCLES {
                contender.cycle(plan).await;
            }
        })
    });
    for person in people.collect::<Vec<_>>() {
        person.await.expect("no cycle fails");
    }
    started.elapsed()
}

#[expect(clippy::cast_precision_loss, reason = "they are few")]
fn rate(elapsed: Duration) -> f64 {
    (N_PLANS * N_CYCLES) as f64 / elapsed.as_secs_f64()
}

/// What a server does by itself within a minute.
async fn analyze(databases: &[String]) {
    for url in databases {
        let mut connection = PgConnection::connect(url).await.expect("there is a database");
        connection.execute("ANALYZE").await.expect("its tables can be looked at");
    }
}

/// The URL of a new database on a server that is gone afterwards.
async fn new_database(server: &str, name: &str) -> String {
    let name = format!("family_plan_cycles_{name}");
    let mut connection = PgConnection::connect(server).await.expect("there is a server");
    let statement = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connection.execute(statement).await.expect("a database can be made");
    let mut url: Url = server.parse().expect("the server has a URL");
    url.set_path(&name);
    url.into()
}
