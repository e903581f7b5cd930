//! Keeps plans, users and settings in a SQL database: SQLite, PostgreSQL, or MariaDB/MySQL, whichever the URL names.

mod connection;
mod entity;
mod error;
mod events;
mod facts;
mod instant;
mod person;
mod plans;
mod rows;
mod settings;
mod users;

pub use connection::{ConnectError, Database, Engine};
pub use plans::SqlPlans;
pub use settings::SqlSettings;
pub use users::SqlUsers;
