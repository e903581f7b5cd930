//! What the helpdesk's webhooks delivered, until it is applied and forgotten.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, binary_len, blob, custom, integer, string_len, string_len_null, uuid,
        uuid_null,
    },
    sea_orm::DbBackend,
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let body = match manager.get_database_backend() {
            // Its plain blobs end at 64 KiB.
            DbBackend::MySql => custom("body", "longblob"),
            _ => blob("body"),
        };
        let deliveries = table::create(manager, "zammad_deliveries")
            .col(uuid("id").primary_key())
            .col(binary_len("digest", 32))
            .col(string_len_null("delivery_id", 255))
            .col(big_integer("received_at"))
            .col(string_len("state", 16))
            .col(integer("attempts"))
            .col(string_len_null("reason", 500))
            .col(big_integer("size"))
            .col(uuid_null("claimed_by"))
            .col(big_integer_null("claimed_until"))
            .col(big_integer_null("settled_at"))
            // The last one on purpose: SQLite reads the others without it.
            .col(body)
            .check(Expr::cust("state IN ('pending', 'applied', 'ignored', 'failed')"))
            .check(Expr::cust("(state = 'pending') = (settled_at IS NULL)"))
            .check(Expr::cust("(claimed_by IS NULL) = (claimed_until IS NULL)"))
            .index(&mut table::unique("uk_zammad_deliveries_digest", &["digest"]))
            .take();
        manager.create_table(deliveries).await?;
        // Those to apply, and pages of those in one state, out of however many are kept.
        table::create_index(manager, "zammad_deliveries", "ix_zammad_deliveries_state", &["state", "id"])
            .await?;
        // Those to forget.
        table::create_index(
            manager,
            "zammad_deliveries",
            "ix_zammad_deliveries_settled_at",
            &["state", "settled_at"],
        )
        .await
    }
}
