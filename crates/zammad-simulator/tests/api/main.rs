//! The simulator over real HTTP, one rule of the contract per test.

mod authentication;
mod bulk;
mod errors;
mod failures;
mod helpdesk;
mod inspection;
mod object_attributes;
mod organizations;
mod receiver;
mod token_list;
mod token_minting;
mod user_changes;
mod user_reading;
mod user_search;
mod versions;
mod webhook_setup;
mod webhooks;
