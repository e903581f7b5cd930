//! One function per call of the API: session and parameters in, answer or refusal out.

pub(crate) mod instance;
pub(crate) mod object_attributes;
pub(crate) mod organizations;
pub(crate) mod token_list;
pub(crate) mod tokens;
pub(crate) mod user_changes;
pub(crate) mod user_search;
pub(crate) mod users;
pub(crate) mod webhooks;
