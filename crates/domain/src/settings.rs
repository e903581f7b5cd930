//! The settings that bind every plan.

use time::{Duration, OffsetDateTime};

use crate::{Capacity, Event, EventCursor, EventId, EventKind, Facts, InvalidValue, Origin, UserId};

/// How long an invite can be accepted: 60 seconds to 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InviteTtl(u32);

impl InviteTtl {
    /// A lifetime of `seconds`.
    ///
    /// # Errors
    ///
    /// When `seconds` is not 60 to 2 592 000.
    pub fn new(seconds: i64) -> Result<Self, InvalidValue> {
        match u32::try_from(seconds) {
            Ok(seconds @ 60..=2_592_000) => Ok(Self(seconds)),
            _ => Err(InvalidValue(
                "must be a whole number of seconds from 60 to 2592000",
            )),
        }
    }

    /// The lifetime in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }

    /// The lifetime.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::seconds(i64::from(self.0))
    }
}

/// What becomes of an invite when the person who accepted it is detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetachedInvites {
    /// It can be used again until its original expiry, by anybody but those detached from it.
    Reopen,
    /// It is revoked.
    Revoke,
}

impl DetachedInvites {
    /// The policy of that name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn parse(name: &str) -> Result<Self, InvalidValue> {
        match name {
            "reopen" => Ok(Self::Reopen),
            "revoke" => Ok(Self::Revoke),
            _ => Err(InvalidValue("must be `reopen` or `revoke`")),
        }
    }

    /// Its name, as the API and the database have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reopen => "reopen",
            Self::Revoke => "revoke",
        }
    }
}

/// What administrators can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingsValues {
    /// Seats of a plan without a limit of its own, the owner's included.
    pub user_limit: Capacity,
    /// How long an invite lives unless its issuer says otherwise.
    pub invite_ttl: InviteTtl,
    /// Whether an open invite holds a seat until it is accepted, revoked or expired.
    pub pending_invites_hold_seats: bool,
    /// What detaching does to the invite.
    pub detached_invites: DetachedInvites,
}

impl Default for SettingsValues {
    fn default() -> Self {
        Self {
            user_limit: Capacity::new(5).expect("5 is from 1 to 100"),
            invite_ttl: InviteTtl::new(172_800).expect("two days are within the bounds"),
            pending_invites_hold_seats: true,
            detached_invites: DetachedInvites::Reopen,
        }
    }
}

/// Counts the changes of the settings; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingsRevision(pub i64);

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What was set.
    pub values: SettingsValues,
    /// Which change it was.
    pub revision: SettingsRevision,
    /// When it was set.
    pub updated_at: OffsetDateTime,
    /// By whom; nobody has touched the defaults.
    pub updated_by: Option<UserId>,
}

impl Settings {
    /// The settings that are in force once `values` replace these, and the event that tells of it.
    #[must_use]
    pub fn replaced_by(&self, values: SettingsValues, event: EventId, origin: &Origin) -> (Self, Event) {
        let settings = Self {
            values,
            revision: SettingsRevision(self.revision.0 + 1),
            updated_at: origin.at,
            updated_by: origin.actor.clone(),
        };
        let event = Event {
            id: event,
            plan: None,
            cursor: EventCursor {
                revision: settings.revision.0,
                position: 0,
            },
            kind: EventKind::SettingsUpdated,
            at: origin.at,
            actor: origin.actor.clone(),
            reason: None,
            request_id: origin.request_id.clone(),
            facts: Facts::new()
                .with("user_limit", values.user_limit.get())
                .with("previous_user_limit", self.values.user_limit.get())
                .with("invite_ttl_seconds", values.invite_ttl.seconds())
                .with("previous_invite_ttl_seconds", self.values.invite_ttl.seconds())
                .with("pending_invites_hold_seats", values.pending_invites_hold_seats)
                .with(
                    "previous_pending_invites_hold_seats",
                    self.values.pending_invites_hold_seats,
                )
                .with("detached_invites", values.detached_invites.as_str())
                .with("previous_detached_invites", self.values.detached_invites.as_str()),
        };
        (settings, event)
    }
}
