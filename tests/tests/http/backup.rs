//! A backup that was made while the service served is all that it takes, beside the secret key: what docs/operating.md
//! tells operators to do, done with each engine's own tools.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use family_plan_zammad_simulator::{Config, Simulator};
use serde_json::{Value, json};
use url::Url;

use crate::{
    client::{ADMIN, Caller, claims, http_client, text},
    idempotency::{KEY, assert_again, first},
    installed::run,
    invariants,
    program::Serving,
    receiver::Receiver,
    world::{Database, Engine, settings},
};

/// So that whoever follows the feed takes what is new for new: more than what happened since the backup.
const FORWARD: &str = "UPDATE event_feed SET last_sequence = last_sequence + 1000000";
const ADVICE: &str = "this test needs the clients of PostgreSQL and MariaDB";

/// Keeps what is in the database now in a file below `folder`.
async fn back_up(database: &Database, folder: &Path) -> PathBuf {
    let file = folder.join("backup");
    let url: Url = database.url.parse().unwrap();
    match url.scheme() {
        "sqlite" => database.execute(&format!("VACUUM INTO '{}'", file.display())).await,
        "postgres" => {
            let mut dump = Command::new("pg_dump");
            dump.arg("--format=custom").arg("--file").arg(&file).arg("--dbname").arg(url.as_str());
            run(&mut dump, ADVICE);
        }
        _ => {
            let mut dump = mariadb("mariadb-dump", &url);
            dump.arg("--single-transaction")
                .arg("--result-file")
                .arg(&file)
                .arg(url.path().trim_start_matches('/'));
            run(&mut dump, ADVICE);
        }
    }
    file
}

/// Brings it into a database in which nothing is.
fn restore(backup: &Path, database: &Database) {
    let url: Url = database.url.parse().unwrap();
    match url.scheme() {
        "sqlite" => drop(fs::copy(backup, database.folder().join("family-plan.db")).unwrap()),
        "postgres" => {
            let mut restore = Command::new("pg_restore");
            restore.args(["--exit-on-error", "--no-owner", "--dbname", url.as_str()]).arg(backup);
            run(&mut restore, ADVICE);
        }
        _ => {
            let mut restore = mariadb("mariadb", &url);
            restore.arg(url.path().trim_start_matches('/')).stdin(File::open(backup).unwrap());
            run(&mut restore, ADVICE);
        }
    }
}

/// A client of MariaDB.
fn mariadb(program: &str, url: &Url) -> Command {
    let mut command = Command::new(program);
    command.args(["--no-defaults", "--protocol=tcp", "--host", url.host_str().unwrap()]);
    command.args(["--port", &url.port().unwrap().to_string(), "--user", url.username()]);
    command.env("MYSQL_PWD", url.password().unwrap_or_default());
    command
}

/// An administrator.
pub(crate) fn admin_of(server: &Serving) -> Caller {
    let mut ada = claims("ada");
    ada["roles"] = json!([ADMIN]);
    Caller::anonymous(http_client(), server.base.clone()).claiming(&ada)
}

/// A server in a process of its own, and an endpoint that it tells of events.
pub(crate) struct Telling {
    pub(crate) server: Serving,
    pub(crate) environment: HashMap<String, String>,
    pub(crate) zammad: Simulator,
    pub(crate) receiver: Receiver,
    /// By which the receiver knows what comes from it.
    pub(crate) secret: String,
}

impl Telling {
    /// Starts both.
    pub(crate) async fn on(database: &Database) -> Self {
        let zammad = Simulator::start(&Config::default()).unwrap();
        let receiver = Receiver::start().await;
        let mut environment = settings(&database.url, &zammad);
        for (name, value) in [("LOG__FORMAT", "json"), ("EVENTS__ALLOW_PRIVATE_TARGETS", "true")] {
            environment.insert(format!("FAMILY_PLAN__{name}"), value.to_owned());
        }
        let server = Serving::start(&environment).await;
        let (_, secret) = receiver.registered(&admin_of(&server)).await;
        Self { server, environment, zammad, receiver, secret }
    }
}

