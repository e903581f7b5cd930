//! Endpoints, and what they are to be told.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, blob, blob_null, integer, integer_null, string_len, string_len_null,
        uuid, uuid_null,
    },
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_endpoints(manager).await?;
        create_outgoing_events(manager).await?;
        create_lanes(manager).await?;
        // What happened since a time is told again.
        table::create_index(manager, "events", "ix_events_at", &["at"]).await
    }
}

async fn create_endpoints(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let endpoints = table::create(manager, "webhook_endpoints")
        .col(uuid("id").primary_key())
        .col(big_integer("revision"))
        .col(string_len("url", 2000))
        .col(string_len_null("description", 500))
        // Names with commas between them; empty for all.
        .col(string_len("event_types", 2000))
        .col(string_len_null("disabled_reason", 16))
        .col(big_integer_null("disabled_at"))
        .col(blob("secret"))
        .col(blob_null("retiring_secret"))
        .col(big_integer_null("retiring_until"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("last_success_at"))
        .check(Expr::cust("disabled_reason IN ('requested', 'gone', 'exhausted')"))
        .check(Expr::cust("(disabled_reason IS NULL) = (disabled_at IS NULL)"))
        .check(Expr::cust("(retiring_secret IS NULL) = (retiring_until IS NULL)"))
        .take();
    manager.create_table(endpoints).await
}

async fn create_outgoing_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let outgoing = table::create(manager, "outgoing_events")
        .col(uuid("endpoint_id"))
        .col(big_integer("sequence"))
        .col(uuid("lane"))
        .col(string_len("state", 16))
        .col(integer("attempts"))
        .col(big_integer_null("attempted_at"))
        .col(integer_null("status"))
        .col(string_len_null("failure", 500))
        .primary_key(Index::create().col("endpoint_id").col("sequence"))
        .check(Expr::cust("state IN ('pending', 'delivered', 'failed')"))
        .foreign_key(
            table::reference("outgoing_events", "endpoint_id", "webhook_endpoints")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    manager.create_table(outgoing).await?;
    // The first of a lane, out of however many are kept.
    let columns = ["endpoint_id", "lane", "state", "sequence"];
    table::create_index(manager, "outgoing_events", "ix_outgoing_events_lane", &columns).await?;
    // Pages of those in one state.
    let columns = ["endpoint_id", "state", "sequence"];
    table::create_index(manager, "outgoing_events", "ix_outgoing_events_state", &columns).await?;
    // Those to forget.
    let columns = ["state", "attempted_at"];
    table::create_index(manager, "outgoing_events", "ix_outgoing_events_attempted_at", &columns).await
}

/// A lane has a row as long as there may be something pending in it.
async fn create_lanes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let lanes = table::create(manager, "outgoing_lanes")
        .col(uuid("endpoint_id"))
        .col(uuid("lane"))
        // Also until when whoever has taken it on may be at it.
        .col(big_integer("due_at"))
        .col(uuid_null("claimed_by"))
        // Counts what is added.
        .col(big_integer("version"))
        .col(integer("failures"))
        .col(big_integer_null("failing_since"))
        .primary_key(Index::create().col("endpoint_id").col("lane"))
        .foreign_key(
            table::reference("outgoing_lanes", "endpoint_id", "webhook_endpoints")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take();
    manager.create_table(lanes).await?;
    table::create_index(manager, "outgoing_lanes", "ix_outgoing_lanes_due_at", &["endpoint_id", "due_at"])
        .await
}
