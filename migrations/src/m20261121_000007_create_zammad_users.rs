//! Zammad's users as they were last heard of, and what it takes to find ours among them.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, boolean, string_len, string_len_null},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let zammad_users = table::create(manager, "zammad_users")
            .col(big_integer("zammad_user_id").primary_key())
            // In lower case.
            .col(string_len_null("email", 255))
            .col(string_len("firstname", 255))
            .col(string_len("lastname", 255))
            .col(boolean("active"))
            .col(big_integer("updated_at"))
            .col(big_integer("seen_at"))
            .col(big_integer_null("vanished_at"))
            .take();
        manager.create_table(zammad_users).await?;
        table::create_index(manager, "zammad_users", "ix_zammad_users_email", &["email"]).await?;

        // In lower case, too.
        table::add_column(manager, "users", string_len_null("verified_email", 254)).await?;
        // When somebody last took the association away by hand; null again once somebody gave one.
        table::add_column(manager, "users", big_integer_null("zammad_unlinked_at")).await?;
        table::create_index(manager, "users", "ix_users_verified_email", &["verified_email"]).await
    }
}
