//! What is in the helpdesk from the start: recorded shapes, our own people.

use serde::Deserialize;

use crate::organization::Organization;
use crate::user::User;

/// The login of the administrator, who has id 3.
pub const ADMIN_LOGIN: &str = "ada.lindqvist@example.com";

/// A token of the administrator, with the whole of `admin`.
pub const ADMIN_TOKEN: &str = "simulated-admin-token-Zm9yLXRlc3RzLWFuZC10aGUtZGVtby1vbmx5AAAAAA";

/// The login of the service account: an agent with id 4, without `admin.user`.
pub const AGENT_LOGIN: &str = "family-plan@example.com";

/// A token of the service account, for minting (`user_preferences.access_token`) and for reading users
/// (`ticket.agent`).
pub const AGENT_TOKEN: &str = "simulated-agent-token-Zm9yLXRlc3RzLWFuZC10aGUtZGVtby1vbmx5AAAAAA";

pub(crate) const ADMIN_TOKEN_PERMISSIONS: &[&str] = &["admin", "ticket.agent", "user_preferences"];
pub(crate) const AGENT_TOKEN_PERMISSIONS: &[&str] = &["ticket.agent", "user_preferences.access_token"];

/// What is in the helpdesk from the start.
#[derive(Deserialize)]
pub(crate) struct Seed {
    pub(crate) organizations: Vec<Organization>,
    pub(crate) users: Vec<User>,
}

impl Seed {
    /// The data of `data/seed.json`.
    pub(crate) fn read() -> serde_json::Result<Self> {
        serde_json::from_str(include_str!("../data/seed.json"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_system_user_comes_first() {
        let seed = Seed::read().unwrap();
        let system = &seed.users[0];

        assert_eq!(
            (system.id, system.login.as_str(), system.email.as_str(), system.active),
            (1, "-", "", false)
        );
        assert!(seed.users.is_sorted_by_key(|it| it.id));
    }

    #[test]
    fn the_known_tokens_look_like_tokens() {
        assert_eq!(ADMIN_TOKEN.len(), 64);
        assert_eq!(AGENT_TOKEN.len(), 64);
    }

    #[test]
    fn a_user_keeps_the_recorded_shape() {
        let file: Value = serde_json::from_str(include_str!("../data/seed.json")).unwrap();
        let seed = Seed::read().unwrap();

        for (user, recorded) in seed.users.iter().zip(file["users"].as_array().unwrap()) {
            assert_eq!(&serde_json::to_value(user).unwrap(), recorded);
        }
    }
}
