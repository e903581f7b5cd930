//! Requests that may be sent again: who carries them out, then what they answered, for a while.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, binary_len, text_null, uuid},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = table::create(manager, "idempotency_keys")
            // Of the caller, the route and the key: it tells none of them.
            .col(binary_len("digest", 32).primary_key())
            .col(binary_len("body", 32))
            .col(uuid("holder"))
            // Null while somebody carries the request out.
            .col(text_null("answer"))
            // The end of the lease, then that of the answer.
            .col(big_integer("expires_at"))
            .take();
        manager.create_table(keys).await?;
        // Those to forget.
        table::create_index(manager, "idempotency_keys", "ix_idempotency_keys_expires_at", &["expires_at"])
            .await
    }
}
