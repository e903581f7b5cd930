//! Invites. That one has expired is never stored: it is a matter of the time.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, binary_len, boolean, string_len, string_len_null, uuid},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let invites = table::create(manager, "invites")
            .col(uuid("id").primary_key())
            .col(uuid("plan_id"))
            .col(string_len("state", 16))
            .col(boolean("reopened"))
            .col(string_len_null("recipient_email", 254))
            .col(string_len("issued_by", 255))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(string_len_null("used_by", 255))
            .col(big_integer_null("used_at"))
            .col(binary_len("code_hash", 32))
            .col(binary_len("token_hash", 32))
            .check(Expr::cust("state IN ('open', 'used', 'revoked')"))
            .check(Expr::cust("(state = 'used') = (used_by IS NOT NULL)"))
            .check(Expr::cust("(state = 'used') = (used_at IS NOT NULL)"))
            .index(&mut table::unique("uk_invites_code_hash", &["code_hash"]))
            .foreign_key(&mut table::reference("invites", "plan_id", "plans"))
            .take();
        manager.create_table(invites).await?;
        // Those that can be accepted, out of however many there ever were.
        table::create_index(
            manager,
            "invites",
            "ix_invites_plan_id_state",
            &["plan_id", "state", "expires_at"],
        )
        .await?;
        // Pages of a plan's invites.
        table::create_index(manager, "invites", "ix_invites_plan_id", &["plan_id", "id"]).await
    }
}
