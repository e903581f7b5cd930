//! The HTTP adapter to a Zammad helpdesk: it mints the secrets of invites and reads users.
//!
//! [`ZammadClient`] knows the wire; [`ZammadTokens`] puts it behind the port `InviteTokens`.

mod answer;
mod attempts;
mod capabilities;
mod client;
mod config;
mod credential;
mod error;
mod expiry;
mod invite_tokens;
mod pace;
mod readiness;
mod refusal;
mod system_zone;
mod tokens;
mod users;
mod version;
mod zone;

pub use capabilities::{Capabilities, TokenAccount, UserScope};
pub use client::ZammadClient;
pub use config::{ConfigError, ZammadConfig};
pub use credential::UnusableToken;
pub use error::{UnreadableReason, ZammadError};
pub use invite_tokens::ZammadTokens;
pub use pace::Pace;
pub use refusal::Refusal;
pub use users::{PageSize, ZammadUser};
pub use version::{UnknownVersion, Version};
pub use zone::{UnknownZone, Zone};
