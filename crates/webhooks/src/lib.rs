//! Tells endpoints of events: Standard Webhooks 1.0.0 over HTTP.
//!
//! Whoever names an endpoint makes the service send requests. So they only go to public addresses, unless an operator
//! allows others, and what is checked is the very address that is connected to.

mod address;
mod resolver;
mod sender;
mod target;

pub use self::sender::{Render, SetupError, WebhookSender};
