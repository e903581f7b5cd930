//! The committed OpenAPI document.

use std::{fs, process::Stdio};

use anyhow::{Context, bail};

use crate::workspace;

/// Write what `family-plan openapi` prints to `openapi/family-plan.json`.
pub(crate) fn write() -> anyhow::Result<()> {
    let printed = workspace::cargo()
        .args(["run", "--locked", "--package", "family-plan-server", "--", "openapi"])
        .stderr(Stdio::inherit())
        .output()
        .context("could not start Cargo")?;
    if !printed.status.success() || printed.stdout.is_empty() {
        bail!("the server did not print its OpenAPI document: {}", printed.status);
    }
    let path = workspace::root().join("openapi/family-plan.json");
    fs::write(&path, printed.stdout).with_context(|| format!("could not write {}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}
