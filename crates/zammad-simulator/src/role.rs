//! The roles of a fresh installation.

/// A role.
pub(crate) struct Role {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) permissions: &'static [&'static str],
}

pub(crate) const ADMIN: u64 = 1;
pub(crate) const AGENT: u64 = 2;
pub(crate) const CUSTOMER: u64 = 3;

/// The roles of a fresh installation. Customers do not hold `user_preferences.access_token`.
pub(crate) const ROLES: &[Role] = &[
    Role {
        id: ADMIN,
        name: "Admin",
        permissions: &["admin", "user_preferences", "report", "knowledge_base.editor"],
    },
    Role {
        id: AGENT,
        name: "Agent",
        permissions: &[
            "chat.agent",
            "cti.agent",
            "knowledge_base.reader",
            "ticket.agent",
            "user_preferences",
        ],
    },
    Role {
        id: CUSTOMER,
        name: "Customer",
        permissions: &[
            "ticket.customer",
            "user_preferences.password",
            "user_preferences.two_factor_authentication",
            "user_preferences.language",
            "user_preferences.linked_accounts",
            "user_preferences.avatar",
            "user_preferences.appearance",
        ],
    },
];

/// The role with this id.
pub(crate) fn by_id(id: u64) -> Option<&'static Role> {
    ROLES.iter().find(|it| it.id == id)
}

/// The role with this name.
pub(crate) fn by_name(name: &str) -> Option<&'static Role> {
    ROLES.iter().find(|it| it.name.eq_ignore_ascii_case(name))
}

/// What the holder of these roles may do.
pub(crate) fn permissions_of(role_ids: &[u64]) -> Vec<&'static str> {
    let mut permissions = Vec::new();
    for role in role_ids.iter().filter_map(|it| by_id(*it)) {
        for permission in role.permissions {
            if !permissions.contains(permission) {
                permissions.push(*permission);
            }
        }
    }
    permissions
}
