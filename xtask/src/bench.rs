//! What is measured: speed and memory, which depend on the machine, so that no test can judge them.

use std::ffi::OsString;

use crate::{
    debian, group,
    servers::{MARIADB_URL, POSTGRES_URL, Servers},
    workspace,
};

/// Run every bench, or those that `arguments` of `cargo bench` select, one after the other, on private database servers
/// that are gone afterwards.
pub(crate) fn run(arguments: &[OsString]) -> anyhow::Result<()> {
    debian::provide()?;
    let servers = Servers::start()?;
    let mut command = workspace::cargo();
    command.args(["bench", "--locked", "--package", "family-plan-tests"]).args(arguments);
    command.env("TMPDIR", servers.temporary_files());
    command.env(POSTGRES_URL, &servers.postgres.url).env(MARIADB_URL, &servers.mariadb.url);
    group::run(&mut command)
}
