//! Pending invites are found without those that were accepted before, of which a plan whose members come and go has ever
//! more.

use sea_orm_migration::prelude::*;

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table::create_index(
            manager,
            "invites",
            "ix_invites_plan_id_pending",
            &["plan_id", "state", "reopened", "expires_at"],
        )
        .await?;
        table::drop_index(manager, "invites", "ix_invites_plan_id_state").await
    }
}
