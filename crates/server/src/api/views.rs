//! What domain values look like on the wire.

mod events;
mod invites;
mod members;
mod plans;
mod settings;
mod users;
mod zammad;

pub(crate) use self::{
    events::EventView,
    invites::{InvitePreviewView, InviteStateView, InviteView},
    members::{MemberView, Role},
    plans::{PlanView, SeatsView},
    settings::{DetachedInvitesView, SettingsPreviewView, SettingsView},
    users::{MeView, PlanInForceView, UserView},
    zammad::{DeliveryView, SyncView, ZammadUserState, ZammadUserView},
};
