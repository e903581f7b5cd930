//! What is known of the helpdesk's users, and how it came.

use family_plan_application::ZammadUserReport;
use family_plan_domain::{Delivery, DeliveryState, MirroredUser, Sync, SyncKind};
use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Role;
use crate::api::nullable::Nullable;

/// What is known of the helpdesk's user who stands for a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum ZammadUserState {
    /// The helpdesk has not told of them yet.
    Unseen,
    /// They are there.
    Active,
    /// They may not log in.
    Inactive,
    /// They are gone: deleted, or merged into another.
    Vanished,
}

impl From<Option<&MirroredUser>> for ZammadUserState {
    fn from(known: Option<&MirroredUser>) -> Self {
        match known {
            None => Self::Unseen,
            Some(it) if it.vanished_at.is_some() => Self::Vanished,
            Some(it) if it.user.active => Self::Active,
            Some(_) => Self::Inactive,
        }
    }
}

/// The plan that a user of the helpdesk is in.
#[derive(Debug, Object)]
pub(crate) struct ZammadUserPlan {
    /// The plan.
    plan_id: Uuid,
    /// Its name.
    name: String,
    /// What they are in it.
    role: Role,
    /// Seats that are taken.
    used: u32,
    /// Seats there are.
    limit: u32,
}

/// A user of the helpdesk. What the helpdesk has not told is `null`.
#[derive(Debug, Object)]
#[oai(rename = "ZammadUser")]
pub(crate) struct ZammadUserView {
    /// The helpdesk's id.
    zammad_user_id: i64,
    /// Their address.
    email: Nullable<String>,
    /// Their given name.
    firstname: Nullable<String>,
    /// Their family name.
    lastname: Nullable<String>,
    /// Whether they may log in.
    active: Nullable<bool>,
    /// Since when they are known to be gone: deleted, or merged into another.
    vanished_at: Nullable<OffsetDateTime>,
    /// When they last changed, by the helpdesk's clock.
    updated_at: Nullable<OffsetDateTime>,
    /// When they were last known to be there.
    seen_at: Nullable<OffsetDateTime>,
    /// Who they are here.
    user_id: Nullable<String>,
    /// The plan they are in.
    plan: Nullable<ZammadUserPlan>,
}

impl From<ZammadUserReport> for ZammadUserView {
    fn from(report: ZammadUserReport) -> Self {
        let ZammadUserReport { id, known, person, plan } = report;
        let role = person.as_ref().and_then(|it| it.family.as_ref()).map(|it| it.role);
        let plan = plan.zip(role).map(|(plan, role)| ZammadUserPlan {
            plan_id: plan.id.into(),
            name: plan.name.to_string(),
            role: role.into(),
            used: plan.seats.used,
            limit: plan.seats.limit,
        });
        let (seen_at, vanished_at) =
            known.as_ref().map_or((None, None), |it| (Some(it.seen_at), it.vanished_at));
        let user = known.map(|it| it.user);
        Self {
            zammad_user_id: id.0,
            email: user.as_ref().and_then(|it| it.email.clone()).into(),
            firstname: user.as_ref().map(|it| it.firstname.clone()).into(),
            lastname: user.as_ref().map(|it| it.lastname.clone()).into(),
            active: user.as_ref().map(|it| it.active).into(),
            vanished_at: vanished_at.into(),
            updated_at: user.as_ref().map(|it| it.updated_at).into(),
            seen_at: seen_at.into(),
            user_id: person.map(|it| it.user.id.to_string()).into(),
            plan: plan.into(),
        }
    }
}

/// Whether users are being pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum SyncState {
    /// No pull runs.
    Idle,
    /// One runs, or was asked for and begins soon.
    Running,
}

/// How much a pull reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "SyncKind")]
pub(crate) enum SyncKindName {
    /// Everybody.
    Full,
    /// What changed.
    Incremental,
}

impl From<SyncKind> for SyncKindName {
    fn from(kind: SyncKind) -> Self {
        match kind {
            SyncKind::Full => Self::Full,
            SyncKind::Incremental => Self::Incremental,
        }
    }
}

/// The pull that runs, or else the last one.
#[derive(Debug, Object)]
#[oai(rename = "Sync")]
pub(crate) struct SyncView {
    /// Whether one runs.
    state: SyncState,
    /// How much it reads.
    kind: Nullable<SyncKindName>,
    /// Users that were read.
    users_seen: u64,
    /// Those of them that were new or had changed.
    users_changed: u64,
    /// Users who were found to be gone.
    users_vanished: u64,
    /// When it began.
    started_at: Nullable<OffsetDateTime>,
    /// When the last one ended; `null` while one runs.
    finished_at: Nullable<OffsetDateTime>,
    /// Why the last one failed.
    last_error: Nullable<String>,
}

impl From<Sync> for SyncView {
    fn from(sync: Sync) -> Self {
        let is_running = sync.is_running() || sync.requested.is_some();
        let run = sync.run.as_ref();
        Self {
            state: if is_running { SyncState::Running } else { SyncState::Idle },
            kind: run.map(|it| it.kind.into()).into(),
            users_seen: run.map_or(0, |it| it.users_seen),
            users_changed: run.map_or(0, |it| it.users_changed),
            users_vanished: run.map_or(0, |it| it.users_vanished),
            started_at: run.map(|it| it.started_at).into(),
            finished_at: sync.finished_at.filter(|_| !is_running).into(),
            last_error: sync.last_error.into(),
        }
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "DeliveryState")]
pub(crate) enum DeliveryStateView {
    /// It is still to be applied.
    Pending,
    /// What it tells is known now.
    Applied,
    /// It tells nothing of users.
    Ignored,
    /// It cannot be applied.
    Failed,
}

impl From<DeliveryState> for DeliveryStateView {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Pending => Self::Pending,
            DeliveryState::Applied => Self::Applied,
            DeliveryState::Ignored => Self::Ignored,
            DeliveryState::Failed => Self::Failed,
        }
    }
}

/// What a webhook delivered.
#[derive(Debug, Object)]
#[oai(rename = "Delivery")]
pub(crate) struct DeliveryView {
    /// Its id here.
    id: Uuid,
    /// What the helpdesk called it, which nobody signed.
    delivery_id: Nullable<String>,
    /// When it came.
    received_at: OffsetDateTime,
    /// What became of it.
    state: DeliveryStateView,
    /// How often it was taken on.
    attempts: u32,
    /// Why it was ignored or failed.
    reason: Nullable<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.into(),
            delivery_id: delivery.delivery_id.into(),
            received_at: delivery.received_at,
            state: delivery.state.into(),
            attempts: delivery.attempts,
            reason: delivery.reason.into(),
        }
    }
}
