//! What the tools themselves say: hadolint, dclint, kubernetes-validate and systemd-analyze.

use std::{fs, path::PathBuf, process::Command};

use super::{read, root};
use crate::installed::{from_npm, from_pypi, run};

/// The oldest version of Kubernetes that the manifests are for, and the newest that the tool knows.
const KUBERNETES: &[&str] = &["1.32", "1.37"];
/// In tenths: systemd's own services have 5.0 to 9.6, and 0.0 cannot reach the network.
const EXPOSURE: &str = "15";

/// The virtual environment with what comes from `PyPI`.
pub(super) fn linters() -> PathBuf {
    from_pypi("packaging-python", &root().join("tests/packaging"))
}

#[test]
fn hadolint_finds_nothing_in_the_dockerfile() {
    let mut hadolint = Command::new(linters().join("bin/hadolint"));
    run(hadolint.args(["--failure-threshold", "style", "Dockerfile"]).current_dir(root()), "");
}

#[test]
fn dclint_finds_nothing_in_the_compose_file() {
    let folder = from_npm("packaging-node", &root().join("tests/packaging"));
    let mut dclint = Command::new(folder.join("node_modules/.bin/dclint"));
    dclint.args(["--config", "tests/packaging/dclint.json", "--max-warnings", "0", "compose.yaml"]);
    run(dclint.current_dir(root()), "");
}

#[test]
fn the_manifests_are_what_kubernetes_takes() {
    let files = fs::read_dir(root().join("ops/kubernetes")).unwrap().map(|it| it.unwrap().path());
    // There is no schema of what is for kustomize.
    let files: Vec<_> = files.filter(|it| !it.ends_with("kustomization.yaml")).collect();
    assert!(6 < files.len());
    for version in KUBERNETES {
        let mut validate = Command::new(linters().join("bin/kubernetes-validate"));
        let output = run(validate.args(["--strict", "-k", version]).args(&files), "");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(said.matches(" passed for resource ").count(), files.len(), "{said}");
    }
}

/// systemd wants the program to be there, so that the unit is looked at with the one under test.
#[test]
fn the_unit_is_what_systemd_takes_and_is_shut_in() {
    let advice = "this test needs systemd-analyze (Debian: apt install systemd); no systemd has to run";
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("family-plan.service");
    let installed = "/usr/local/bin/family-plan";
    let text = read("ops/systemd/family-plan.service");
    assert!(text.contains(installed));
    assert!(!text.lines().any(|it| it.starts_with("ProcSubset=")), "process_start_time_seconds would be 0");
    fs::write(&unit, text.replace(installed, env!("CARGO_BIN_EXE_family-plan-under-test"))).unwrap();
    let output = run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit), advice);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let threshold = format!("--threshold={EXPOSURE}");
    run(Command::new("systemd-analyze").args(["security", "--offline=true", &threshold]).arg(&unit), advice);
}
