//! The verdict on an invite, and accepting it.

use time::OffsetDateTime;

use super::Plan;
use crate::{
    AcceptRefusal, Accepted, Candidate, Change, Invite, InviteState, InviteStatus, JoinedBy, Member,
    PlanFull, Settings, SettingsValues, Verdict,
};

impl Plan {
    /// What `invite`, one of this plan's, means for `candidate` at `now`.
    #[must_use]
    pub fn verdict(
        &self,
        invite: &Invite,
        candidate: &Candidate,
        now: OffsetDateTime,
        settings: &SettingsValues,
    ) -> Verdict {
        let invite = self.latest(invite);
        if self.joined_by(invite, candidate).is_some() {
            return Verdict::AlreadyAccepted;
        }
        match self.refusal(invite, candidate, now, settings) {
            Some(refusal) => Verdict::Refused(refusal),
            None => Verdict::Accept,
        }
    }

    /// Lets `candidate` join by `invite`, which is used from then on: its own seat, if it holds one, becomes theirs.
    ///
    /// # Errors
    ///
    /// The first of the [`AcceptRefusal`]s that applies.
    pub fn accept(
        &mut self,
        invite: &Invite,
        candidate: Candidate,
        now: OffsetDateTime,
        settings: &Settings,
    ) -> Result<Accepted, AcceptRefusal> {
        let values = self.decide_under(settings);
        let invite = &self.latest(invite).clone();
        if let Some(member) = self.joined_by(invite, &candidate) {
            return Ok(Accepted { member: member.clone(), replayed: true });
        }
        if let Some(refusal) = self.refusal(invite, &candidate, now, values) {
            return Err(refusal);
        }

        let user_id = candidate.user.id.clone();
        let member = Member {
            user: candidate.user,
            joined_by: Some(JoinedBy {
                invite: invite.id,
                bound_to_recipient: invite.recipient.is_some(),
                expires_at: invite.expires_at,
            }),
            joined_at: now,
        };
        if let Some(invite) = self.parts.invites.iter_mut().find(|it| it.id == invite.id) {
            invite.state = InviteState::Used { by: user_id.clone(), at: now };
        }
        self.parts.members.push(member.clone());
        self.changes.push(Change::InviteAccepted { invite: invite.id, user: user_id });
        self.changes.push(Change::MemberJoined { member: member.clone() });
        Ok(Accepted { member, replayed: false })
    }

    /// The invite as the plan has it: `invite` may be a copy from before the latest decisions.
    fn latest<'a>(&'a self, invite: &'a Invite) -> &'a Invite {
        self.invite(invite.id).unwrap_or(invite)
    }

    /// Their membership, when it was this invite that gave it to them.
    fn joined_by(&self, invite: &Invite, candidate: &Candidate) -> Option<&Member> {
        match &invite.state {
            InviteState::Used { by, .. } if *by == candidate.user.id => self.member(by),
            _ => None,
        }
    }

    /// The order is part of the HTTP contract: what is wrong with the invite, then with the person, then the seats.
    fn refusal(
        &self,
        invite: &Invite,
        candidate: &Candidate,
        now: OffsetDateTime,
        settings: &SettingsValues,
    ) -> Option<AcceptRefusal> {
        match invite.status(now) {
            InviteStatus::Revoked => return Some(AcceptRefusal::Revoked),
            InviteStatus::Used => return Some(AcceptRefusal::Used),
            InviteStatus::Expired => return Some(AcceptRefusal::Expired),
            InviteStatus::Open => (),
        }
        if candidate.detached_from_invite || !is_meant_for(invite, candidate) {
            return Some(AcceptRefusal::Barred);
        }
        if candidate.user.id == self.parts.owner {
            return Some(AcceptRefusal::OwnPlan);
        }
        if candidate.current_plan.is_some() || self.member(&candidate.user.id).is_some() {
            return Some(AcceptRefusal::AlreadyInPlan);
        }
        let seats = self.seats(now, settings);
        let has_seat =
            if invite.holds_seat(now, settings) { seats.has_room_for_promised() } else { seats.has_free() };
        (!has_seat).then_some(AcceptRefusal::Full(PlanFull(seats)))
    }
}

fn is_meant_for(invite: &Invite, candidate: &Candidate) -> bool {
    let Some(recipient) = &invite.recipient else {
        return true;
    };
    candidate.verified_email.as_ref().is_some_and(|it| it.is_same_as(recipient))
}
