//! Proves that the rules bite: a copy of the workspace with a forbidden dependency is refused.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

use crate::{
    deny::{self, CargoDeny, DOMAIN, EVERYTHING, Rules, SHIPPED},
    interrupt, workspace,
};

/// A dependency that the architecture forbids, and the rules that have to say so.
struct Slip {
    manifest: &'static str,
    table: &'static str,
    dependency: &'static str,
    refused_by: Rules,
}

const SLIPS: [Slip; 12] = [
    slip("crates/application", "sea-orm", EVERYTHING),
    slip("crates/application", "reqwest", EVERYTHING),
    slip("crates/application", "family-plan-persistence", EVERYTHING),
    slip("crates/domain", "poem", EVERYTHING),
    slip("crates/zammad", "family-plan-persistence", EVERYTHING),
    slip("crates/webhooks", "family-plan-persistence", EVERYTHING),
    slip("crates/webhooks", "opentelemetry", EVERYTHING),
    slip("crates/server", "sqlx", EVERYTHING),
    Slip { table: "dev-dependencies", ..slip("crates/application", "axum", EVERYTHING) },
    slip("crates/server", "family-plan-testkit", SHIPPED),
    slip("crates/domain", "tokio", DOMAIN),
    slip("crates/domain", "serde", DOMAIN),
];

const fn slip(manifest: &'static str, dependency: &'static str, refused_by: Rules) -> Slip {
    Slip { manifest, table: "dependencies", dependency, refused_by }
}

/// Fails when the rules refuse the workspace as it is, or let a slip pass.
pub(crate) fn run() -> anyhow::Result<()> {
    let deny = CargoDeny::provide()?;
    deny::fetch()?;
    let copy = copy_of_workspace()?;
    for rules in [EVERYTHING, SHIPPED, DOMAIN] {
        let output = check(&deny, rules, copy.path())?;
        ensure!(output.status.success(), "{} refuses the workspace as it is:\n{}", rules.file, said(&output));
    }
    for slip in &SLIPS {
        interrupt::check()?;
        refuse(&deny, slip, copy.path())?;
    }
    Ok(())
}

/// Fails unless `slip`, made in the workspace in `root`, is refused for what it is. Undoes it.
fn refuse(deny: &CargoDeny, slip: &Slip, root: &Path) -> anyhow::Result<()> {
    let Slip { manifest, table, dependency, refused_by } = slip;
    let path = root.join(manifest).join("Cargo.toml");
    let before = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
    let mut file = fs::OpenOptions::new().append(true).open(&path)?;
    write!(file, "\n[{table}.{dependency}]\nworkspace = true\n")?;
    let output = check(deny, *refused_by, root)?;
    fs::write(&path, before)?;

    let said = said(&output);
    let banned = format!("error[banned]: crate '{dependency} = ");
    if output.status.success() || !said.lines().any(|it| it.starts_with(&banned)) {
        bail!("{} does not refuse {dependency} in {manifest} ({table}):\n{said}", refused_by.file);
    }
    println!("refused, as it should be: {dependency} in {manifest} ({table})");
    Ok(())
}

fn check(deny: &CargoDeny, rules: Rules, root: &Path) -> anyhow::Result<Output> {
    let mut command = deny.check(rules, root);
    command.env("CARGO_TERM_COLOR", "never").output().context("could not start cargo-deny")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file of the workspace that Git keeps or would keep, in a temporary folder.
fn copy_of_workspace() -> anyhow::Result<TempDir> {
    let root = workspace::root();
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("could not start Git")?;
    ensure!(listed.status.success(), "Git could not list the workspace's files:\n{}", said(&listed));
    let copy = tempfile::Builder::new().prefix("family-plan-deny-").tempdir()?;
    for name in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let source = root.join(name);
        // Listed, yet removed and not committed so far.
        if !source.is_file() {
            continue;
        }
        let target = copy.path().join(name);
        fs::create_dir_all(target.parent().context("a file lies in a folder")?)?;
        fs::copy(&source, &target).with_context(|| format!("could not copy {name}"))?;
    }
    Ok(copy)
}
