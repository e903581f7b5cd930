//! What domain values look like on the wire.

use family_plan_application::{InvitePreview, InviteReport, PlanReport, PreviewVerdict};
use family_plan_domain::{
    Capacity, Email, Event, Fact, Facts, IndividualPlan, InviteState, Member, Person, PersonName, Plan,
    PlanInForce, Seats, Settings, Verdict,
};
use poem_openapi::{Enum, Object, types::Any};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::nullable::Nullable;
use crate::problem::Problem;

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

/// What somebody is in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Invites, removes, renames, hands over, closes.
    Owner,
    /// Uses a seat, and may leave.
    Member,
}

impl From<family_plan_domain::Role> for Role {
    fn from(role: family_plan_domain::Role) -> Self {
        match role {
            family_plan_domain::Role::Owner => Self::Owner,
            family_plan_domain::Role::Member => Self::Member,
        }
    }
}

/// Somebody's place in a plan.
#[derive(Debug, Object)]
#[oai(rename = "Member")]
pub(crate) struct MemberView {
    /// Who.
    user_id: String,
    /// Their name, when it is known.
    name: Nullable<String>,
    /// Their address; only the owner, administrators and services see it.
    #[oai(skip_serializing_if_is_none)]
    email: Option<String>,
    /// What they are in the plan.
    role: Role,
    /// The invite by which they came; the one who opened the plan came by none.
    invite_id: Nullable<Uuid>,
    /// Since when.
    joined_at: OffsetDateTime,
    /// The helpdesk's user that stands for the same person.
    zammad_user_id: Nullable<i64>,
}

impl MemberView {
    pub(crate) fn new(member: &Member, role: family_plan_domain::Role, shows_email: bool) -> Self {
        let email = member.user.email.as_ref().filter(|_| shows_email);
        Self {
            user_id: member.user.id.to_string(),
            name: member.user.name.as_ref().map(PersonName::to_string).into(),
            email: email.map(Email::to_string),
            role: role.into(),
            invite_id: member.joined_by.as_ref().map(|it| it.invite.into()).into(),
            joined_at: member.joined_at,
            zammad_user_id: member.user.zammad_user_id.map(|it| it.0).into(),
        }
    }
}

/// What an invite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "InviteState")]
pub(crate) enum InviteStateView {
    /// Can be accepted.
    Open,
    /// Was accepted.
    Used,
    /// Was taken back.
    Revoked,
    /// Was not accepted in time.
    Expired,
}

impl From<family_plan_domain::InviteStatus> for InviteStateView {
    fn from(status: family_plan_domain::InviteStatus) -> Self {
        match status {
            family_plan_domain::InviteStatus::Open => Self::Open,
            family_plan_domain::InviteStatus::Used => Self::Used,
            family_plan_domain::InviteStatus::Revoked => Self::Revoked,
            family_plan_domain::InviteStatus::Expired => Self::Expired,
        }
    }
}

/// An invite as those who issue them see it.
#[derive(Debug, Object)]
#[oai(rename = "Invite")]
pub(crate) struct InviteView {
    /// The invite's id.
    id: Uuid,
    /// The plan it leads to.
    plan_id: Uuid,
    /// What it is now.
    state: InviteStateView,
    /// Whether a seat is kept for whoever accepts it.
    holds_seat: bool,
    /// The only verified address it may be accepted from.
    recipient_email: Nullable<String>,
    /// The user who asked for it.
    issued_by: String,
    /// When it was issued.
    created_at: OffsetDateTime,
    /// The first moment at which it is too late.
    expires_at: OffsetDateTime,
    /// Who accepted it.
    used_by: Nullable<String>,
    /// When it was accepted.
    used_at: Nullable<OffsetDateTime>,
    /// The secret of its link: shown once, when it is issued.
    #[oai(skip_serializing_if_is_none)]
    code: Option<String>,
    /// Its link: shown once, when it is issued.
    #[oai(skip_serializing_if_is_none)]
    url: Option<String>,
}

impl InviteView {
    pub(crate) fn new(plan: Uuid, report: &InviteReport) -> Self {
        let InviteReport { invite, status, holds_seat } = report;
        let (used_by, used_at) = match &invite.state {
            InviteState::Used { by, at } => (Some(by.to_string()), Some(*at)),
            _ => (None, None),
        };
        Self {
            id: invite.id.into(),
            plan_id: plan,
            state: (*status).into(),
            holds_seat: *holds_seat,
            recipient_email: invite.recipient.as_ref().map(Email::to_string).into(),
            issued_by: invite.issued_by.to_string(),
            created_at: invite.created_at,
            expires_at: invite.expires_at,
            used_by: used_by.into(),
            used_at: used_at.into(),
            code: None,
            url: None,
        }
    }

    pub(crate) fn with_link(self, code: &str, url: String) -> Self {
        Self { code: Some(code.to_owned()), url: Some(url), ..self }
    }
}

/// An invite as the holder of its link sees it.
#[derive(Debug, Object)]
#[oai(rename = "InvitePreview")]
pub(crate) struct InvitePreviewView {
    /// The name of the plan it leads to.
    plan_name: String,
    /// The name of who issued it, or else of the plan's owner; never an address. `null` when neither has a name.
    invited_by: Nullable<String>,
    /// What it is now.
    state: InviteStateView,
    /// The first moment at which it is too late.
    expires_at: OffsetDateTime,
    /// What would come of accepting it: `accept`, or the code of the problem; `unauthenticated` when signed out.
    verdict: String,
}

