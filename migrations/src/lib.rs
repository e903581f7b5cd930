//! The schema, as steps that only go forward: the same on SQLite, PostgreSQL and MariaDB/MySQL.
//!
//! Instants are `BIGINT`: milliseconds since the Unix epoch, in UTC, exact on every engine.

mod lock;
mod m20261121_000001_create_users;
mod m20261121_000002_create_plans;
mod m20261121_000003_create_invites;
mod m20261121_000004_create_memberships;
mod m20261121_000005_create_events;
mod m20261121_000006_create_settings;
mod m20261121_000007_create_zammad_users;
mod m20261121_000008_create_plan_writes;
mod m20261121_000009_create_zammad_deliveries;
mod m20261121_000010_create_zammad_syncs_and_sweeps;
mod m20261121_000011_note_given_up_tokens;
mod m20261125_000012_index_pending_invites;
mod m20261125_000013_create_idempotency_keys;
mod m20261125_000014_number_events;
mod m20261125_000015_create_webhook_endpoints;
mod m20261126_000016_index_invites_by_expiry;
mod table;

use sea_orm_migration::{
    prelude::{DbErr, MigrationTrait, MigratorTrait},
    sea_orm::DatabaseConnection,
};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_create_users::Migration),
            Box::new(m20261121_000002_create_plans::Migration),
            Box::new(m20261121_000003_create_invites::Migration),
            Box::new(m20261121_000004_create_memberships::Migration),
            Box::new(m20261121_000005_create_events::Migration),
            Box::new(m20261121_000006_create_settings::Migration),
            Box::new(m20261121_000007_create_zammad_users::Migration),
            Box::new(m20261121_000008_create_plan_writes::Migration),
            Box::new(m20261121_000009_create_zammad_deliveries::Migration),
            Box::new(m20261121_000010_create_zammad_syncs_and_sweeps::Migration),
            Box::new(m20261121_000011_note_given_up_tokens::Migration),
            Box::new(m20261125_000012_index_pending_invites::Migration),
            Box::new(m20261125_000013_create_idempotency_keys::Migration),
            Box::new(m20261125_000014_number_events::Migration),
            Box::new(m20261125_000015_create_webhook_endpoints::Migration),
            Box::new(m20261126_000016_index_invites_by_expiry::Migration),
        ]
    }
}

/// Applies every step that is missing. Holds a lock meanwhile, so that several processes may start together.
///
/// # Errors
///
/// When the database fails, or knows steps that this version does not.
pub async fn migrate(database: &DatabaseConnection) -> Result<(), DbErr> {
    lock::migrate::<Migrator>(database).await
}

/// The names of the steps that are missing, in order. Changes nothing.
///
/// # Errors
///
/// When the database fails, or knows steps that this version does not.
pub async fn pending(database: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations_read_only(database).await?;
    Ok(pending.iter().map(|it| it.name().to_owned()).collect())
}
