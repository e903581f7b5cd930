//! The history of the settings.

use super::{DetachedInvites, InviteTtl, Settings, SettingsRevision, SettingsValues};
use crate::{Capacity, Event, EventKind, Fact, Facts};

/// What comes before the names of the facts that tell what was replaced.
const PREVIOUS: &str = "previous_";

/// One time that the settings were replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsChange {
    /// What was replaced.
    pub replaced: SettingsValues,
    /// What was in force from then on, by whom and when.
    pub settings: Settings,
}

impl SettingsChange {
    /// The change that `event` tells of; `None` when it tells of something else.
    #[must_use]
    pub fn told_by(event: &Event) -> Option<Self> {
        if event.kind != EventKind::SettingsUpdated {
            return None;
        }
        Some(Self {
            replaced: values(&event.facts, PREVIOUS)?,
            settings: Settings {
                values: values(&event.facts, "")?,
                revision: SettingsRevision(event.cursor.revision),
                updated_at: event.at,
                updated_by: event.actor.clone(),
            },
        })
    }
}

fn values(facts: &Facts, prefix: &str) -> Option<SettingsValues> {
    let fact = |name: &str| facts.get(&format!("{prefix}{name}"));
    let number = |name| match fact(name) {
        Some(Fact::Number(number)) => Some(*number),
        _ => None,
    };
    Some(SettingsValues {
        user_limit: Capacity::new(number("user_limit")?).ok()?,
        invite_ttl: InviteTtl::new(number("invite_ttl_seconds")?).ok()?,
        pending_invites_hold_seats: match fact("pending_invites_hold_seats")? {
            Fact::Flag(flag) => *flag,
            _ => return None,
        },
        detached_invites: match fact("detached_invites")? {
            Fact::Text(name) => DetachedInvites::parse(name).ok()?,
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::{EventId, Origin, UserId};

    fn settings() -> Settings {
        Settings {
            values: SettingsValues::default(),
            revision: SettingsRevision(7),
            updated_at: datetime!(2026-03-01 12:00 UTC),
            updated_by: None,
        }
    }

    fn replaced() -> (Settings, Event) {
        let values = SettingsValues {
            user_limit: Capacity::new(2).unwrap(),
            invite_ttl: InviteTtl::new(60).unwrap(),
            pending_invites_hold_seats: false,
            detached_invites: DetachedInvites::Revoke,
        };
        let origin =
            Origin { actor: UserId::new("root").ok(), request_id: None, at: datetime!(2026-03-02 12:00 UTC) };
        settings().replaced_by(values, EventId::from(Uuid::from_u128(9)), &origin)
    }

    #[test]
    fn an_event_of_the_settings_tells_what_changed() {
        let (settings, event) = replaced();
        let told = SettingsChange::told_by(&event);
        assert_eq!(told, Some(SettingsChange { replaced: SettingsValues::default(), settings }));
    }

    #[test]
    fn another_event_tells_of_no_change_of_the_settings() {
        let (_, event) = replaced();
        let other = Event { kind: EventKind::PlanLimitChanged, ..event.clone() };
        assert_eq!(SettingsChange::told_by(&other), None);
        for name in ["user_limit", "previous_invite_ttl_seconds", "pending_invites_hold_seats"] {
            let rest = event.facts.iter().filter(|(it, _)| *it != name);
            let facts =
                rest.fold(Facts::new(), |facts, (name, fact)| facts.with(name.to_owned(), fact.clone()));
            assert_eq!(SettingsChange::told_by(&Event { facts, ..event.clone() }), None, "without {name}");
        }
    }
}
