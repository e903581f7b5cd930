//! What every table has in common.
//!
//! MySQL and MariaDB cannot roll a table back, so every step can also be run again after half of it was done.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

pub(crate) fn create(manager: &SchemaManager<'_>, name: &'static str) -> TableCreateStatement {
    let mut table = Table::create().table(name).if_not_exists().take();
    if manager.get_database_backend() == DbBackend::MySql {
        // The others compare exactly anyway: ids of users differ in upper and lower case.
        table.character_set("utf8mb4").collate("utf8mb4_bin");
    }
    table
}

pub(crate) async fn create_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    create_index_unless_there(manager, table, name, Index::create().take(), columns).await
}

pub(crate) async fn create_unique_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    create_index_unless_there(manager, table, name, Index::create().unique().take(), columns).await
}

async fn create_index_unless_there(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    mut index: IndexCreateStatement,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    if manager.has_index(table, name).await? {
        return Ok(());
    }
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}

pub(crate) async fn drop_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
) -> Result<(), DbErr> {
    if manager.has_index(table, name).await? {
        manager.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
    }
    Ok(())
}

pub(crate) async fn add_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    if manager.has_column(table, column.get_column_name()).await? {
        return Ok(());
    }
    // One at a time: SQLite adds no more.
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}

pub(crate) fn unique(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().unique().name(name).take();
    for column in columns {
        index.col(*column);
    }
    index
}

pub(crate) fn reference(
    table: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().name(format!("fk_{table}_{column}")).from(table, column).to(to, "id").take()
}
