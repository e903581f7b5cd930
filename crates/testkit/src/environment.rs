//! What tests find in their environment.

use std::path::PathBuf;

/// The URL of a server on which tests may make databases of their own.
///
/// # Panics
///
/// When the environment does not name one. Tests are never skipped: an engine that nobody tried is not supported.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is no configuration of the service, but of its tests")]
pub fn server_url(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `cargo xtask test`, which starts a private PostgreSQL and MariaDB")
    })
}

/// The folder that pictures of the pages are wanted in, if they are.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is no configuration of the service, but of its tests")]
pub fn screenshots() -> Option<PathBuf> {
    std::env::var("FAMILY_PLAN_TEST_SCREENSHOTS").ok().map(PathBuf::from)
}
