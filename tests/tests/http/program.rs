//! The binary, as a child process.

use std::{
    collections::HashMap,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinHandle,
};

/// Nothing takes this long, except what hangs.
const PATIENCE: Duration = Duration::from_mins(5);

/// The binary with this environment and no other.
fn command(arguments: &[&str], environment: &HashMap<String, String>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_family-plan-under-test"));
    command.args(arguments).env_clear().envs(environment).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a run printed, and how it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the binary to its end.
pub(crate) async fn run(arguments: &[&str], environment: &HashMap<String, String>) -> Ended {
    Spawned::start(arguments, environment).ended().await
}

/// A run of the binary that has not ended yet.
pub(crate) struct Spawned(Child);

impl Spawned {
    /// Starts it.
    pub(crate) fn start(arguments: &[&str], environment: &HashMap<String, String>) -> Self {
        Self(command(arguments, environment).spawn().unwrap())
    }

    /// Waits for its end.
    pub(crate) async fn ended(self) -> Ended {
        let output = tokio::time::timeout(PATIENCE, self.0.wait_with_output());
        let output = output.await.expect("it does not end").unwrap();
        Ended {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The next line that it writes to stderr, which is then missing at the [end](Self::ended).
    pub(crate) async fn line(&mut self) -> String {
        let stderr = self.0.stderr.as_mut().unwrap();
        let reading = async {
            let mut line = Vec::new();
            loop {
                match stderr.read_u8().await.expect("it ended") {
                    b'\n' => return String::from_utf8(line).unwrap(),
                    byte => line.push(byte),
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("it writes nothing")
    }

    /// Pulls the plug.
    pub(crate) async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }

    /// Ends it with a signal, as an operator would, and waits for its end.
    pub(crate) async fn end(self, signal: &str) -> Ended {
        send(&self.0, signal).await;
        self.ended().await
    }
}

async fn send(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    let told = Command::new("kill").args([&format!("-{signal}"), &id]).status().await.unwrap();
    assert!(told.success());
}

/// A server in a process of its own.
pub(crate) struct Serving {
    child: Child,
    /// Its address, without a slash at the end.
    pub(crate) base: String,
    written: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Serving {
    /// Starts it, and waits until it listens.
    pub(crate) async fn start(environment: &HashMap<String, String>) -> Self {
        let mut child = command(&["serve"], environment).spawn().unwrap();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let (found, mut address) = watch::channel(None);
        let readers = vec![
            keep(child.stdout.take().unwrap(), &written, None),
            keep(child.stderr.take().unwrap(), &written, Some(found)),
        ];
        let listening = tokio::time::timeout(PATIENCE, address.wait_for(Option::is_some)).await;
        let address = listening.expect("it does not start").ok().and_then(|it| it.clone());
        let Some(address) = address else {
            let written = written.lock().unwrap().clone();
            panic!("it ended: {}", String::from_utf8_lossy(&written));
        };
        let base = format!("http://{address}");
        Self { child, base, written, readers }
    }

    /// Pulls the plug.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ends it as an operator would, and answers all that it wrote.
    pub(crate) async fn stop(mut self) -> String {
        send(&self.child, "TERM").await;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it does not stop");
        assert!(ended.unwrap().success(), "it stops in good order");
        for reader in self.readers {
            reader.await.unwrap();
        }
        let written = self.written.lock().unwrap();
        String::from_utf8_lossy(&written).into_owned()
    }
}

/// Keeps every line, and looks for the address that is listened at.
fn keep(
    stream: impl AsyncRead + Unpin + Send + 'static,
    written: &Arc<Mutex<Vec<u8>>>,
    found: Option<watch::Sender<Option<String>>>,
) -> JoinHandle<()> {
    let written = Arc::clone(written);
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).split(b'\n');
        let mut found = found;
        while let Ok(Some(line)) = lines.next_segment().await {
            if let Some(sender) = &found
                && let Some(address) = listening_at(&line)
            {
                sender.send_replace(Some(address));
                // Nobody is told of the end of the stream as long as somebody could still send.
                found = None;
            }
            let mut written = written.lock().unwrap();
            written.extend(line);
            written.push(b'\n');
        }
    })
}

/// The address that a line of the log tells of, in whichever format.
fn listening_at(line: &[u8]) -> Option<String> {
    if let Ok(event) = serde_json::from_slice::<Value>(line) {
        return event["address"].as_str().filter(|_| event["message"] == "listening").map(ToOwned::to_owned);
    }
    let (_, address) = std::str::from_utf8(line).ok()?.split_once("listening address=")?;
    Some(address.trim().to_owned())
}
