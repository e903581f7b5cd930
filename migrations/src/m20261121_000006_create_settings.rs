//! The settings: exactly one row, which starts out with the defaults.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, integer, string_len, string_len_null},
    sea_orm::DbBackend,
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let settings = table::create(manager, "settings")
            .col(integer("id").primary_key())
            .col(integer("user_limit"))
            .col(integer("invite_ttl_seconds"))
            .col(boolean("pending_invites_hold_seats"))
            .col(string_len("detached_invites", 16))
            .col(big_integer("revision"))
            .col(big_integer("updated_at"))
            .col(string_len_null("updated_by", 255))
            .check(Expr::cust("id = 1"))
            .check(Expr::cust("user_limit BETWEEN 1 AND 100"))
            .check(Expr::cust("invite_ttl_seconds BETWEEN 60 AND 2592000"))
            .check(Expr::cust("detached_invites IN ('reopen', 'revoke')"))
            .take();
        manager.create_table(settings).await?;

        let defaults = Query::insert()
            .into_table("settings")
            .columns([
                "id",
                "user_limit",
                "invite_ttl_seconds",
                "pending_invites_hold_seats",
                "detached_invites",
                "revision",
                "updated_at",
            ])
            .values_panic([
                1.into(),
                5.into(),
                172_800.into(),
                true.into(),
                "reopen".into(),
                1_i64.into(),
                Expr::cust(now_in_milliseconds(manager.get_database_backend())),
            ])
            .on_conflict(OnConflict::column("id").do_nothing_on(["id"]).to_owned())
            .take();
        manager.execute(defaults).await
    }
}

fn now_in_milliseconds(engine: DbBackend) -> &'static str {
    match engine {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT)",
        DbBackend::MySql => "UNIX_TIMESTAMP() * 1000",
        _ => "CAST(strftime('%s', 'now') AS INTEGER) * 1000",
    }
}
