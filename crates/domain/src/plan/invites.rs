//! Issuing, resending and revoking invites.

use time::OffsetDateTime;

use super::Plan;
use crate::{
    Change, Email, Invite, InviteId, InviteState, InviteStatus, NewInvite, RevokeReason, Seats, Settings,
    SettingsValues,
};

/// No seat is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan has no free seat")]
pub struct PlanFull(pub Seats);

/// Why an invite cannot be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResendRefusal {
    /// The plan has no such invite.
    #[error("the plan has no such invite")]
    NotFound,
    /// Somebody accepted it.
    #[error("the invite was accepted")]
    Used,
    /// The invite holds no seat that the new one could take over, and none is free.
    #[error(transparent)]
    Full(#[from] PlanFull),
}

impl Plan {
    /// Whether an invite could be issued.
    ///
    /// # Errors
    ///
    /// When every seat is taken or promised.
    pub fn check_issue(&self, now: OffsetDateTime, settings: &SettingsValues) -> Result<(), PlanFull> {
        let seats = self.seats(now, settings);
        if seats.has_free() { Ok(()) } else { Err(PlanFull(seats)) }
    }

    /// Issues an invite, to `recipient` only if there is one.
    ///
    /// # Errors
    ///
    /// When every seat is taken or promised.
    pub fn issue(
        &mut self,
        invite: NewInvite,
        recipient: Option<Email>,
        now: OffsetDateTime,
        settings: &Settings,
    ) -> Result<Invite, PlanFull> {
        let values = self.decide_under(settings);
        self.check_issue(now, values)?;
        Ok(self.add_invite(invite, recipient, now))
    }

    /// Whether the invite could be sent again.
    ///
    /// An invite that holds a seat passes it on; any other needs a free one.
    ///
    /// # Errors
    ///
    /// See [`ResendRefusal`].
    pub fn check_resend(
        &self,
        invite: InviteId,
        now: OffsetDateTime,
        settings: &SettingsValues,
    ) -> Result<(), ResendRefusal> {
        let Some(invite) = self.invite(invite) else {
            return Err(ResendRefusal::NotFound);
        };
        if invite.status(now) == InviteStatus::Used {
            return Err(ResendRefusal::Used);
        }
        if !invite.holds_seat(now, settings) {
            self.check_issue(now, settings)?;
        }
        Ok(())
    }

    /// Issues a new invite for the recipient of `old`, and revokes `old` in the same step.
    ///
    /// # Errors
    ///
    /// See [`ResendRefusal`].
    pub fn resend(
        &mut self,
        old: InviteId,
        invite: NewInvite,
        now: OffsetDateTime,
        settings: &Settings,
    ) -> Result<Invite, ResendRefusal> {
        let values = self.decide_under(settings);
        self.check_resend(old, now, values)?;
        let recipient = self.invite(old).and_then(|it| it.recipient.clone());
        self.take_back(old, RevokeReason::Resent);
        Ok(self.add_invite(invite, recipient, now))
    }

    /// Takes an open invite back; changes nothing about any other, nor about one that has expired.
    pub fn revoke(&mut self, invite: InviteId, reason: RevokeReason, now: OffsetDateTime) {
        if self.invite(invite).is_some_and(|it| it.status(now) == InviteStatus::Open) {
            self.take_back(invite, reason);
        }
    }

    fn take_back(&mut self, invite: InviteId, reason: RevokeReason) {
        let Some(invite) = self.parts.invites.iter_mut().find(|it| it.id == invite) else {
            return;
        };
        if invite.state == InviteState::Open {
            invite.state = InviteState::Revoked;
            self.changes.push(Change::InviteRevoked { invite: invite.id, reason });
        }
    }

    fn add_invite(&mut self, invite: NewInvite, recipient: Option<Email>, now: OffsetDateTime) -> Invite {
        let NewInvite { id, code, token, issued_by, expires_at } = invite;
        let invite = Invite {
            id,
            state: InviteState::Open,
            reopened: false,
            recipient,
            issued_by,
            created_at: now,
            expires_at,
        };
        self.parts.invites.push(invite.clone());
        self.changes.push(Change::InviteCreated { invite: invite.clone(), code, token });
        invite
    }
}
