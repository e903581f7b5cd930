//! The calls the simulator knows, told by method and path.

use axum::http::Method;

/// A call of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `POST /api/v1/user_access_token`
    MintToken,
    /// `GET /api/v1/user_access_token`
    ListTokens,
    /// `DELETE /api/v1/user_access_token/:id`
    DeleteToken,
    /// `GET /api/v1/users`
    ListUsers,
    /// `GET /api/v1/users/:id`
    ShowUser,
    /// `GET /api/v1/users/me`
    CurrentUser,
    /// `GET` or `POST /api/v1/users/search`
    SearchUsers,
    /// `POST /api/v1/users`
    CreateUser,
    /// `PUT /api/v1/users/:id`
    UpdateUser,
    /// `DELETE /api/v1/users/:id`
    DeleteUser,
    /// `GET /api/v1/organizations`
    ListOrganizations,
    /// `GET /api/v1/organizations/:id`
    ShowOrganization,
    /// `POST /api/v1/organizations`
    CreateOrganization,
    /// `PUT /api/v1/organizations/:id`
    UpdateOrganization,
    /// `GET /api/v1/object_manager_attributes`
    ListAttributes,
    /// `POST /api/v1/object_manager_attributes`
    CreateAttribute,
    /// `POST /api/v1/object_manager_attributes_execute_migrations`
    MigrateAttributes,
    /// `GET /api/v1/webhooks`
    ListWebhooks,
    /// `GET /api/v1/webhooks/:id`
    ShowWebhook,
    /// `POST /api/v1/webhooks`
    CreateWebhook,
    /// `PUT /api/v1/webhooks/:id`
    UpdateWebhook,
    /// `DELETE /api/v1/webhooks/:id`
    DeleteWebhook,
    /// `GET /api/v1/version`
    Version,
    /// `GET /api/v1/signshow`
    Signshow,
    /// `GET /api/v1/getting_started`
    GettingStarted,
    /// Anything else; answered with 404.
    Unknown,
}

impl Operation {
    /// Every call about tokens.
    pub const TOKENS: &'static [Self] = &[Self::MintToken, Self::ListTokens, Self::DeleteToken];

    /// Every call about users.
    pub const USERS: &'static [Self] = &[
        Self::ListUsers,
        Self::ShowUser,
        Self::CurrentUser,
        Self::SearchUsers,
        Self::CreateUser,
        Self::UpdateUser,
        Self::DeleteUser,
    ];

    /// The operation, and the record's id when its path holds one.
    pub(crate) fn route<'path>(method: &Method, path: &'path str) -> (Self, &'path str) {
        let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
        let ["api", "v1", rest @ ..] = segments.as_slice() else {
            return (Self::Unknown, "");
        };
        match (method.as_str(), rest) {
            ("POST", ["user_access_token"]) => (Self::MintToken, ""),
            ("GET", ["user_access_token"]) => (Self::ListTokens, ""),
            ("DELETE", ["user_access_token", id]) => (Self::DeleteToken, id),
            ("GET", ["users"]) => (Self::ListUsers, ""),
            ("POST", ["users"]) => (Self::CreateUser, ""),
            ("GET", ["users", "me"]) => (Self::CurrentUser, ""),
            ("GET" | "POST", ["users", "search"]) => (Self::SearchUsers, ""),
            ("GET", ["users", id]) => (Self::ShowUser, id),
            ("PUT", ["users", id]) => (Self::UpdateUser, id),
            ("DELETE", ["users", id]) => (Self::DeleteUser, id),
            ("GET", ["organizations"]) => (Self::ListOrganizations, ""),
            ("POST", ["organizations"]) => (Self::CreateOrganization, ""),
            ("GET", ["organizations", id]) => (Self::ShowOrganization, id),
            ("PUT", ["organizations", id]) => (Self::UpdateOrganization, id),
            ("GET", ["object_manager_attributes"]) => (Self::ListAttributes, ""),
            ("POST", ["object_manager_attributes"]) => (Self::CreateAttribute, ""),
            ("POST", ["object_manager_attributes_execute_migrations"]) => (Self::MigrateAttributes, ""),
            ("GET", ["webhooks"]) => (Self::ListWebhooks, ""),
            ("POST", ["webhooks"]) => (Self::CreateWebhook, ""),
            ("GET", ["webhooks", id]) => (Self::ShowWebhook, id),
            ("PUT", ["webhooks", id]) => (Self::UpdateWebhook, id),
            ("DELETE", ["webhooks", id]) => (Self::DeleteWebhook, id),
            ("GET", ["version"]) => (Self::Version, ""),
            ("GET", ["signshow"]) => (Self::Signshow, ""),
            ("GET", ["getting_started"]) => (Self::GettingStarted, ""),
            _ => (Self::Unknown, ""),
        }
    }
}
