//! Webhooks as an administrator sets them up.

use time::OffsetDateTime;

/// How a webhook is sent; anything but `Post` exists since 7.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "a variant is the method it names")]
pub enum WebhookMethod {
    #[default]
    Post,
    Put,
    Patch,
    Delete,
}

impl WebhookMethod {
    /// The method with this name, in lower case, as the API has it.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        [Self::Post, Self::Put, Self::Patch, Self::Delete].into_iter().find(|it| it.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// A webhook, and the trigger that fires it for every ticket.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The number in every URL.
    pub id: u64,
    /// What people call it.
    pub name: String,
    /// The name of the trigger, for `X-Zammad-Trigger`.
    pub trigger: String,
    /// Where it is sent.
    pub endpoint: String,
    /// How it is sent.
    pub method: WebhookMethod,
    /// The key of the signature; without one, none is sent.
    pub signature_token: Option<String>,
    /// For HTTP Basic, together with the password.
    pub basic_auth_username: Option<String>,
    /// For HTTP Basic, together with the user name.
    pub basic_auth_password: Option<String>,
    /// For `Authorization: Bearer`, which comes before HTTP Basic; since 7.0.
    pub bearer_token: Option<String>,
    /// The template of what is sent instead of the default payload.
    pub custom_payload: Option<String>,
    /// Whether it is sent.
    pub active: bool,
    /// When it was set up.
    pub created_at: OffsetDateTime,
    /// When it was changed last.
    pub updated_at: OffsetDateTime,
}

/// A webhook to add.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    pub(crate) endpoint: String,
    pub(crate) trigger: String,
    pub(crate) method: WebhookMethod,
    pub(crate) signature_token: Option<String>,
    pub(crate) basic: Option<(String, String)>,
    pub(crate) bearer_token: Option<String>,
    pub(crate) custom_payload: Option<String>,
    pub(crate) active: bool,
}

impl NewWebhook {
    /// A webhook that is posted to `endpoint` without a signature.
    #[must_use]
    pub fn to(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            trigger: "Tell family-plan".to_owned(),
            method: WebhookMethod::Post,
            signature_token: None,
            basic: None,
            bearer_token: None,
            custom_payload: None,
            active: true,
        }
    }

    /// Sign with `signature_token`.
    #[must_use]
    pub fn signed_with(self, signature_token: impl Into<String>) -> Self {
        Self { signature_token: Some(signature_token.into()), ..self }
    }

    /// Name the trigger that fires it.
    #[must_use]
    pub fn trigger(self, name: impl Into<String>) -> Self {
        Self { trigger: name.into(), ..self }
    }

    /// Send it with `method`.
    #[must_use]
    pub fn method(self, method: WebhookMethod) -> Self {
        Self { method, ..self }
    }

    /// Show a user name and a password.
    #[must_use]
    pub fn basic(self, username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { basic: Some((username.into(), password.into())), ..self }
    }

    /// Show a bearer token.
    #[must_use]
    pub fn bearer(self, token: impl Into<String>) -> Self {
        Self { bearer_token: Some(token.into()), ..self }
    }

    /// Send `template`, filled in, instead of the default payload.
    #[must_use]
    pub fn custom_payload(self, template: impl Into<String>) -> Self {
        Self { custom_payload: Some(template.into()), ..self }
    }

    /// Do not send it.
    #[must_use]
    pub fn inactive(self) -> Self {
        Self { active: false, ..self }
    }
}
