//! What the tests need from the machine, and how Debian's packages bring it.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{
    group::{Group, shown},
    interrupt, programs,
};

/// Debian asks this file whether a package may start its service; exit code 101 says no.
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";

/// How often the package lists are asked for: somebody else may be holding their lock, for which `apt-get`
/// does not wait.
const UPDATE_ATTEMPTS: usize = 12;

/// Something that has to be on the machine.
struct Need {
    what: &'static str,
    packages: &'static [&'static str],
    is_met: fn() -> bool,
}

const NEEDS: [Need; 7] = [
    Need {
        what: "PostgreSQL",
        packages: &["postgresql"],
        is_met: || {
            let clients = ["pg_dump", "pg_restore"].iter().all(|it| programs::find(it).is_some());
            clients && programs::postgres_folder().is_some()
        },
    },
    Need {
        what: "MariaDB",
        packages: &["mariadb-server"],
        is_met: || {
            let needed = ["mariadbd", "mariadb-install-db", "mariadb", "mariadb-dump"];
            needed.iter().all(|it| programs::find(it).is_some())
        },
    },
    Need {
        what: "Python with venv and pip",
        packages: &["python3", "python3-venv", "python3-pip"],
        is_met: has_python,
    },
    Need {
        what: "Chromium with its driver",
        // Without a font, Chromium writes nothing but boxes.
        packages: &["chromium", "chromium-driver", "fonts-dejavu-core"],
        is_met: || ["chromium", "chromedriver"].iter().all(|it| programs::find(it).is_some()),
    },
    Need {
        what: "Node.js with npm",
        packages: &["nodejs", "npm"],
        is_met: || ["node", "npm"].iter().all(|it| programs::find(it).is_some()),
    },
    Need { what: "promtool", packages: &["prometheus"], is_met: || programs::find("promtool").is_some() },
    Need {
        what: "systemd's own checker of units",
        packages: &["systemd"],
        is_met: || programs::find("systemd-analyze").is_some(),
    },
];

/// Make sure that everything the tests need is there, and install what is missing if we may.
///
/// No service of the machine is started, stopped or used.
pub(crate) fn provide() -> anyhow::Result<()> {
    let missing = unmet();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().flat_map(|it| it.packages).copied().collect();
    let names = missing.iter().map(|it| it.what).collect::<Vec<_>>().join(", ");
    let packages_named = packages.join(" ");
    if !rustix::process::geteuid().is_root() || programs::find("apt-get").is_none() {
        bail!(
            "the tests need {names}, which this machine does not have; \
             please install it (Debian's packages: {packages_named})"
        );
    }
    eprintln!("xtask: installing {packages_named}, since the tests need {names}");
    install(&packages)?;
    if let Some(need) = unmet().first() {
        bail!("{} is still missing, although {} are installed", need.what, need.packages.join(", "));
    }
    Ok(())
}

fn unmet() -> Vec<&'static Need> {
    NEEDS.iter().filter(|it| !(it.is_met)()).collect()
}

fn has_python() -> bool {
    let mut probe = Command::new("python3");
    probe.args(["-c", "import ensurepip, venv"]).stdin(Stdio::null());
    probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
}

fn install(packages: &[&str]) -> anyhow::Result<()> {
    let _policy = NoServices::declare()?;
    update()?;
    let mut install = apt_get();
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    if !apply(&mut install)? {
        bail!("{} failed", shown(&install));
    }
    Ok(())
}

fn update() -> anyhow::Result<()> {
    for _ in 0..UPDATE_ATTEMPTS {
        if apply(apt_get().arg("update"))? {
            return Ok(());
        }
        thread::sleep(Duration::from_secs(5));
    }
    bail!("{} failed", shown(apt_get().arg("update")));
}

/// Whether `command` succeeded. It is never cut short: a package left half installed is worse than a wait.
fn apply(command: &mut Command) -> anyhow::Result<bool> {
    let status = Group::start(command)?.wait_regardless()?;
    interrupt::check()?;
    Ok(status.success())
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-o", "DPkg::Lock::Timeout=300", "--quiet"]).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// While this lives, a package that is installed starts no service.
struct NoServices {
    is_ours: bool,
}

impl NoServices {
    fn declare() -> anyhow::Result<Self> {
        if Path::new(SERVICE_POLICY).exists() {
            return Ok(Self { is_ours: false });
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(SERVICE_POLICY)
            .with_context(|| format!("could not write {SERVICE_POLICY}"))?;
        let policy = Self { is_ours: true };
        file.write_all(b"#!/bin/sh\nexit 101\n")?;
        Ok(policy)
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if !self.is_ours {
            return;
        }
        if let Err(err) = fs::remove_file(SERVICE_POLICY) {
            eprintln!("xtask: please remove {SERVICE_POLICY}: {err}");
        }
    }
}
