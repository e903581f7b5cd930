//! The unprivileged account that a server runs under when we are root.

use std::{
    os::unix::{fs::chown, process::CommandExt},
    path::Path,
    process::Command,
};

use anyhow::Context;

/// An account of this machine.
pub(super) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The first of `names` that exists; `None` when we are not root and cannot change accounts anyway.
    pub(super) fn unless_unprivileged(names: &[&str]) -> anyhow::Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let account = names.iter().find_map(|it| Self::named(it));
        account.map(Some).with_context(|| format!("none of the accounts {} exists", names.join(", ")))
    }

    fn named(name: &str) -> Option<Self> {
        Some(Self { user: id("--user", name)?, group: id("--group", name)? })
    }

    /// Make it the owner of `folder`.
    pub(super) fn own(&self, folder: &Path) -> anyhow::Result<()> {
        chown(folder, Some(self.user), Some(self.group))
            .with_context(|| format!("could not give {} away", folder.display()))
    }

    /// Let `command` run under it. The standard library drops root's supplementary groups as well.
    pub(super) fn apply(&self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

fn id(of: &str, name: &str) -> Option<u32> {
    let answer = Command::new("id").args([of, name]).output().ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}
