//! A private PostgreSQL.

use std::path::Path;

use anyhow::Context;
use rustix::process::Signal;

use crate::{
    group::run_logged,
    programs,
    servers::{Place, Server},
};

/// Fast instead of durable, and room for a race on every core.
const SETTINGS: [&str; 8] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=300",
    "shared_buffers=64MB",
    "log_min_messages=fatal",
];

pub(super) fn start(home: &Path) -> anyhow::Result<Server> {
    let programs = programs::postgres_folder().context("no PostgreSQL on this machine")?;
    let place = Place::new(home, "postgres", &["postgres", "nobody"])?;
    let data = place.folder.join("data");
    let port = place.port.to_string();

    let mut init = place.command(&programs.join("initdb"));
    init.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]);
    run_logged(init.arg("--pgdata").arg(&data), &place.folder.join("init.log"))?;

    let mut server = place.command(&programs.join("postgres"));
    server.arg("-D").arg(&data).arg("-k").arg(&place.folder).args(["-h", "127.0.0.1", "-p", &port]);
    for setting in SETTINGS {
        server.args(["-c", setting]);
    }

    let mut version = place.command(&programs.join("psql"));
    version.args(["--no-psqlrc", "--no-password", "--tuples-only", "--no-align"]);
    version.args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-d", "postgres"]);
    version.args(["-c", "SHOW server_version"]);

    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable");
    // It does not wait for clients then, ends its own children, and frees its shared memory.
    place.serve(&mut server, Signal::QUIT, version, url)
}
