//! Where the workspace is, and how Cargo is called in it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate's folder lies in the workspace")
}

/// The folder that Cargo builds into: this program lies two below it, as `debug/xtask`.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("could not find this program's own file")?;
    let folder = program.ancestors().nth(2).context("this program's own file lies in no target folder")?;
    Ok(folder.to_owned())
}

/// Cargo, in the root folder: the very one that runs us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}
