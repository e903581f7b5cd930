//! Events: the history of every plan, and of the settings.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, string_len, string_len_null, text, uuid, uuid_null},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let events = table::create(manager, "events")
            .col(uuid("id").primary_key())
            // Null for what happened to the settings.
            .col(uuid_null("plan_id"))
            .col(big_integer("revision"))
            .col(integer("position"))
            .col(string_len("kind", 32))
            .col(big_integer("at"))
            .col(string_len_null("actor", 255))
            .col(string_len_null("reason", 32))
            .col(string_len_null("request_id", 255))
            // JSON as text: the types that engines have for it do not keep the order of the names.
            .col(text("data"))
            .index(&mut table::unique(
                "uk_events_plan_id_revision_position",
                &["plan_id", "revision", "position"],
            ))
            .foreign_key(&mut table::reference("events", "plan_id", "plans"))
            .take();
        manager.create_table(events).await
    }
}
