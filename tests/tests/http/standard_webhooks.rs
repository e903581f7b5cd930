//! Receivers made with libraries that nobody here wrote: `standardwebhooks` for Python and for JavaScript.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use family_plan_zammad_simulator::{Config, Simulator};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout},
};

use crate::{
    client::{ADMIN, Caller, claims, http_client, text},
    installed::{from_npm, from_pypi},
    program::Serving,
    receiver::ENDPOINTS,
    world::{Database, Engine, settings},
};

fn receivers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("receivers")
}

fn python() -> Command {
    let venv = from_pypi("receiver-python", &receivers());
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(receivers().join("receive.py"));
    command
}

fn node() -> Command {
    let folder = from_npm("receiver-node", &receivers());
    // Modules are looked for beside the script.
    fs::copy(receivers().join("receive.js"), folder.join("receive.js")).unwrap();
    let mut command = Command::new("node");
    command.arg(folder.join("receive.js"));
    command
}

/// A receiver in a process of its own.
struct Foreign {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Foreign {
    fn start(command: Command) -> Self {
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        self.lines.next_line().await.unwrap().expect("it ended")
    }
}

async fn verifies(command: Command) {
    let database = Database::create(Engine::Sqlite).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment: HashMap<String, String> = settings(&database.url, &zammad);
    for (name, value) in [("LOG__FORMAT", "json"), ("EVENTS__ALLOW_PRIVATE_TARGETS", "true")] {
        environment.insert(format!("FAMILY_PLAN__{name}"), value.to_owned());
    }
    let server = Serving::start(&environment).await;
    let mut ada = claims("ada");
    ada["roles"] = json!([ADMIN]);
    let admin = Caller::anonymous(http_client(), server.base.clone()).claiming(&ada);

    let mut receiver = Foreign::start(command);
    let url = format!("http://127.0.0.1:{}/", receiver.line().await);
    let endpoint = admin.post_json(ENDPOINTS, &json!({"url": url})).await.ok(201);
    let mut stdin = receiver.child.stdin.take().unwrap();
    stdin.write_all(format!("{}\n", text(&endpoint, "secret")).as_bytes()).await.unwrap();

    let ann = admin.claiming(&claims("ann"));
    let plan = ann.opens("Die Hügel 🏡").await;
    for expected in ["plan.created", "member.joined"] {
        assert_eq!(receiver.line().await, expected);
    }
    // The former secret signs, too.
    admin.post(&format!("{ENDPOINTS}/{}/rotate-secret", text(&endpoint, "id"))).await.ok(200);
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "Les Collines"})).await.ok(200);
    assert_eq!(receiver.line().await, "plan.renamed");
    server.stop().await;
    database.dispose().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_for_python_verifies_what_is_sent() {
    verifies(python()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_for_javascript_verifies_what_is_sent() {
    verifies(node()).await;
}
