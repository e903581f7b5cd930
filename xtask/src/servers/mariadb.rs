//! A private MariaDB.

use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::process::Signal;

use crate::{
    group::run_logged,
    programs,
    servers::{Place, Server},
};

/// Fast instead of durable, small, and room for a race on every core.
const SETTINGS: [&str; 10] = [
    "--skip-log-bin",
    "--skip-name-resolve",
    "--max-connections=300",
    "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-fast-shutdown=2",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=32M",
    "--key-buffer-size=1M",
];

pub(super) fn start(home: &Path) -> anyhow::Result<Server> {
    let place = Place::new(home, "mariadb", &["mysql", "nobody"])?;
    let data = place.folder.join("data");
    let port = place.port.to_string();

    let mut init = place.command(&program("mariadb-install-db")?);
    init.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    init.arg(option("--datadir", &data));
    run_logged(&mut init, &place.folder.join("init.log"))?;

    let mut server = place.command(&program("mariadbd")?);
    server.arg("--no-defaults").arg(option("--datadir", &data)).arg(option("--tmpdir", &place.folder));
    server.arg(option("--socket", &place.folder.join("socket")));
    server.arg(option("--pid-file", &place.folder.join("pid")));
    server.args(["--bind-address=127.0.0.1", "--port", &port]).args(SETTINGS);

    let mut version = place.command(&program("mariadb")?);
    version.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--port", &port, "--user=root"]);
    version.args(["--batch", "--skip-column-names", "--execute", "SELECT VERSION()"]);

    let url = format!("mysql://root@127.0.0.1:{port}/mysql");
    place.serve(&mut server, Signal::TERM, version, url)
}

fn program(name: &str) -> anyhow::Result<PathBuf> {
    programs::find(name).with_context(|| format!("no {name} on this machine"))
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}
