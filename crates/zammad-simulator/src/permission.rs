//! The permission tree: which names there are, and when one covers another.

/// A permission as the token list shows it.
pub(crate) struct Permission {
    /// Its dotted name.
    pub(crate) name: &'static str,
    /// What people read.
    pub(crate) label: &'static str,
}

/// The permissions of an installation; an entry's position, counted from one, is its id.
pub(crate) const PERMISSIONS: &[Permission] = &[
    Permission { name: "admin", label: "Admin interface" },
    Permission { name: "admin.user", label: "Users" },
    Permission { name: "admin.group", label: "Groups" },
    Permission { name: "admin.role", label: "Roles" },
    Permission { name: "admin.organization", label: "Organizations" },
    Permission { name: "admin.webhook", label: "Webhook" },
    Permission { name: "admin.trigger", label: "Triggers" },
    Permission { name: "admin.object", label: "Objects" },
    Permission { name: "admin.api", label: "API" },
    Permission { name: "admin.maintenance", label: "Maintenance" },
    Permission { name: "admin.data_privacy", label: "Data privacy" },
    Permission { name: "user_preferences", label: "User preferences" },
    Permission { name: "user_preferences.access_token", label: "Token access" },
    Permission { name: "user_preferences.password", label: "Password" },
    Permission { name: "user_preferences.two_factor_authentication", label: "Two-factor authentication" },
    Permission { name: "user_preferences.notifications", label: "Notifications" },
    Permission { name: "user_preferences.language", label: "Language" },
    Permission { name: "user_preferences.linked_accounts", label: "Linked accounts" },
    Permission { name: "user_preferences.avatar", label: "Avatar" },
    Permission { name: "user_preferences.appearance", label: "Appearance" },
    Permission { name: "report", label: "Report" },
    Permission { name: "ticket", label: "Ticket" },
    Permission { name: "ticket.agent", label: "Agent tickets" },
    Permission { name: "ticket.customer", label: "Customer tickets" },
    Permission { name: "chat", label: "Chat" },
    Permission { name: "chat.agent", label: "Agent chat" },
    Permission { name: "cti", label: "Phone" },
    Permission { name: "cti.agent", label: "Agent phone" },
    Permission { name: "knowledge_base", label: "Knowledge base" },
    Permission { name: "knowledge_base.editor", label: "Knowledge base editor" },
    Permission { name: "knowledge_base.reader", label: "Knowledge base reader" },
];

/// Whether holding `held` is enough where `wanted` is asked for; `x.*` asks for `x` or any child of it.
pub(crate) fn covers(held: &str, wanted: &str) -> bool {
    match wanted.strip_suffix(".*") {
        Some(parent) => held == parent || is_child(held, parent),
        None => held == wanted || is_child(wanted, held),
    }
}

/// Whether `name` lies below `parent` in the tree.
pub(crate) fn is_child(name: &str, parent: &str) -> bool {
    name.strip_prefix(parent).is_some_and(|it| it.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_parent_covers_its_children() {
        assert!(covers("admin", "admin.user"));
        assert!(covers("admin", "admin"));
        assert!(covers("admin.user", "admin.user"));
    }

    #[test]
    fn a_child_does_not_cover_its_parent() {
        assert!(!covers("admin.user", "admin"));
        assert!(!covers("admin", "administrator"));
        assert!(!covers("ticket.agent", "ticket.agents"));
    }

    #[test]
    fn a_star_asks_for_any_child() {
        assert!(covers("admin.object", "admin.*"));
        assert!(covers("admin", "admin.*"));
        assert!(!covers("ticket.agent", "admin.*"));
    }
}
