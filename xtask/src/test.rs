//! `cargo test` on every engine, streamed through, and counted.

mod counts;
mod engine;
mod line;
mod report;
mod verdict;

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, IsTerminal, PipeReader, Write},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

use crate::{
    debian,
    group::{self, Group, PULSE},
    interrupt,
    servers::{MARIADB_URL, POSTGRES_URL, Servers},
    test::{report::Report, verdict::Versions},
    workspace,
};

pub(crate) use crate::test::verdict::Verdict;

/// How long output may still come after Cargo has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Run every test, or those that `arguments` of `cargo test` select.
pub(crate) fn run(arguments: &[OsString]) -> anyhow::Result<Verdict> {
    let is_selection = !arguments.is_empty();
    debian::provide()?;
    if !is_selection {
        check_domain_features()?;
    }
    let servers = Servers::start()?;
    let mut command = cargo_test(arguments);
    command.env("TMPDIR", servers.temporary_files());
    command.env(POSTGRES_URL, &servers.postgres.url).env(MARIADB_URL, &servers.mariadb.url);
    let (report, status) = stream(&mut command)?;
    let versions = Versions {
        sqlite: sqlite_version().unwrap_or_else(|| "unknown".to_owned()),
        postgres: servers.postgres.version.clone(),
        mariadb: servers.mariadb.version.clone(),
    };
    Ok(Verdict::new(&report, status.success(), is_selection, &versions))
}

/// The domain has to compile with whatever features are on, by itself: beside other crates it has theirs too.
fn check_domain_features() -> anyhow::Result<()> {
    for features in [&[][..], &["--no-default-features"], &["--all-features"]] {
        let mut command = workspace::cargo();
        command.args(["check", "--quiet", "--locked", "--package", "family-plan-domain"]).args(features);
        group::run(&mut command)?;
    }
    Ok(())
}

fn cargo_test(arguments: &[OsString]) -> Command {
    let mut command = workspace::cargo();
    command.args(["test", "--locked", "--no-fail-fast", "--all-features"]);
    if !arguments.iter().any(|it| names_packages(&it.to_string_lossy())) {
        command.arg("--workspace");
    }
    if io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command.args(arguments);
    command
}

fn names_packages(argument: &str) -> bool {
    let is_long = argument == "--package" || argument.starts_with("--package=");
    is_long || (argument.starts_with("-p") && !argument.starts_with("--"))
}

/// Run `command`, pass its output through as it comes, and read the results from it.
fn stream(command: &mut Command) -> anyhow::Result<(Report, ExitStatus)> {
    // One pipe for both: the line that names a test binary and its results keep their order.
    let (reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let group = Group::start(command)?;
    // Closes our ends of the pipe, which would otherwise never end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let lines = lines_of(reader);
    let mut report = Report::default();
    while !group.has_ended()? {
        interrupt::check()?;
        if !take(&lines, &mut report, PULSE)? {
            thread::sleep(PULSE);
        }
    }
    let status = group.wait()?;
    let deadline = Instant::now() + LAST_WORDS;
    while Instant::now() < deadline && take(&lines, &mut report, PULSE)? {}
    Ok((report, status))
}

/// Read in a thread of its own, so that waiting for a line never keeps us from being interrupted.
fn lines_of(reader: PipeReader) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n') {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Pass one line on. `false` when there will be none any more.
fn take(lines: &Receiver<Vec<u8>>, report: &mut Report, patience: Duration) -> anyhow::Result<bool> {
    let line = match lines.recv_timeout(patience) {
        Ok(line) => line,
        Err(RecvTimeoutError::Timeout) => return Ok(true),
        Err(RecvTimeoutError::Disconnected) => return Ok(false),
    };
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line).and_then(|()| stdout.write_all(b"\n")).context("could not write the output")?;
    report.read(&String::from_utf8_lossy(&line));
    Ok(true)
}

/// SQLite is compiled in; its binding's version is what the lock file pins.
fn sqlite_version() -> Option<String> {
    let answer = workspace::cargo().args(["pkgid", "--locked", "libsqlite3-sys"]).output().ok()?;
    let id = String::from_utf8(answer.stdout).ok()?;
    let (_, version) = id.trim().rsplit_once('@')?;
    Some(format!("libsqlite3-sys {version}"))
}
