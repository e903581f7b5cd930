//! The events of all plans in one order. Those that there are get their places by the time at which they happened, but
//! each plan's in the order in which they were saved: the clocks of replicas differ.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer},
    sea_orm::DbBackend,
};

use crate::table;

/// Saves of the settings follow one another, too; what happens outside of plans has no order but its time.
const PLACES: &str = "
    SELECT id, ROW_NUMBER() OVER (ORDER BY reached, revision, id) AS place FROM (
        SELECT id, revision, MAX(at) OVER (PARTITION BY history ORDER BY revision, id) AS reached FROM (
            SELECT id, revision, at, CASE
                WHEN plan_id IS NOT NULL THEN plan_id
                WHEN kind = 'settings.updated' THEN NULL
                ELSE id
            END AS history
            FROM events
        ) AS histories
    ) AS ordered";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null until the event has its place: a unique key lets any number of nulls pass, and finds them, too.
        table::add_column(manager, "events", big_integer_null("sequence")).await?;
        number_events(manager).await?;
        table::create_unique_index(manager, "events", "uk_events_sequence", &["sequence"]).await?;

        let feed = table::create(manager, "event_feed")
            .col(integer("id").primary_key())
            .col(big_integer("last_sequence"))
            .check(Expr::cust("id = 1"))
            .take();
        manager.create_table(feed).await?;
        let last = Query::select()
            .expr(Expr::val(1))
            .expr(Expr::cust("COALESCE(MAX(sequence), 0)"))
            .from("events")
            // SQLite would take the conflict for a join without a condition here.
            .and_where(Expr::cust("1 = 1"))
            .take();
        let row = Query::insert()
            .into_table("event_feed")
            .columns(["id", "last_sequence"])
            .select_from(last)
            .map_err(|err| DbErr::Migration(err.to_string()))?
            .on_conflict(OnConflict::column("id").do_nothing_on(["id"]).to_owned())
            .take();
        manager.execute(row).await
    }
}

async fn number_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let update = match manager.get_database_backend() {
        DbBackend::MySql => format!(
            "UPDATE events JOIN ({PLACES}) AS places ON events.id = places.id SET events.sequence = places.place"
        ),
        _ => format!(
            "UPDATE events SET sequence = places.place FROM ({PLACES}) AS places WHERE events.id = places.id"
        ),
    };
    manager.get_connection().execute_unprepared(&update).await?;
    Ok(())
}
