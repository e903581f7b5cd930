//! Detaching members.

use time::OffsetDateTime;

use super::Plan;
use crate::{
    Change, DetachReason, DetachedInvites, InviteFate, InviteId, InviteState, InviteStatus, PlanInForce,
    RevokeReason, Settings, UserId,
};

/// The plan has no such member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan has no such member")]
pub struct NotAMember;

/// Why somebody cannot be detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetachRefusal {
    /// They are not in the plan.
    #[error("the plan has no such member")]
    NotAMember,
    /// They own it: hand it over or close it.
    #[error("the owner cannot leave the plan")]
    Owner,
}

/// What detaching did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detachment {
    /// Who was detached.
    pub user: UserId,
    /// When.
    pub detached_at: OffsetDateTime,
    /// The invite by which they had come, and what it is now.
    pub invite: Option<(InviteId, InviteStatus)>,
    /// The plan that is in force for them again.
    pub plan_in_force: Option<PlanInForce>,
}

impl Plan {
    /// Takes somebody out. Their invite is unused again until its original expiry, never for them; it is revoked
    /// instead when only they could use it or when the settings say so.
    ///
    /// # Errors
    ///
    /// See [`DetachRefusal`].
    pub fn detach(
        &mut self,
        user: &UserId,
        reason: DetachReason,
        now: OffsetDateTime,
        settings: &Settings,
    ) -> Result<Detachment, DetachRefusal> {
        let Some(idx) = self.parts.members.iter().position(|it| it.user.id == *user) else {
            return Err(DetachRefusal::NotAMember);
        };
        if *user == self.parts.owner {
            return Err(DetachRefusal::Owner);
        }
        let policy = self.decide_under(settings).detached_invites;
        let member = self.parts.members.remove(idx);

        let fate = member.joined_by.as_ref().map(|it| {
            if it.bound_to_recipient || policy == DetachedInvites::Revoke {
                InviteFate::Revoked
            } else {
                InviteFate::Reopened
            }
        });
        let invite = member.joined_by.as_ref().zip(fate).map(|(it, fate)| {
            let status = match fate {
                InviteFate::Revoked => InviteStatus::Revoked,
                InviteFate::Reopened | InviteFate::Kept => InviteStatus::of_open(it.expires_at, now),
            };
            (it.invite, status)
        });
        if let Some((id, status)) = invite
            && let Some(invite) = self.parts.invites.iter_mut().find(|it| it.id == id)
        {
            if status == InviteStatus::Revoked {
                invite.state = InviteState::Revoked;
            } else {
                invite.state = InviteState::Open;
                invite.reopened = true;
            }
        }
        let plan_in_force = member.user.plan_in_force(None);

        self.changes.push(Change::MemberDetached { member, reason, fate });
        if let Some((invite, InviteStatus::Revoked)) = invite {
            self.changes.push(Change::InviteRevoked { invite, reason: RevokeReason::MemberDetached });
        }
        Ok(Detachment { user: user.clone(), detached_at: now, invite, plan_in_force })
    }
}
