//! What domain values look like on the wire.

mod event_data;
mod events;
mod invites;
mod members;
mod plans;
mod settings;
mod users;
mod webhook_endpoints;
mod zammad;

pub(crate) use self::{
    events::{EventPage, render_event},
    invites::{InvitePreviewView, InviteStateView, InviteView},
    members::{MemberView, Role},
    plans::{PlanView, SeatsView},
    settings::{DetachedInvitesView, SettingsPreviewView, SettingsView},
    users::{MeView, PlanInForceView, UserView},
    webhook_endpoints::{EndpointView, EndpointWithSecretView, OutgoingView},
    zammad::{DeliveryView, SyncView, ZammadUserState, ZammadUserView},
};
