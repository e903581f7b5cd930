//! How far the pulls of users and the sweeps of tokens got: exactly one row each, which starts out empty.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, string_len_null, uuid_null},
};

use crate::table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let syncs = table::create(manager, "zammad_syncs")
            .col(integer("id").primary_key())
            .col(big_integer("revision"))
            .col(string_len_null("requested", 16))
            .col(string_len_null("kind", 16))
            .col(big_integer_null("started_at"))
            .col(big_integer_null("next_page"))
            .col(big_integer_null("users_seen"))
            .col(big_integer_null("users_changed"))
            .col(big_integer_null("users_vanished"))
            .col(uuid_null("lease_holder"))
            .col(big_integer_null("lease_until"))
            .col(big_integer_null("finished_at"))
            .col(big_integer_null("full_finished_at"))
            .col(string_len_null("last_error", 500))
            .col(big_integer_null("known_until"))
            .check(Expr::cust("id = 1"))
            .check(Expr::cust("requested IN ('incremental', 'full')"))
            .check(Expr::cust("kind IN ('incremental', 'full')"))
            .check(Expr::cust("(kind IS NULL) = (started_at IS NULL)"))
            .check(Expr::cust("(lease_holder IS NULL) = (lease_until IS NULL)"))
            .take();
        manager.create_table(syncs).await?;
        insert_the_row(manager, "zammad_syncs").await?;

        let sweeps = table::create(manager, "zammad_sweeps")
            .col(integer("id").primary_key())
            .col(big_integer("revision"))
            .col(uuid_null("lease_holder"))
            .col(big_integer_null("lease_until"))
            .col(big_integer_null("finished_at"))
            .col(big_integer_null("account"))
            .col(big_integer_null("account_since"))
            .check(Expr::cust("id = 1"))
            .check(Expr::cust("(lease_holder IS NULL) = (lease_until IS NULL)"))
            .take();
        manager.create_table(sweeps).await?;
        insert_the_row(manager, "zammad_sweeps").await
    }
}

async fn insert_the_row(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    let row = Query::insert()
        .into_table(table)
        .columns(["id", "revision"])
        .values_panic([1.into(), 0_i64.into()])
        .on_conflict(OnConflict::column("id").do_nothing_on(["id"]).to_owned())
        .take();
    manager.execute(row).await
}
