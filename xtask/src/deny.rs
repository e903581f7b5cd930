//! Who may depend on whom, on what terms and from where: cargo-deny with the workspace's rules.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::{group, programs, workspace};

/// The version of cargo-deny that the rules are written for.
const VERSION: &str = "0.20.2";

/// A file of rules, and the package whose dependencies it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) file: &'static str,
    manifest: &'static str,
    checks: &'static [&'static str],
}

/// About every edge, those of tests included; licences and sources too.
pub(crate) const EVERYTHING: Rules =
    Rules { file: "deny.toml", manifest: "Cargo.toml", checks: &["bans", "licenses", "sources"] };

/// About what is shipped: dev-dependencies do not count.
pub(crate) const SHIPPED: Rules =
    Rules { file: "xtask/deny/shipped.toml", manifest: "Cargo.toml", checks: &["bans"] };

/// About all that the domain rests on.
pub(crate) const DOMAIN: Rules =
    Rules { file: "xtask/deny/domain.toml", manifest: "crates/domain/Cargo.toml", checks: &["bans"] };

/// Check the workspace against all rules.
pub(crate) fn run() -> anyhow::Result<()> {
    let deny = CargoDeny::provide()?;
    fetch()?;
    for rules in [EVERYTHING, SHIPPED, DOMAIN] {
        println!("{}:", rules.file);
        group::run(&mut deny.check(rules, workspace::root()))?;
    }
    Ok(())
}

/// Download whatever the lock file names, so that checks need no network.
pub(crate) fn fetch() -> anyhow::Result<()> {
    group::run(workspace::cargo().args(["fetch", "--quiet", "--locked"]))
}

/// The program.
pub(crate) struct CargoDeny {
    program: PathBuf,
}

impl CargoDeny {
    /// The machine's own if it is of the right version, else one of ours below the target folder.
    pub(crate) fn provide() -> anyhow::Result<Self> {
        let tools = workspace::target()?.join("tools");
        let ours = tools.join("bin/cargo-deny");
        let candidates = programs::find("cargo-deny").into_iter().chain([ours.clone()]);
        if let Some(program) = candidates.into_iter().find(|it| is_right(it)) {
            return Ok(Self { program });
        }
        install(&tools)?;
        Ok(Self { program: ours })
    }

    /// The check of the workspace in the folder `root` against `rules`.
    pub(crate) fn check(&self, rules: Rules, root: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(root).arg("--offline");
        command.arg("--manifest-path").arg(root.join(rules.manifest));
        command.arg("--config").arg(root.join(rules.file));
        // A wrapper is a permission: nobody has to make use of it.
        command.args(["check", "--hide-inclusion-graph", "--allow", "unused-wrapper"]).args(rules.checks);
        command
    }
}

fn is_right(program: &Path) -> bool {
    let answer = Command::new(program).arg("--version").output();
    answer.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).trim() == format!("cargo-deny {VERSION}"))
}

/// Install into `tools`, not for the whole machine.
fn install(tools: &Path) -> anyhow::Result<()> {
    let build = tools.join("build");
    eprintln!("xtask: installing cargo-deny {VERSION} into {}, which takes minutes", tools.display());
    let mut install = workspace::cargo();
    install.args(["install", "cargo-deny", "--version", VERSION, "--locked", "--force"]);
    install.arg("--root").arg(tools).arg("--target-dir").arg(&build);
    // Quicker to build, and as quick to run on a workspace of this size.
    install.arg("--debug").envs([("CARGO_PROFILE_DEV_OPT_LEVEL", "1"), ("CARGO_PROFILE_DEV_DEBUG", "0")]);
    group::run(&mut install)?;
    fs::remove_dir_all(&build).with_context(|| format!("could not remove {}", build.display()))
}
