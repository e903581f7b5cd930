//! Users: what the identity provider and other services told of them.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer_null, string_len, string_len_null},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = table::create(manager, "users")
            .col(string_len("id", 255).primary_key())
            .col(string_len_null("email", 254))
            .col(string_len_null("name", 200))
            .col(string_len_null("individual_plan", 100))
            .col(big_integer_null("zammad_user_id"))
            .index(&mut table::unique("uk_users_zammad_user_id", &["zammad_user_id"]))
            .take();
        manager.create_table(users).await
    }
}
