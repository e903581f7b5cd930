//! The tables: each row's columns, and how they become values of the domain.

pub(crate) mod delivery;
pub(crate) mod endpoint;
pub(crate) mod event;
pub(crate) mod event_feed;
pub(crate) mod idempotency_key;
pub(crate) mod invite;
mod lease;
pub(crate) mod membership;
pub(crate) mod outgoing_event;
pub(crate) mod outgoing_lane;
pub(crate) mod plan;
pub(crate) mod plan_write;
pub(crate) mod settings;
pub(crate) mod sweep;
pub(crate) mod sync;
pub(crate) mod user;
pub(crate) mod zammad_user;
