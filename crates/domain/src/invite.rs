//! Invites and their states.

use time::OffsetDateTime;

use crate::{CodeHash, Email, InviteId, SettingsValues, TokenHash, UserId};

/// What is stored of an invite's state. Expiry is not: it is a matter of the time, see [`Invite::status`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InviteState {
    /// Can be accepted, unless expired.
    Open,
    /// Accepted; stays so, whatever its expiry was, until the member is detached.
    Used {
        /// By whom.
        by: UserId,
        /// When.
        at: OffsetDateTime,
    },
    /// Taken back for good.
    Revoked,
}

/// What an invite is at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteStatus {
    /// Can be accepted.
    Open,
    /// Accepted.
    Used,
    /// Taken back.
    Revoked,
    /// Never accepted in time.
    Expired,
}

impl InviteStatus {
    /// The status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Open, Self::Used, Self::Revoked, Self::Expired].into_iter().find(|it| it.as_str() == name)
    }

    /// What an open invite is at `now`: the one place that knows expiry. At `expires_at` it is too late.
    pub(crate) fn of_open(expires_at: OffsetDateTime, now: OffsetDateTime) -> Self {
        if now < expires_at { Self::Open } else { Self::Expired }
    }

    /// Its name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// Permission for one person to join a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Which one.
    pub id: InviteId,
    /// What is stored of its state.
    pub state: InviteState,
    /// Whether somebody accepted it before; it then holds no seat.
    pub reopened: bool,
    /// The only address it may be accepted from.
    pub recipient: Option<Email>,
    /// Who asked for it.
    pub issued_by: UserId,
    /// When it was issued.
    pub created_at: OffsetDateTime,
    /// The first moment at which it is too late.
    pub expires_at: OffsetDateTime,
}

impl Invite {
    /// What the invite is at `now`.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime) -> InviteStatus {
        match self.state {
            InviteState::Used { .. } => InviteStatus::Used,
            InviteState::Revoked => InviteStatus::Revoked,
            InviteState::Open => InviteStatus::of_open(self.expires_at, now),
        }
    }

    /// Whether a seat is kept for whoever accepts it.
    #[must_use]
    pub fn holds_seat(&self, now: OffsetDateTime, settings: &SettingsValues) -> bool {
        settings.pending_invites_hold_seats && self.is_pending(now)
    }

    /// Whether it can be accepted, and never was.
    #[must_use]
    pub fn is_pending(&self, now: OffsetDateTime) -> bool {
        !self.reopened && self.status(now) == InviteStatus::Open
    }
}

/// An invite to be issued; its secret was minted already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInvite {
    /// A fresh id.
    pub id: InviteId,
    /// What the link's code hashes to.
    pub code: CodeHash,
    /// What Zammad's token hashes to.
    pub token: TokenHash,
    /// Who asks for it.
    pub issued_by: UserId,
    /// The first moment at which it is too late.
    pub expires_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};
    use uuid::Uuid;

    use super::*;

    const EXPIRY: OffsetDateTime = datetime!(2026-03-03 12:00 UTC);

    fn invite(state: InviteState) -> Invite {
        Invite {
            id: InviteId::from(Uuid::from_u128(1)),
            state,
            reopened: false,
            recipient: None,
            issued_by: UserId::new("ann").unwrap(),
            created_at: EXPIRY - Duration::days(2),
            expires_at: EXPIRY,
        }
    }

    fn used() -> InviteState {
        InviteState::Used { by: UserId::new("bob").unwrap(), at: EXPIRY - Duration::days(1) }
    }

    #[test]
    fn an_open_invite_is_too_late_from_the_very_millisecond_of_its_expiry() {
        let invite = invite(InviteState::Open);
        assert_eq!(invite.status(EXPIRY - Duration::MILLISECOND), InviteStatus::Open);
        assert_eq!(invite.status(EXPIRY), InviteStatus::Expired);
        assert_eq!(invite.status(EXPIRY + Duration::MILLISECOND), InviteStatus::Expired);
    }

    #[test]
    fn used_stays_used_and_revoked_stays_revoked_whatever_the_expiry() {
        for now in [EXPIRY - Duration::MILLISECOND, EXPIRY, EXPIRY + Duration::days(9)] {
            assert_eq!(invite(used()).status(now), InviteStatus::Used);
            assert_eq!(invite(InviteState::Revoked).status(now), InviteStatus::Revoked);
        }
    }

    #[test]
    fn only_a_fresh_open_invite_holds_a_seat_and_only_while_the_settings_say_so() {
        let holding = SettingsValues::default();
        let not_holding = SettingsValues { pending_invites_hold_seats: false, ..holding };
        let before = EXPIRY - Duration::MILLISECOND;
        let fresh = invite(InviteState::Open);
        assert!(fresh.holds_seat(before, &holding));
        assert!(!fresh.holds_seat(before, &not_holding));
        assert!(!fresh.holds_seat(EXPIRY, &holding));
        assert!(!invite(used()).holds_seat(before, &holding));
        assert!(!invite(InviteState::Revoked).holds_seat(before, &holding));

        let reopened = Invite { reopened: true, ..fresh };
        assert_eq!(reopened.status(before), InviteStatus::Open);
        assert!(!reopened.holds_seat(before, &holding));
    }

    #[test]
    fn every_status_is_found_by_its_name() {
        for status in [InviteStatus::Open, InviteStatus::Used, InviteStatus::Revoked, InviteStatus::Expired] {
            assert_eq!(InviteStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(InviteStatus::parse("Open"), None);
        assert_eq!(InviteStatus::parse(""), None);
    }
}
