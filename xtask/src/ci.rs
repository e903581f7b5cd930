//! What the CI server runs, in the order in which mistakes are cheap to find.

use std::{
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::{deny, deny_test, group, test, workspace};

/// A step that has run.
struct Step {
    name: &'static str,
    took: Duration,
}

/// Run every step until one fails.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut steps = Vec::new();
    step(&mut steps, "format", || cargo(&["fmt", "--all", "--check"]))?;
    step(&mut steps, "lints", lint)?;
    step(&mut steps, "documentation", document)?;
    step(&mut steps, "dependencies", deny::run)?;
    step(&mut steps, "forbidden dependencies are refused", deny_test::run)?;
    let verdict = step(&mut steps, "tests", || test::run(&[]))?;
    print!("{verdict}");
    if verdict.is_good() {
        step(&mut steps, "clean tree", refuse_dirty_tree)?;
    }
    println!();
    for Step { name, took } in steps {
        println!("{name:<36}{:>8.1} s", took.as_secs_f32());
    }
    Ok(verdict.close())
}

/// Run `work`, print its name first, and note how long it took.
fn step<T>(
    steps: &mut Vec<Step>,
    name: &'static str,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    println!("\n== {name}");
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    println!(
        "== {name}: {} after {:.1} s",
        if result.is_ok() { "done" } else { "failed" },
        took.as_secs_f32()
    );
    steps.push(Step { name, took });
    result.with_context(|| format!("step `{name}`"))
}

fn lint() -> anyhow::Result<()> {
    cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"])
}

fn document() -> anyhow::Result<()> {
    let mut command = workspace::cargo();
    command.args(["doc", "--workspace", "--no-deps", "--all-features", "--locked"]);
    group::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    group::run(workspace::cargo().args(arguments))
}

/// Whatever a step wrote should have been committed.
fn refuse_dirty_tree() -> anyhow::Result<()> {
    let answer = Command::new("git")
        .args(["status", "--porcelain"])
        .current_dir(workspace::root())
        .output()
        .context("could not start Git")?;
    let changes = String::from_utf8_lossy(&answer.stdout);
    if !answer.status.success() || !changes.is_empty() {
        bail!("the working tree is not clean; commit what was generated:\n{changes}");
    }
    Ok(())
}
