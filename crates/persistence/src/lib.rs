//! Keeps plans, users, settings and what is known of the helpdesk in a SQL database: SQLite, PostgreSQL, or MariaDB/MySQL, whichever the URL names.

mod connection;
mod endpoints;
mod entity;
mod error;
mod events;
mod facts;
mod feed;
mod idempotency_keys;
mod inbox;
mod instant;
mod invite_register;
mod outbox;
mod person;
mod plan_writes;
mod plans;
mod retry;
mod rows;
mod settings;
mod sweeps;
mod syncs;
mod users;
mod zammad_users;

pub use connection::{ConnectError, Database, Engine};
pub use endpoints::SqlEndpoints;
pub use feed::SqlEventFeed;
pub use idempotency_keys::SqlIdempotencyKeys;
pub use inbox::SqlInbox;
pub use invite_register::SqlInviteRegister;
pub use outbox::SqlOutbox;
pub use plan_writes::SqlPlanWrites;
pub use plans::SqlPlans;
pub use settings::SqlSettings;
pub use sweeps::SqlSweeps;
pub use syncs::SqlSyncs;
pub use users::SqlUsers;
pub use zammad_users::SqlZammadUsers;
