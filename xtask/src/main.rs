//! Every automation of the workspace: `cargo xtask <command>`.

mod bench;
mod ci;
mod debian;
mod demo;
mod deny;
mod deny_test;
mod group;
mod interrupt;
mod openapi;
mod programs;
mod screenshots;
mod servers;
mod test;
mod workspace;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::interrupt::Interrupted;

/// The exit code that shells use for a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// The automation of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test, on private PostgreSQL and MariaDB servers that are gone afterwards.
    Test {
        /// Further arguments of `cargo test`, such as `-p family-plan-domain`; they make it a selection, of
        /// which no engine is required.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Measure speed and memory, and print the figures.
    Bench {
        /// Further arguments of `cargo bench`, such as `--bench cycles`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run what the CI server runs, in the same order: format, lints, docs, dependencies, tests, clean tree.
    Ci,
    /// Check which crate may depend on which, licences and sources, with cargo-deny.
    Deny,
    /// Prove that `deny` refuses a dependency that the architecture forbids.
    DenyTest,
    /// Write the server's OpenAPI document to `openapi/`.
    Openapi,
    /// Take pictures of every page, on a phone and at a desk, light and dark, into `target/screenshots`.
    Screenshots,
    /// Run the demo: the server with a simulated Zammad, and the whole story over HTTP.
    Demo {
        /// Further arguments of `family-plan demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(err) if err.is::<Interrupted>() => {
            eprintln!("xtask: {Interrupted}");
            ExitCode::from(INTERRUPTED)
        }
        Err(err) => {
            eprintln!("xtask: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    interrupt::listen()?;
    match task {
        Task::Test { arguments } => {
            let verdict = test::run(&arguments)?;
            print!("{verdict}");
            Ok(verdict.close())
        }
        Task::Bench { arguments } => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Task::Ci => ci::run(),
        Task::Deny => deny::run().map(|()| ExitCode::SUCCESS),
        Task::DenyTest => deny_test::run().map(|()| ExitCode::SUCCESS),
        Task::Openapi => openapi::write().map(|()| ExitCode::SUCCESS),
        Task::Screenshots => screenshots::take().map(|()| ExitCode::SUCCESS),
        Task::Demo { arguments } => Err(demo::become_demo(&arguments)),
    }
}
