//! The settings that bind every plan.

mod change;

use time::{Duration, OffsetDateTime};

pub use self::change::SettingsChange;
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
            _ => Err(InvalidValue("must be a whole number of seconds from 60 to 2592000")),
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
            cursor: EventCursor { revision: settings.revision.0, position: 0 },
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
                .with("previous_pending_invites_hold_seats", self.values.pending_invites_hold_seats)
                .with("detached_invites", values.detached_invites.as_str())
                .with("previous_detached_invites", self.values.detached_invites.as_str()),
        };
        (settings, event)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::Fact;

    #[test]
    fn a_lifetime_is_a_minute_to_thirty_days() {
        for seconds in [60, 172_800, 2_592_000] {
            let ttl = InviteTtl::new(seconds).unwrap();
            assert_eq!(i64::from(ttl.seconds()), seconds);
            assert_eq!(ttl.duration(), Duration::seconds(seconds));
        }
        for seconds in [i64::MIN, -60, 0, 59, 2_592_001, (1 << 32) + 60] {
            assert!(InviteTtl::new(seconds).is_err(), "{seconds}");
        }
    }

    #[test]
    fn every_policy_is_found_by_its_name() {
        for policy in [DetachedInvites::Reopen, DetachedInvites::Revoke] {
            assert_eq!(DetachedInvites::parse(policy.as_str()), Ok(policy));
        }
        assert!(DetachedInvites::parse("keep").is_err());
    }

    #[test]
    fn the_defaults_are_five_seats_two_days_holding_and_reopening() {
        let values = SettingsValues::default();
        assert_eq!(values.user_limit.get(), 5);
        assert_eq!(values.invite_ttl.duration(), Duration::days(2));
        assert!(values.pending_invites_hold_seats);
        assert_eq!(values.detached_invites, DetachedInvites::Reopen);
    }

    #[test]
    fn replacing_the_settings_tells_what_they_were_and_what_they_are() {
        let settings = Settings {
            values: SettingsValues::default(),
            revision: SettingsRevision(7),
            updated_at: datetime!(2026-03-01 12:00 UTC),
            updated_by: None,
        };
        let values = SettingsValues {
            user_limit: Capacity::new(2).unwrap(),
            invite_ttl: InviteTtl::new(60).unwrap(),
            pending_invites_hold_seats: false,
            detached_invites: DetachedInvites::Revoke,
        };
        let admin = UserId::new("root").unwrap();
        let origin = Origin {
            actor: Some(admin.clone()),
            request_id: Some("r-1".to_owned()),
            at: datetime!(2026-03-02 12:00 UTC),
        };
        let id = EventId::from(Uuid::from_u128(9));

        let (replaced, event) = settings.replaced_by(values, id, &origin);

        assert_eq!(
            replaced,
            Settings {
                values,
                revision: SettingsRevision(8),
                updated_at: origin.at,
                updated_by: Some(admin.clone()),
            }
        );
        let facts: Vec<_> = event.facts.iter().map(|(name, fact)| (name, fact.clone())).collect();
        assert_eq!(
            facts,
            [
                ("user_limit", Fact::Number(2)),
                ("previous_user_limit", Fact::Number(5)),
                ("invite_ttl_seconds", Fact::Number(60)),
                ("previous_invite_ttl_seconds", Fact::Number(172_800)),
                ("pending_invites_hold_seats", Fact::Flag(false)),
                ("previous_pending_invites_hold_seats", Fact::Flag(true)),
                ("detached_invites", Fact::Text("revoke".to_owned())),
                ("previous_detached_invites", Fact::Text("reopen".to_owned())),
            ]
        );
        assert_eq!((event.id, event.plan, event.kind), (id, None, EventKind::SettingsUpdated));
        assert_eq!(event.cursor, EventCursor { revision: 8, position: 0 });
        assert_eq!(
            (event.at, event.actor, event.request_id),
            (origin.at, Some(admin), Some("r-1".to_owned()))
        );
    }
}
