//! Plans. Closed ones stay, for their history.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer_null, string_len, uuid},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let plans = table::create(manager, "plans")
            .col(uuid("id").primary_key())
            .col(string_len("name", 200))
            .col(string_len("owner_id", 255))
            .col(integer_null("user_limit"))
            .col(big_integer("revision"))
            .col(big_integer("created_at"))
            .col(big_integer_null("closed_at"))
            .check(Expr::cust("user_limit BETWEEN 1 AND 100"))
            .foreign_key(&mut table::reference("plans", "owner_id", "users"))
            .take();
        manager.create_table(plans).await?;
        table::create_index(manager, "plans", "ix_plans_owner_id", &["owner_id", "id"]).await
    }
}