impl From<InvitePreview> for InvitePreviewView {
    fn from(preview: InvitePreview) -> Self {
        let verdict = match preview.verdict {
            PreviewVerdict::Unauthenticated => "unauthenticated",
            PreviewVerdict::Forbidden => "forbidden",
            PreviewVerdict::Verdict(Verdict::Accept | Verdict::AlreadyAccepted) => "accept",
            PreviewVerdict::Verdict(Verdict::Refused(refusal)) => Problem::from(refusal).code().as_str(),
        };
        Self {
            plan_name: preview.plan_name.to_string(),
            invited_by: preview.invited_by.into(),
            state: preview.status.into(),
            expires_at: preview.expires_at,
            verdict: verdict.to_owned(),
        }
    }
}

/// Whose plan it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum PlanKind {
    /// A family's.
    Family,
    /// The user's own.
    Individual,
}

/// The plan that counts for a user now: the family's while in one, else the individual one.
#[derive(Debug, Object)]
#[oai(rename = "PlanInForce", skip_serializing_if_is_none)]
pub(crate) struct PlanInForceView {
    /// Whose plan it is.
    kind: PlanKind,
    /// The family plan's id.
    plan_id: Option<Uuid>,
    /// The individual plan's code.
    code: Option<String>,
}

impl From<PlanInForce> for PlanInForceView {
    fn from(plan: PlanInForce) -> Self {
        match plan {
            PlanInForce::Family(plan) => {
                Self { kind: PlanKind::Family, plan_id: Some(plan.into()), code: None }
            }
            PlanInForce::Individual(code) => {
                Self { kind: PlanKind::Individual, plan_id: None, code: Some(code.to_string()) }
            }
        }
    }
}

/// A user's place in a family.
#[derive(Debug, Object)]
pub(crate) struct FamilyPlan {
    /// The plan.
    plan_id: Uuid,
    /// Its name.
    name: String,
    /// What the user is in it.
    role: Role,
}

/// The caller.
#[derive(Debug, Object)]
#[oai(rename = "Me")]
pub(crate) struct MeView {
    /// The caller's id.
    user_id: String,
    /// Their address.
    email: Nullable<String>,
    /// Their name.
    name: Nullable<String>,
    /// The plan that they have alone.
    individual_plan: Nullable<String>,
    /// The plan that counts for them now.
    plan_in_force: Nullable<PlanInForceView>,
    /// The family they are in.
    family_plan: Nullable<FamilyPlan>,
    /// The helpdesk's user that stands for them.
    zammad_user_id: Nullable<i64>,
}

impl From<Person> for MeView {
    fn from(person: Person) -> Self {
        let plan_in_force = Nullable(person.plan_in_force().map(Into::into));
        let Person { user, family } = person;
        Self {
            user_id: user.id.to_string(),
            email: user.email.as_ref().map(Email::to_string).into(),
            name: user.name.as_ref().map(PersonName::to_string).into(),
            individual_plan: user.individual_plan.as_ref().map(IndividualPlan::to_string).into(),
            plan_in_force,
            family_plan: Nullable(family.map(|it| FamilyPlan {
                plan_id: it.plan.into(),
                name: it.name.to_string(),
                role: it.role.into(),
            })),
            zammad_user_id: user.zammad_user_id.map(|it| it.0).into(),
        }
    }
}

/// A user as other services see them.
#[derive(Debug, Object)]
#[oai(rename = "User")]
pub(crate) struct UserView {
    /// The user's id.
    user_id: String,
    /// Their address.
    email: Nullable<String>,
    /// Their name.
    name: Nullable<String>,
    /// The plan that they have alone.
    individual_plan: Nullable<String>,
    /// The plan that counts for them now.
    plan_in_force: Nullable<PlanInForceView>,
    /// The helpdesk's user that stands for them.
    zammad_user_id: Nullable<i64>,
}

impl From<Person> for UserView {
    fn from(person: Person) -> Self {
        let MeView { user_id, email, name, individual_plan, plan_in_force, zammad_user_id, .. } =
            person.into();
        Self { user_id, email, name, individual_plan, plan_in_force, zammad_user_id }
    }
}

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

/// Something that happened.
#[derive(Debug, Object)]
#[oai(rename = "Event")]
pub(crate) struct EventView {
    /// The event's id.
    id: Uuid,
    /// What kind of thing, such as `member.joined`.
    r#type: String,
    /// When.
    timestamp: OffsetDateTime,
    /// The plan it happened to; `null` for the settings.
    plan_id: Nullable<Uuid>,
    /// The user who caused it; `null` when the service did by itself.
    actor: Nullable<String>,
    /// Why, where there are several possible reasons, such as `left` or `removed`.
    reason: Nullable<String>,
    /// The request that caused it.
    request_id: Nullable<String>,
    /// The facts, by kind of event.
    data: Any<Map<String, Value>>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.into(),
            r#type: event.kind.as_str().to_owned(),
            timestamp: event.at,
            plan_id: event.plan.map(Into::into).into(),
            actor: event.actor.map(|it| it.to_string()).into(),
            reason: event.reason.into(),
            request_id: event.request_id.into(),
            data: Any(json(&event.facts)),
        }
    }
}

fn json(facts: &Facts) -> Map<String, Value> {
    facts.iter().map(|(name, fact)| (name.to_owned(), json_of(fact))).collect()
}

fn json_of(fact: &Fact) -> Value {
    match fact {
        Fact::Nothing => Value::Null,
        Fact::Text(text) => text.as_str().into(),
        Fact::Number(number) => (*number).into(),
        Fact::Flag(flag) => (*flag).into(),
        Fact::PlanInForce(plan) => {
            let view = PlanInForceView::from(plan.clone());
            poem_openapi::types::ToJSON::to_json(&view).unwrap_or_default()
        }
    }
}
