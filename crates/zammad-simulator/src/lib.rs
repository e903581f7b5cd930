//! A stand-in Zammad helpdesk over HTTP, for tests and for the demo.
//!
//! [`Simulator::start`] serves tokens and users the way a real Zammad does, quirks included, and fails on demand
//! with a [`Failure`]. What it should do is written down in the Zammad contract; where the contract is silent the
//! simulator is strict.

mod answer;
mod authentication;
mod clock;
mod config;
mod connection;
mod credentials;
mod endpoints;
mod expiry;
mod failure;
mod helpdesk;
mod incoming;
mod inspection;
mod journal;
mod new_records;
mod operation;
mod page;
mod parameters;
mod permission;
mod randomness;
mod record_values;
mod refusal;
mod role;
mod search_query;
mod seed;
mod serving;
mod session;
mod settings;
mod shared;
mod simulator;
mod timestamp;
mod token;
mod user;
mod user_body;
mod version;

pub use clock::ManualClock;
pub use config::{Config, SearchBackend};
pub use failure::Failure;
pub use journal::RecordedRequest;
pub use new_records::{NewToken, NewUser};
pub use operation::Operation;
pub use seed::{ADMIN_LOGIN, ADMIN_TOKEN, AGENT_LOGIN, AGENT_TOKEN};
pub use settings::Settings;
pub use simulator::Simulator;
pub use token::Token;
pub use user::User;
pub use version::ZammadVersion;
