//! Judges whether a page can be used by everybody, with axe-core.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use tokio::sync::OnceCell;

use super::chromium::Browser;

/// The version is pinned in there.
const PACKAGE: &str = include_str!("../../../axe/package.json");
const LOCK: &str = include_str!("../../../axe/package-lock.json");

const ADVICE: &str =
    "axe-core comes from npm (Debian: apt install nodejs npm), which needs its registry on the first run";

/// Everything axe-core finds: what breaks a rule of WCAG 2.2 AA or good practice, and where.
pub(super) async fn violations(browser: &Browser) -> Vec<String> {
    let script = format!(
        "{}\nconst done = arguments[arguments.length - 1];\
         axe.run({{resultTypes: ['violations']}}).then(it => done(it.violations), err => done(String(err)));",
        source().await
    );
    let found = browser.run_until_called(&script).await;
    let found = found.as_array().unwrap_or_else(|| panic!("axe-core failed: {found}"));
    found.iter().map(described).collect()
}

fn described(violation: &Value) -> String {
    let word = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let nodes = nodes.map(|it| format!("{} {}", word(it, "html"), word(it, "failureSummary")));
    format!(
        "{}: {}: {}",
        word(violation, "id"),
        word(violation, "help"),
        nodes.collect::<Vec<_>>().join("; ")
    )
}

/// The script, installed once and kept under Cargo's target directory, so that only the first run needs the network.
async fn source() -> &'static str {
    static SOURCE: OnceCell<String> = OnceCell::const_new();
    SOURCE.get_or_init(async || tokio::task::spawn_blocking(install).await.unwrap()).await
}

fn install() -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe-core");
    // Written last, so an interrupted installation is begun again.
    let installed = folder.join("installed-package-lock.json");
    if !fs::read_to_string(&installed).is_ok_and(|it| it == LOCK) {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), PACKAGE).unwrap();
        fs::write(folder.join("package-lock.json"), LOCK).unwrap();
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        let output = npm.output().unwrap_or_else(|err| panic!("cannot run npm: {err}\n{ADVICE}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "npm failed: {said}\n{ADVICE}");
        fs::write(&installed, LOCK).unwrap();
    }
    fs::read_to_string(folder.join("node_modules").join("axe-core").join("axe.min.js")).unwrap()
}