/// The events from `place` on, which is a query's beginning, and the place after them.
async fn follow(admin: &Caller, place: &str) -> (Vec<Value>, String) {
    let page = admin.get(&format!("/v1/events?{place}limit=100")).await.ok(200);
    let items = page["items"].as_array().unwrap().clone();
    (items, format!("cursor={}&", text(&page, "next_cursor")))
}

async fn a_backup_is_restored(engine: Engine) {
    let database = Database::create(engine).await;
    let Telling { server, mut environment, zammad: _zammad, receiver, secret } = Telling::on(&database).await;
    let admin = admin_of(&server);
    let ann = admin.claiming(&claims("ann"));
    let plan = ann.opens("Die Hügel 🏡").await;
    let joined = ann.invites(&plan).await;
    admin.claiming(&claims("bob")).accepts(&joined.code).await.ok(200);
    let path = format!("/v1/plans/{plan}/invites");
    let issued = ann.post_once(KEY, &path).await;
    first(&issued);
    let open = ann.invites(&plan).await;

    // People go on opening plans while the backup is made.
    let (is_made, busy) = (Arc::new(AtomicBool::new(false)), admin.clone());
    let until = Arc::clone(&is_made);
    let opening = tokio::spawn(async move {
        let mut n = 0;
        while !until.load(Ordering::Relaxed) || n < 3 {
            busy.claiming(&claims(&format!("user-{n}"))).opens("Meanwhile").await;
            n += 1;
        }
        n
    });
    let folder = tempfile::tempdir().unwrap();
    let backup = back_up(&database, folder.path()).await;
    is_made.store(true, Ordering::Relaxed);
    let n_opened = opening.await.unwrap();

    // What happens from here on is lost, but others have heard of it.
    let dan = admin.claiming(&claims("dan"));
    dan.accepts(&open.code).await.ok(200);
    dan.delete(&format!("/v1/plans/{plan}/members/dan")).await.ok(200);
    receiver.has(9).await;
    let mut place = String::new();
    loop {
        let (events, next) = follow(&admin, &place).await;
        place = next;
        if events.is_empty() {
            break;
        }
    }
    server.stop().await;

    let restored = Database::create(engine).await;
    restore(&backup, &restored);
    restored.execute(FORWARD).await;
    environment.insert("FAMILY_PLAN__DATABASE__URL".to_owned(), restored.url.clone());
    let server = Serving::start(&environment).await;
    let admin = admin_of(&server);
    let ann = admin.claiming(&claims("ann"));
    let plans = admin.all("/v1/plans", 100).await;
    assert!(plans.len() <= 1 + n_opened, "{}", plans.len());
    for plan in &plans {
        invariants::check(&admin, &text(plan, "id")).await;
    }
    assert_eq!(text(&ann.plan(&plan).await, "name"), "Die Hügel 🏡");
    assert_again(&ann.post_once(KEY, &path).await, &issued);

    // A link from before opens what it did, and endpoints are told by the secret that they know.
    let erin = admin.claiming(&claims("erin"));
    erin.accepts(&open.code).await.ok(200);
    let told = receiver.has(1).await;
    let of_erin = crate::hooks::eventually(|| async {
        let told = receiver.received();
        told.into_iter().find(|it| it.event()["data"]["user_id"] == "erin")
    })
    .await;
    assert!(of_erin.is_signed_with(&secret), "{told:?}");
    // Whoever has followed the feed beyond the backup misses nothing of what is new.
    let (events, _) = follow(&admin, &place).await;
    let of_erin: Vec<_> = events.iter().filter(|it| it["data"]["user_id"] == "erin").collect();
    assert!(!of_erin.is_empty(), "{events:?}");
    server.stop().await;
    restored.dispose().await;
    database.dispose().await;
}

mod sqlite {
    #[tokio::test(flavor = "multi_thread")]
    async fn a_backup_made_while_serving_is_restored() {
        super::a_backup_is_restored(super::Engine::Sqlite).await;
    }
}

mod postgres {
    #[tokio::test(flavor = "multi_thread")]
    async fn a_backup_made_while_serving_is_restored() {
        super::a_backup_is_restored(super::Engine::Postgres).await;
    }
}

mod mariadb {
    #[tokio::test(flavor = "multi_thread")]
    async fn a_backup_made_while_serving_is_restored() {
        super::a_backup_is_restored(super::Engine::Mariadb).await;
    }
}
