//! Plans and their seats.

use family_plan_application::PlanReport;
use family_plan_domain::{Capacity, Member, Plan, Seats, Settings};
use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::api::nullable::Nullable;

/// A family plan and its seats.
#[derive(Debug, Object)]
#[oai(rename = "Plan")]
pub(crate) struct PlanView {
    /// The plan's id.
    id: Uuid,
    /// Its name.
    name: String,
    /// The user who owns it.
    owner_id: String,
    /// Its own limit; `null` when the one in the settings counts.
    user_limit: Nullable<u32>,
    /// The limit that counts, the owner included.
    limit: u32,
    /// Seats that people have, the owner included.
    used: u32,
    /// Seats that open invites hold.
    held: u32,
    /// Seats that are neither used nor held.
    available: u32,
    /// People beyond the limit; they stay, but nobody joins them.
    over_by: u32,
    /// When it was opened.
    created_at: OffsetDateTime,
}

impl From<PlanReport> for PlanView {
    fn from(plan: PlanReport) -> Self {
        Self {
            id: plan.id.into(),
            name: plan.name.to_string(),
            owner_id: plan.owner.to_string(),
            user_limit: plan.user_limit.map(Capacity::get).into(),
            limit: plan.seats.limit,
            used: plan.seats.used,
            held: plan.seats.held,
            available: plan.seats.available(),
            over_by: plan.seats.over_by(),
            created_at: plan.created_at,
        }
    }
}

/// Who or what has a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum SeatKind {
    /// The plan's owner.
    Owner,
    /// A member.
    Member,
    /// An open invite.
    Invite,
}

/// One seat that is taken or held.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Seat {
    /// Who or what has it.
    kind: SeatKind,
    /// The user who has it.
    user_id: Option<String>,
    /// The invite that holds it.
    invite_id: Option<Uuid>,
    /// Since when.
    since: OffsetDateTime,
}

/// The seats of a plan.
#[derive(Debug, Object)]
#[oai(rename = "Seats")]
pub(crate) struct SeatsView {
    /// The limit that counts.
    limit: u32,
    /// Seats that people have.
    used: u32,
    /// Seats that open invites hold.
    held: u32,
    /// Seats that are neither.
    available: u32,
    /// People beyond the limit.
    over_by: u32,
    /// Each seat that is taken or held: the owner, the members, the invites.
    seats: Vec<Seat>,
}

impl SeatsView {
    pub(crate) fn new(plan: &Plan, settings: &Settings, now: OffsetDateTime) -> Self {
        let totals: Seats = plan.seats(now, &settings.values);
        let (owner, members): (Vec<&Member>, Vec<&Member>) =
            plan.members().iter().partition(|it| it.user.id == *plan.owner());
        let person = |kind: SeatKind| {
            move |it: &Member| Seat {
                kind,
                user_id: Some(it.user.id.to_string()),
                invite_id: None,
                since: it.joined_at,
            }
        };
        let invites =
            plan.invites().iter().filter(|it| it.holds_seat(now, &settings.values)).map(|it| Seat {
                kind: SeatKind::Invite,
                user_id: None,
                invite_id: Some(it.id.into()),
                since: it.created_at,
            });
        let owner = owner.into_iter().map(person(SeatKind::Owner));
        let members = members.into_iter().map(person(SeatKind::Member));
        Self {
            limit: totals.limit,
            used: totals.used,
            held: totals.held,
            available: totals.available(),
            over_by: totals.over_by(),
            seats: owner.chain(members).chain(invites).collect(),
        }
    }
}
