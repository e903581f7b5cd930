//! Invites that can still be accepted are found by when they end. An index that began with their state was one more way
//! to a plan's own, and a database without statistics may take it: past the invites of all plans.

use sea_orm_migration::prelude::*;

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::create_index(manager, "invites", "ix_invites_expires_at", &["expires_at", "id"]).await?;
        table::drop_index(manager, "invites", "ix_invites_state_expires_at").await
    }
}
