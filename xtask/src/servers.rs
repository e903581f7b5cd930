//! Private database servers for the tests, in a temporary folder and on free ports.

mod account;
mod mariadb;
mod postgres;

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    group::{Group, PULSE, quoted},
    interrupt,
    servers::account::Account,
};

/// Tests and benches read the PostgreSQL server's address here.
pub(crate) const POSTGRES_URL: &str = "FAMILY_PLAN_TEST_POSTGRES_URL";

/// Tests and benches read the MariaDB server's address here.
pub(crate) const MARIADB_URL: &str = "FAMILY_PLAN_TEST_MARIADB_URL";

/// How long a server may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// A database server that answers; it ends when this is dropped.
pub(crate) struct Server {
    /// Where the tests find it, with every right.
    pub(crate) url: String,
    /// What it calls its own version.
    pub(crate) version: String,
    _group: Group,
}

/// Every server that the tests need, and the folder of everything that they and the tests write.
pub(crate) struct Servers {
    pub(crate) postgres: Server,
    pub(crate) mariadb: Server,
    // The last field on purpose: the servers have ended when their folder goes.
    home: TempDir,
}

impl Servers {
    /// Start them and wait until they answer.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let home = tempfile::Builder::new()
            .prefix("family-plan-test-")
            .tempdir()
            .context("could not make a temporary folder")?;
        // The servers' accounts have to pass through.
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o711))?;
        fs::create_dir(temporary_files_in(&home))?;
        let postgres = postgres::start(home.path()).context("could not start PostgreSQL")?;
        let mariadb = mariadb::start(home.path()).context("could not start MariaDB")?;
        Ok(Self { postgres, mariadb, home })
    }

    /// A folder for the tests' own temporary files, so that none of them outlives the run.
    pub(crate) fn temporary_files(&self) -> PathBuf {
        temporary_files_in(&self.home)
    }
}

fn temporary_files_in(home: &TempDir) -> PathBuf {
    home.path().join("tmp")
}

/// What a server is started from.
struct Place {
    folder: PathBuf,
    account: Option<Account>,
    port: u16,
}

impl Place {
    /// A folder below `home` of its own; when we are root it belongs to the first of `accounts` that exists,
    /// since no server should or wants to run as root.
    fn new(home: &Path, name: &str, accounts: &[&str]) -> anyhow::Result<Self> {
        let folder = home.join(name);
        fs::create_dir(&folder)?;
        let account = Account::unless_unprivileged(accounts)?;
        if let Some(account) = &account {
            account.own(&folder)?;
        }
        let port = free_port().context("could not find a free port")?;
        Ok(Self { folder, account, port })
    }

    /// A command that runs in the folder, under the account.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env("LC_ALL", "C").env("TMPDIR", &self.folder);
        if let Some(account) = &self.account {
            account.apply(&mut command);
        }
        command
    }

    /// Run `server` until `version`, a query for its version, has an answer.
    fn serve(
        &self,
        server: &mut Command,
        farewell: Signal,
        mut version: Command,
        url: String,
    ) -> anyhow::Result<Server> {
        let log = self.folder.join("log");
        let file = fs::File::create(&log)?;
        let group = Group::start_ended_by(server.stdout(file.try_clone()?).stderr(file), farewell)?;
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            interrupt::check()?;
            if group.has_ended()? {
                bail!("it ended at once; its log:\n{}", quoted(&log));
            }
            let answer = version.output().context("could not start its client")?;
            if answer.status.success() {
                let version = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
                return Ok(Server { url, version, _group: group });
            }
            thread::sleep(PULSE);
        }
        bail!("it did not answer within {START_TIMEOUT:?}; its log:\n{}", quoted(&log));
    }
}

/// A port of this machine that nothing listens on at the moment.
fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
