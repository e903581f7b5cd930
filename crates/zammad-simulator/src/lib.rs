//! A stand-in Zammad helpdesk over HTTP, for tests and for the demo.
//!
//! [`Simulator::start`] serves tokens, users and what belongs to them the way a real Zammad does, quirks included, sends
//! webhooks about tickets, and fails on demand with a [`Failure`]. What it should do is written down in the Zammad
//! contract; where the contract is silent the simulator is strict.

mod answer;
mod authentication;
mod bulk;
mod clock;
mod condition;
mod config;
mod connection;
mod credentials;
mod custom_payload;
mod date_term;
mod deliveries;
mod delivery;
mod details;
mod endpoints;
mod expiry;
mod failure;
mod helpdesk;
mod incoming;
mod inspection;
mod journal;
mod lucene;
mod new_records;
mod object_attribute;
mod operation;
mod organization;
mod page;
mod parameters;
mod permission;
mod rails_json;
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
mod signature;
mod simulator;
mod ticket;
mod ticket_payload;
mod tickets;
mod timestamp;
mod token;
mod user;
mod user_body;
mod version;
mod webhook;
mod webhook_inspection;
mod webhook_request;

pub use clock::ManualClock;
pub use config::{Config, SearchBackend};
pub use delivery::{Attempt, Delivery, DeliveryState, Firing};
pub use details::Details;
pub use failure::Failure;
pub use journal::RecordedRequest;
pub use new_records::{NewToken, NewUser};
pub use operation::Operation;
pub use organization::Organization;
pub use seed::{ADMIN_LOGIN, ADMIN_TOKEN, AGENT_LOGIN, AGENT_TOKEN};
pub use settings::Settings;
pub use signature::hub_signature;
pub use simulator::Simulator;
pub use ticket::{Article, NewArticle, NewTicket, Ticket};
pub use token::Token;
pub use user::User;
pub use version::ZammadVersion;
pub use webhook::{NewWebhook, Webhook, WebhookMethod};
pub use webhook_request::WebhookRequest;
