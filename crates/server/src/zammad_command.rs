//! What operators ask about the helpdesk on the command line.

pub(crate) mod check;
mod progress;
mod sync;

use clap::{Args, Subcommand};

use crate::{
    configuration::{LogConfiguration, Sources},
    telemetry,
};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum ZammadCommand {
    /// Pull Zammad's users now, and show how far it gets.
    Sync(SyncArguments),
    /// Say what works with the configured Zammad, and which permission is missing.
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArguments {
    /// Read everybody, and not only what changed: only so are those noticed who are gone.
    #[arg(long)]
    full: bool,
}

impl ZammadCommand {
    pub(crate) async fn run(self, sources: Sources) -> anyhow::Result<()> {
        // What the commands say themselves is not logged as well.
        let filter = match self {
            Self::Sync(_) => "warn,family_plan_application::pull_users=error",
            Self::Check => "error",
        };
        let log = LogConfiguration { filter: filter.to_owned(), ..LogConfiguration::default() };
        telemetry::begin(&log, None, None);
        match self {
            Self::Sync(SyncArguments { full }) => {
                let (database, zammad) = sources.database_and_zammad()?;
                sync::run(database, zammad, full).await
            }
            Self::Check => check::run(sources.zammad()?).await,
        }
    }
}
