//! The HTTP API: each operation turns a request into a call of a use case, and its result into an answer.

mod auth;
mod body;
mod cursor;
mod events;
mod idempotency;
mod invite_links;
mod invites;
mod members;
mod nullable;
mod parameter;
mod plans;
mod raw_body;
mod settings;
mod system;
mod users;
mod views;
mod webhook_endpoints;
mod zammad;

use poem_openapi::{OpenApiService, Tags};

pub(crate) use self::{
    auth::identify,
    idempotency::REPLAYED,
    invite_links::Accepting,
    invites::{Issuing, Resending},
    members::Detaching,
    views::render_event,
    zammad::Receiving,
};
use crate::naming::Named;

/// What operations are about.
#[derive(Tags)]
enum Topic {
    /// Family plans and their seats.
    Plans,
    /// The people in a plan.
    Members,
    /// Inviting people to a plan.
    Invites,
    /// Joining by an invite's link.
    Joining,
    /// Users, and the plan in force for them.
    Users,
    /// What happened, and who is told of it.
    Events,
    /// What administrators can set.
    Settings,
    /// What comes from the helpdesk.
    Helpdesk,
    /// Whether the service is well.
    Health,
}

type Api = (
    plans::PlansApi,
    members::MembersApi,
    invites::InvitesApi,
    invite_links::InviteLinksApi,
    users::UsersApi,
    events::EventsApi,
    webhook_endpoints::WebhookEndpointsApi,
    settings::SettingsApi,
    zammad::ZammadApi,
    system::SystemApi,
);

/// The operations and the document that describes them.
pub(crate) fn api() -> OpenApiService<Named<Api>, ()> {
    let api = (
        plans::PlansApi,
        members::MembersApi,
        invites::InvitesApi,
        invite_links::InviteLinksApi,
        users::UsersApi,
        events::EventsApi,
        webhook_endpoints::WebhookEndpointsApi,
        settings::SettingsApi,
        zammad::ZammadApi,
        system::SystemApi,
    );
    OpenApiService::new(Named(api), "family-plan", env!("CARGO_PKG_VERSION")).description(
        "A subscriber shares one subscription with a few people. This service decides who may join.\n\n\
         Instants are in UTC as RFC 3339. Lists come in pages: pass a page's `next_cursor` as `cursor` to get the next \
         one. Refusals and failures are `application/problem+json` (RFC 9457); decide by their `code`.\n\n\
         Opening a plan, issuing an invite, sending one again, adding a webhook endpoint and rotating its secret take an \
         `Idempotency-Key`, so that a request without an answer can be sent again: \
         for 24 hours the same caller, key and body are answered the same, with `Idempotency-Replayed: true`, whatever \
         happened since. Only successes are kept.",
    )
}
