//! `family-plan import`: from one database into another, of whatever engines.

use anyhow::{Context, bail, ensure};
use family_plan_persistence::Database;
use secrecy::ExposeSecret;

use crate::{
    configuration::{LogConfiguration, Sources},
    telemetry,
};

/// Takes over what is in the database at `from`, and says how much that was.
pub(crate) async fn run(sources: Sources, from: &str) -> anyhow::Result<()> {
    telemetry::begin(
        &LogConfiguration { filter: "error".to_owned(), ..LogConfiguration::default() },
        None,
        None,
    );
    let configuration = sources.database()?;
    let other =
        Database::connect_read_only(from).await.context("the database to take over cannot be read")?;
    let pending = other.pending_migrations().await.context("the database to take over cannot be read")?;
    if !pending.is_empty() {
        bail!(
            "the database to take over lacks {} migration(s): run this version's `migrate` on it",
            pending.len()
        );
    }
    let database = Database::connect(configuration.url.expose_secret(), 1).await?;
    database.migrate().await.context("the database's schema cannot be brought up to date")?;
    ensure!(
        database.is_blank().await?,
        "the configured database is not empty, and nothing was written into it"
    );
    let transferred = database.take_over(&other).await.context("nothing was taken over")?;
    for (table, n_rows) in transferred {
        println!("{table:<20}{n_rows:>12}");
    }
    database.close().await?;
    Ok(())
}
