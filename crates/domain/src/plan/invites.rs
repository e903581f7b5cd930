//! Issuing, resending and revoking invites.

use time::OffsetDateTime;

use super::Plan;
use crate::{
    Change, Email, InvalidValue, Invite, InviteId, InviteState, InviteStatus, NewInvite, RevokeReason, Seats,
    Settings, SettingsValues,
};

/// How many invites of a plan may be [pending](Invite::is_pending) at once: 1 to 10 000. Seats are no such bound where open
/// invites hold none. One that was accepted and is open again was paid for with a seat, and does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InviteCap(u32);

impl InviteCap {
    /// A cap of `invites`.
    ///
    /// # Errors
    ///
    /// When `invites` is not 1 to 10 000.
    pub fn new(invites: i64) -> Result<Self, InvalidValue> {
        match u32::try_from(invites) {
            Ok(invites @ 1..=10_000) => Ok(Self(invites)),
            _ => Err(InvalidValue("must be a whole number from 1 to 10000")),
        }
    }

    /// The number of invites.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for InviteCap {
    /// 100.
    fn default() -> Self {
        Self(100)
    }
}

/// No seat is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan has no free seat")]
pub struct PlanFull(pub Seats);

/// Why no invite is issued, in the order in which the reasons are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefusal {
    /// No seat is free.
    #[error(transparent)]
    Full(#[from] PlanFull),
    /// As many invites are pending as may be.
    #[error("the plan has too many open invites")]
    TooManyInvites,
}

/// Why an invite cannot be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResendRefusal {
    /// The plan has no such invite.
    #[error("the plan has no such invite")]
    NotFound,
    /// Somebody accepted it.
    #[error("the invite was accepted")]
    Used,
    /// It cannot make way for the new one, which is refused by itself.
    #[error(transparent)]
    New(#[from] IssueRefusal),
}

impl Plan {
    /// Whether an invite could be issued.
    ///
    /// # Errors
    ///
    /// When every seat is taken or promised, or `cap` invites are pending.
    pub fn check_issue(
        &self,
        cap: InviteCap,
        now: OffsetDateTime,
        settings: &SettingsValues,
    ) -> Result<(), IssueRefusal> {
        self.check_seats(now, settings)?;
        self.check_cap(cap, now)
    }

    /// Issues an invite, to `recipient` only if there is one.
    ///
    /// # Errors
    ///
    /// When every seat is taken or promised, or `cap` invites are pending.
    pub fn issue(
        &mut self,
        invite: NewInvite,
        recipient: Option<Email>,
        cap: InviteCap,
        now: OffsetDateTime,
        settings: &Settings,
    ) -> Result<Invite, IssueRefusal> {
        let values = self.decide_under(settings);
        self.check_issue(cap, now, values)?;
        Ok(self.add_invite(invite, recipient, now))
    }

    /// Whether the invite could be sent again.
    ///
    /// An invite that holds a seat passes it on; any other needs a free one. A pending one makes way for the new one, so
    /// that there are no more than before; any other is one more.
    ///
    /// # Errors
    ///
    /// See [`ResendRefusal`].
    pub fn check_resend(
        &self,
        invite: InviteId,
        cap: InviteCap,
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
            self.check_seats(now, settings)?;
        }
        if !invite.is_pending(now) {
            self.check_cap(cap, now)?;
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
        cap: InviteCap,
        now: OffsetDateTime,
        settings: &Settings,
    ) -> Result<Invite, ResendRefusal> {
        let values = self.decide_under(settings);
        self.check_resend(old, cap, now, values)?;
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

    fn check_seats(&self, now: OffsetDateTime, settings: &SettingsValues) -> Result<(), IssueRefusal> {
        let seats = self.seats(now, settings);
        if seats.has_free() { Ok(()) } else { Err(PlanFull(seats).into()) }
    }

    fn check_cap(&self, cap: InviteCap, now: OffsetDateTime) -> Result<(), IssueRefusal> {
        let n_pending = self.parts.invites.iter().filter(|it| it.is_pending(now)).count();
        if n_pending < cap.0 as usize { Ok(()) } else { Err(IssueRefusal::TooManyInvites) }
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
