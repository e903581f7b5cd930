//! The tables: each row's columns, and how they become values of the domain.

pub(crate) mod event;
pub(crate) mod invite;
pub(crate) mod membership;
pub(crate) mod plan;
pub(crate) mod settings;
pub(crate) mod user;
