//! What a decision changed: the source of rows, of the history, and of events.

use time::OffsetDateTime;

use crate::{
    Capacity, CodeHash, Email, Event, EventCursor, EventId, EventKind, Fact, Facts, Invite, InviteId,
    InviteStatus, Member, Origin, Plan, PlanName, TokenHash, UserId,
};

/// Why a member is in the plan no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetachReason {
    /// They went by themselves.
    Left,
    /// Somebody else took them out.
    Removed,
    /// The plan was closed.
    PlanClosed,
}

impl DetachReason {
    /// Its name in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Removed => "removed",
            Self::PlanClosed => "plan_closed",
        }
    }
}

/// Why an invite was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeReason {
    /// Somebody asked for it.
    Requested,
    /// A new one was sent in its stead.
    Resent,
    /// The person who accepted it was detached, and it is not to be used by another.
    MemberDetached,
    /// The plan was closed.
    PlanClosed,
    /// Somebody deleted its token in the helpdesk.
    TokenDeleted,
}

impl RevokeReason {
    /// Its name in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Resent => "resent",
            Self::MemberDetached => "member_detached",
            Self::PlanClosed => "plan_closed",
            Self::TokenDeleted => "token_deleted",
        }
    }
}

/// What became of the invite that a detached member had accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteFate {
    /// Open again until its original expiry.
    Reopened,
    /// Revoked; a [`Change::InviteRevoked`] follows.
    Revoked,
    /// Left as it was: its plan is closed.
    Kept,
}

/// One thing that a decision changed. A save writes all of a plan's changes or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The plan came into being, with its owner as the first member.
    Created,
    /// It has another name.
    Renamed {
        /// The former name.
        from: PlanName,
    },
    /// Its own limit was set, changed or cleared.
    LimitChanged {
        /// The former limit.
        from: Option<Capacity>,
    },
    /// It belongs to another member.
    OwnerChanged {
        /// The former owner, who stays a member.
        from: UserId,
    },
    /// It is gone; the changes before this one detached its members and revoked its invites.
    Closed,
    /// Somebody may join.
    InviteCreated {
        /// The invite.
        invite: Invite,
        /// What its code hashes to.
        code: CodeHash,
        /// What its Zammad token hashes to.
        token: TokenHash,
    },
    /// An invite was taken back.
    InviteRevoked {
        /// Which.
        invite: InviteId,
        /// Why.
        reason: RevokeReason,
    },
    /// An invite was accepted; [`Change::MemberJoined`] follows.
    InviteAccepted {
        /// Which.
        invite: InviteId,
        /// By whom.
        user: UserId,
    },
    /// Somebody is in the plan.
    MemberJoined {
        /// Who, and by which invite.
        member: Member,
    },
    /// Somebody is in the plan no longer.
    MemberDetached {
        /// Who it was, and by which invite they had come.
        member: Member,
        /// Why.
        reason: DetachReason,
        /// What became of that invite, if there was one.
        fate: Option<InviteFate>,
    },
}

impl Change {
    /// The event that tells of this change of `plan`, the `position`th of the save that is to come.
    #[must_use]
    pub fn event(&self, id: EventId, plan: &Plan, position: u32, origin: &Origin) -> Event {
        let (kind, reason, facts) = self.facts(plan, origin.at);
        Event {
            id,
            plan: Some(plan.id()),
            cursor: EventCursor { revision: plan.next_revision(), position },
            kind,
            at: origin.at,
            actor: origin.actor.clone(),
            reason: reason.map(ToOwned::to_owned),
            request_id: origin.request_id.clone(),
            facts,
        }
    }

    fn facts(&self, plan: &Plan, at: OffsetDateTime) -> (EventKind, Option<&'static str>, Facts) {
        match self {
            Self::Created => (
                EventKind::PlanCreated,
                None,
                Facts::new().with("name", plan.name().as_str()).with("owner_id", plan.owner().as_str()),
            ),
            Self::Renamed { from } => (
                EventKind::PlanRenamed,
                None,
                Facts::new().with("name", plan.name().as_str()).with("previous_name", from.as_str()),
            ),
            Self::LimitChanged { from } => (
                EventKind::PlanLimitChanged,
                None,
                Facts::new()
                    .with("user_limit", plan.user_limit().map(Capacity::get))
                    .with("previous_user_limit", from.map(Capacity::get)),
            ),
            Self::OwnerChanged { from } => (
                EventKind::PlanOwnerChanged,
                None,
                Facts::new().with("owner_id", plan.owner().as_str()).with("previous_owner_id", from.as_str()),
            ),
            Self::Closed => (EventKind::PlanClosed, None, Facts::new().with("name", plan.name().as_str())),
            Self::InviteCreated { invite, .. } => (
                EventKind::InviteCreated,
                None,
                Facts::new()
                    .with("invite_id", invite.id.to_string())
                    .with("recipient_email", invite.recipient.as_ref().map(Email::as_str))
                    .with("expires_at", invite.expires_at),
            ),
            Self::InviteRevoked { invite, reason } => (
                EventKind::InviteRevoked,
                Some(reason.as_str()),
                Facts::new().with("invite_id", invite.to_string()),
            ),
            Self::InviteAccepted { invite, user } => (
                EventKind::InviteAccepted,
                None,
                Facts::new().with("invite_id", invite.to_string()).with("user_id", user.as_str()),
            ),
            Self::MemberJoined { member } => {
                (EventKind::MemberJoined, None, membership_facts(plan, member, false, true))
            }
            Self::MemberDetached { member, reason, fate } => (
                EventKind::MemberDetached,
                Some(reason.as_str()),
                membership_facts(plan, member, true, false).with(
                    "invite_state",
                    member.joined_by.as_ref().zip(*fate).map(|(it, fate)| {
                        let status = match fate {
                            InviteFate::Reopened => InviteStatus::of_open(it.expires_at, at),
                            InviteFate::Revoked => InviteStatus::Revoked,
                            InviteFate::Kept => InviteStatus::Used,
                        };
                        status.as_str()
                    }),
                ),
            ),
        }
    }
}

fn membership_facts(plan: &Plan, member: &Member, before: bool, after: bool) -> Facts {
    let in_force = |inside: bool| Fact::from(member.user.plan_in_force(inside.then(|| plan.id())));
    Facts::new()
        .with("user_id", member.user.id.as_str())
        .with("zammad_user_id", member.user.zammad_user_id.map(|it| it.0))
        .with("invite_id", member.joined_by.as_ref().map(|it| it.invite.to_string()))
        .with("plan_in_force_before", in_force(before))
        .with("plan_in_force_after", in_force(after))
}
