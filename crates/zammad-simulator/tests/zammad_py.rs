//! The simulator under `zammad_py`, a client that nobody here wrote.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use family_plan_zammad_simulator::{Config, Operation, Simulator};

/// Installed packages, dependencies included.
const REQUIREMENTS: &str = include_str!("requirements.txt");

fn run(command: &mut Command, advice: &str) -> Output {
    let output = command.output().unwrap_or_else(|err| panic!("cannot run {command:?}: {err}\n{advice}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed\n{stdout}\n{stderr}\n{advice}");
    output
}

/// A Python with `zammad_py`. The environment is kept under Cargo's target directory, so that only the first run
/// needs the network.
fn python() -> PathBuf {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zammad_py-environment");
    let python = environment.join("bin").join("python");
    // Written last, so an interrupted installation is begun again.
    let installed = environment.join("installed-requirements.txt");
    if python.exists() && fs::read_to_string(&installed).is_ok_and(|it| it == REQUIREMENTS) {
        return python;
    }
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("requirements.txt");
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment),
        "this test needs Python 3.9 or later as `python3`, with venv (Debian: apt install python3-venv)",
    );
    run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--requirement",
            ])
            .arg(&requirements),
        "this test needs pip (Debian: apt install python3-pip), and PyPI on its first run",
    );
    fs::write(&installed, REQUIREMENTS).unwrap();
    python
}

#[test]
fn zammad_py_takes_the_simulator_for_a_zammad() {
    let python = python();
    let simulator = Simulator::start(&Config::default()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("zammad_py_check.py");

    let output = run(
        Command::new(python)
            .arg(script)
            .args([&simulator.url(), simulator.admin_token(), simulator.agent_token()])
            .env("NO_PROXY", "127.0.0.1"),
        "the simulator is not what zammad_py expects",
    );

    assert!(String::from_utf8_lossy(&output.stdout).ends_with("7 checks passed\n"));
    assert!(simulator.requests().iter().all(|it| it.header("user-agent") == Some("Zammad API Python")));
    assert_eq!(simulator.request_count(Operation::Unknown), 0);
    assert!(simulator.tokens_named("zammad_py").is_empty());
    assert_eq!(simulator.users().len(), 14);
}
