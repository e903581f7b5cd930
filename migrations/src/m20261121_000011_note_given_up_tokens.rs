//! Whose token the service itself gave up: an invite that is open again later has none.

use sea_orm_migration::{prelude::*, schema::big_integer_null};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::add_column(manager, "invites", big_integer_null("token_given_up_at")).await?;
        // Those that need a token, out of however many there ever were.
        table::create_index(manager, "invites", "ix_invites_state_expires_at", &["state", "expires_at", "id"])
            .await
    }
}
