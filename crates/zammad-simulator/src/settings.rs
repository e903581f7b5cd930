//! The settings of the helpdesk that an administrator may switch while it runs.

/// The settings that decide who gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `api_token_access`: whether API tokens are taken.
    pub api_token_access: bool,
    /// `api_password_access`: whether HTTP Basic is taken.
    pub api_password_access: bool,
    /// `maintenance_mode`: whether only holders of `admin.maintenance` get in.
    pub maintenance_mode: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { api_token_access: true, api_password_access: true, maintenance_mode: false }
    }
}
