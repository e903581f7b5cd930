//! Pictures of the pages.

use std::fs;

use anyhow::Context;

use crate::{debian, group, workspace};

/// The test that visits every page puts pictures into the folder that this names.
const SCREENSHOTS: &str = "FAMILY_PLAN_TEST_SCREENSHOTS";

/// Take one of every page, on a phone and at a desk, light and dark.
pub(crate) fn take() -> anyhow::Result<()> {
    debian::provide()?;
    let folder = workspace::target()?.join("screenshots");
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut command = workspace::cargo();
    command.args(["test", "--locked", "--package", "family-plan-tests", "--test", "http", "--", "browser::"]);
    group::run(command.env(SCREENSHOTS, &folder))?;
    eprintln!("wrote {}", folder.display());
    Ok(())
}
