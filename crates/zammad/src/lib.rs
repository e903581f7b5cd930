//! The HTTP adapter to a Zammad helpdesk: it mints the secrets of invites, reads users and verifies webhooks.
//!
//! [`ZammadClient`] knows the wire; [`ZammadTokens`] puts it behind the ports `InviteTokens` and `IssuedTokens`,
//! [`ZammadDirectory`] behind `HelpDeskUsers`, [`WebhookPayloads`]
//! behind `DeliveryReader`. [`WebhookSecrets`] says whether a delivery is Zammad's.

mod answer;
mod attempts;
mod breaker;
mod capabilities;
mod change_search;
mod check_up;
mod client;
mod config;
mod credential;
mod directory;
mod error;
mod expiry;
mod invite_tokens;
mod issued_tokens;
mod known_change_search;
mod observer;
mod pace;
mod patience;
mod person;
mod plan_attribute;
mod readiness;
mod refusal;
mod system_zone;
mod token_name;
mod tokens;
mod traced;
mod users;
mod version;
mod webhook_credential;
mod webhook_payload;
mod webhook_signature;
mod zone;

pub use breaker::BreakerState;
pub use capabilities::{Capabilities, TokenAccount, UserScope};
pub use change_search::ChangeSearch;
pub use check_up::{AttributeFinding, CheckUp, Finding};
pub use client::ZammadClient;
pub use config::{AddHeaders, ConfigError, ZammadConfig};
pub use credential::UnusableToken;
pub use directory::{DirectoryError, ZammadDirectory};
pub use error::{UnreadableReason, ZammadError};
pub use invite_tokens::ZammadTokens;
pub use observer::{RequestObserver, RequestOperation, RequestOutcome};
pub use pace::Pace;
pub use plan_attribute::{PlanAttribute, UnusableAttribute};
pub use refusal::Refusal;
pub use users::{PageSize, UserRecord};
pub use version::{UnknownVersion, Version};
pub use webhook_credential::WebhookCredential;
pub use webhook_payload::WebhookPayloads;
pub use webhook_signature::{SignatureRefusal, WebhookSecrets};
pub use zone::{UnknownZone, Zone};
