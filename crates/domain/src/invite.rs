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
        [Self::Open, Self::Used, Self::Revoked, Self::Expired]
            .into_iter()
            .find(|it| it.as_str() == name)
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
    /// What the invite is at `now`: the one place that knows expiry. At `expires_at` it is too late.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime) -> InviteStatus {
        match self.state {
            InviteState::Used { .. } => InviteStatus::Used,
            InviteState::Revoked => InviteStatus::Revoked,
            InviteState::Open if self.expires_at <= now => InviteStatus::Expired,
            InviteState::Open => InviteStatus::Open,
        }
    }

    /// Whether a seat is kept for whoever accepts it.
    #[must_use]
    pub fn holds_seat(&self, now: OffsetDateTime, settings: &SettingsValues) -> bool {
        settings.pending_invites_hold_seats && !self.reopened && self.status(now) == InviteStatus::Open
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
