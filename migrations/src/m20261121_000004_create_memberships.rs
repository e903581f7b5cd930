//! Memberships, ended ones included: they tell who was ever detached from an invite.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, string_len, string_len_null, uuid, uuid_null},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let memberships = table::create(manager, "memberships")
            .col(uuid("id").primary_key())
            .col(uuid("plan_id"))
            .col(string_len("user_id", 255))
            .col(uuid_null("invite_id"))
            .col(big_integer("joined_at"))
            .col(big_integer_null("left_at"))
            // The user while the membership lasts, then null. One family at a time: a unique key lets any number of
            // nulls pass, on every engine.
            .col(string_len_null("active_user_id", 255))
            .index(&mut table::unique("uk_memberships_active_user_id", &["active_user_id"]))
            .check(Expr::cust("(left_at IS NULL) = (active_user_id IS NOT NULL)"))
            .check(Expr::cust("active_user_id = user_id"))
            .foreign_key(&mut table::reference("memberships", "plan_id", "plans"))
            .foreign_key(&mut table::reference("memberships", "user_id", "users"))
            .foreign_key(&mut table::reference("memberships", "invite_id", "invites"))
            .take();
        manager.create_table(memberships).await?;
        // The members of a plan, without those who left.
        table::create_index(
            manager,
            "memberships",
            "ix_memberships_plan_id_active",
            &["plan_id", "active_user_id"],
        )
        .await?;
        // Who was ever detached from an invite.
        table::create_index(
            manager,
            "memberships",
            "ix_memberships_invite_id_user_id",
            &["invite_id", "user_id"],
        )
        .await
    }
}
