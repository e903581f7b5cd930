//! Which of Zammad's users are to be told their plan.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let plan_writes = table::create(manager, "plan_writes")
            .col(big_integer("zammad_user_id").primary_key())
            .col(big_integer("due_at"))
            .col(integer("attempts"))
            .take();
        manager.create_table(plan_writes).await?;
        table::create_index(manager, "plan_writes", "ix_plan_writes_due_at", &["due_at", "zammad_user_id"])
            .await
    }
}
