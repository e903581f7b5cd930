//! Settings.

use family_plan_domain::{Occupancy, Settings};
use poem_openapi::{Enum, Object};
use time::OffsetDateTime;

use crate::api::nullable::Nullable;

/// What becomes of the invite of somebody who is detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "DetachedInvites")]
pub(crate) enum DetachedInvitesView {
    /// It can be used again until its original expiry, by anybody but those detached from it.
    Reopen,
    /// It is revoked.
    Revoke,
}

/// The settings in force.
#[derive(Debug, Object)]
#[oai(rename = "Settings")]
pub(crate) struct SettingsView {
    /// Seats of a plan without a limit of its own, the owner's included.
    user_limit: u32,
    /// How long an invite can be accepted, in seconds, unless its issuer says otherwise.
    invite_ttl_seconds: u32,
    /// Whether an open invite holds a seat.
    pending_invites_hold_seats: bool,
    /// What becomes of the invite of somebody who is detached.
    detached_invites: DetachedInvitesView,
    /// Counts the changes; the `ETag` is made of it.
    revision: i64,
    /// When they were set.
    updated_at: OffsetDateTime,
    /// By whom; `null` while nobody has.
    updated_by: Nullable<String>,
}

impl From<Settings> for SettingsView {
    fn from(settings: Settings) -> Self {
        let values = settings.values;
        Self {
            user_limit: values.user_limit.get(),
            invite_ttl_seconds: values.invite_ttl.seconds(),
            pending_invites_hold_seats: values.pending_invites_hold_seats,
            detached_invites: match values.detached_invites {
                family_plan_domain::DetachedInvites::Reopen => DetachedInvitesView::Reopen,
                family_plan_domain::DetachedInvites::Revoke => DetachedInvitesView::Revoke,
            },
            revision: settings.revision.0,
            updated_at: settings.updated_at,
            updated_by: settings.updated_by.map(|it| it.to_string()).into(),
        }
    }
}

/// What settings would do.
#[derive(Debug, Object)]
#[oai(rename = "SettingsPreview")]
pub(crate) struct SettingsPreviewView {
    /// Plans that would have more people than seats.
    plans_over_limit: u64,
    /// People beyond the limit of their plan, in all of these together.
    people_over_limit: u64,
}

impl From<Occupancy> for SettingsPreviewView {
    fn from(occupancy: Occupancy) -> Self {
        Self { plans_over_limit: occupancy.plans_over_limit, people_over_limit: occupancy.people_over_limit }
    }
}
