//! Programs of `PyPI` and npm that tests need, installed once below Cargo's target directory, so that only the first run
//! needs the network.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Runs a program that must succeed.
pub(crate) fn run(command: &mut Command, advice: &str) -> Output {
    let output = command.output().unwrap_or_else(|err| panic!("cannot run {command:?}: {err}\n{advice}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed\n{stdout}\n{stderr}\n{advice}");
    output
}

/// The folder of a virtual environment with what `requirements`, a file in `source`, names.
pub(crate) fn from_pypi(name: &str, source: &Path) -> PathBuf {
    let requirements = source.join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).unwrap();
    let folder = installed(name, &wanted, |folder| {
        let venv = Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder.join("venv")).output();
        assert!(venv.is_ok_and(|it| it.status.success()), "this test needs Python 3.9 or later, with venv");
        run(
            Command::new(folder.join("venv/bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
                .arg("--requirement")
                .arg(&requirements),
            "this test needs pip, and PyPI on its first run",
        );
    });
    folder.join("venv")
}

/// The folder with what the `package-lock.json` in `source` names.
pub(crate) fn from_npm(name: &str, source: &Path) -> PathBuf {
    let wanted = fs::read_to_string(source.join("package-lock.json")).unwrap();
    installed(name, &wanted, |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(source.join(file), folder.join(file)).unwrap();
        }
        run(
            Command::new("npm")
                .args(["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"])
                .current_dir(folder),
            "this test needs Node.js 18 or later with npm, and npm's registry on its first run",
        );
    })
}

/// Tests of one process may want the same at once.
fn installed(name: &str, wanted: &str, install: impl FnOnce(&Path)) -> PathBuf {
    static INSTALLING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _installing = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Written last, so an interrupted installation is begun again.
    let mark = folder.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|it| it == wanted) {
        return folder;
    }
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    install(&folder);
    fs::write(&mark, wanted).unwrap();
    folder
}
