//! Endpoints that are told of events, and what became of it.

use family_plan_application::sealed;
use family_plan_domain::{DisableReason, Endpoint, Outgoing, OutgoingState};
use poem_openapi::{Enum, Object, types::ToJSON};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::api::nullable::Nullable;

/// Why an endpoint is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "DisabledReason")]
pub(crate) enum DisabledReasonView {
    /// An administrator asked for it.
    Requested,
    /// It answered 410.
    Gone,
    /// It took no event for about three days.
    Exhausted,
}

impl From<DisableReason> for DisabledReasonView {
    fn from(reason: DisableReason) -> Self {
        match reason {
            DisableReason::Requested => Self::Requested,
            DisableReason::Gone => Self::Gone,
            DisableReason::Exhausted => Self::Exhausted,
        }
    }
}

/// An endpoint that is told of events.
#[derive(Debug, Object)]
#[oai(rename = "WebhookEndpoint")]
pub(crate) struct EndpointView {
    /// Its id.
    id: Uuid,
    /// Where events are sent to.
    url: String,
    /// What administrators say of it.
    description: Nullable<String>,
    /// The types of events it is told of; empty for all.
    event_types: Vec<String>,
    /// Whether it is told of events. What happens while it is not is kept for it.
    enabled: bool,
    /// Why it is told nothing.
    disabled_reason: Nullable<DisabledReasonView>,
    /// Since when it is told nothing.
    disabled_at: Nullable<OffsetDateTime>,
    /// Until when the secret before the last one signs, too.
    previous_secret_until: Nullable<OffsetDateTime>,
    /// When it last took an event, to a minute.
    last_success_at: Nullable<OffsetDateTime>,
    /// Since when it is there.
    created_at: OffsetDateTime,
    /// When it was last changed.
    updated_at: OffsetDateTime,
}

impl From<Endpoint> for EndpointView {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id.into(),
            url: endpoint.url.to_string(),
            description: endpoint.description.map(|it| it.to_string()).into(),
            event_types: endpoint.filter.kinds().iter().map(|it| it.as_str().to_owned()).collect(),
            enabled: endpoint.disabled.is_none(),
            disabled_reason: endpoint.disabled.map(|it| it.reason.into()).into(),
            disabled_at: endpoint.disabled.map(|it| it.at).into(),
            previous_secret_until: endpoint.retiring.map(|it| it.until).into(),
            last_success_at: endpoint.last_success_at.into(),
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        }
    }
}

/// An endpoint and its secret, which is not shown again.
#[derive(Object)]
#[oai(rename = "WebhookEndpointWithSecret")]
pub(crate) struct EndpointWithSecretView {
    #[oai(flatten)]
    endpoint: EndpointView,
    /// What events are signed with: `whsec_` and base64.
    secret: String,
}

impl From<(Endpoint, SecretString)> for EndpointWithSecretView {
    fn from((endpoint, secret): (Endpoint, SecretString)) -> Self {
        Self { endpoint: endpoint.into(), secret: secret.expose_secret().to_owned() }
    }
}

impl EndpointWithSecretView {
    /// The words in which the answer is kept: with the secret as it is kept, too.
    pub(crate) fn in_words(endpoint: &Endpoint) -> String {
        Self { endpoint: endpoint.clone().into(), secret: sealed(endpoint) }.to_json_string()
    }
}

/// What became of telling an endpoint of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "EventDeliveryState")]
pub(crate) enum OutgoingStateView {
    /// It is still to be told, for the first time or again.
    Pending,
    /// It has taken it.
    Delivered,
    /// It took others, but not this one, however often that was tried.
    Failed,
}

impl From<OutgoingState> for OutgoingStateView {
    fn from(state: OutgoingState) -> Self {
        match state {
            OutgoingState::Pending => Self::Pending,
            OutgoingState::Delivered => Self::Delivered,
            OutgoingState::Failed => Self::Failed,
        }
    }
}

/// An event that an endpoint is, or was, to be told of.
#[derive(Debug, Object)]
#[oai(rename = "EventDelivery")]
pub(crate) struct OutgoingView {
    /// The event.
    event_id: Uuid,
    /// What kind of thing it tells.
    r#type: String,
    /// The plan it happened to.
    plan_id: Nullable<Uuid>,
    /// When it happened.
    timestamp: OffsetDateTime,
    /// What became of it.
    state: OutgoingStateView,
    /// How often it was sent.
    attempts: u32,
    /// When it was last sent.
    last_attempt_at: Nullable<OffsetDateTime>,
    /// The status of the last answer, if there was one.
    status: Nullable<u16>,
    /// What went wrong last.
    failure: Nullable<String>,
}

impl From<Outgoing> for OutgoingView {
    fn from(outgoing: Outgoing) -> Self {
        let last = outgoing.last_attempt;
        Self {
            event_id: outgoing.event.into(),
            r#type: outgoing.kind.as_str().to_owned(),
            plan_id: outgoing.plan.map(Into::into).into(),
            timestamp: outgoing.happened_at,
            state: outgoing.state.into(),
            attempts: outgoing.attempts,
            last_attempt_at: last.as_ref().map(|it| it.at).into(),
            status: last.as_ref().and_then(|it| it.status).into(),
            failure: last.and_then(|it| it.failure).into(),
        }
    }
}
