//! The demo.

use std::{ffi::OsString, os::unix::process::CommandExt};

use crate::workspace;

/// Become `family-plan demo`, so that the terminal is all its own. Returns only if that fails.
pub(crate) fn become_demo(arguments: &[OsString]) -> anyhow::Error {
    let mut command = workspace::cargo();
    command.args(["run", "--release", "--locked", "--", "demo"]).args(arguments);
    anyhow::Error::new(command.exec()).context("could not start Cargo")
}
