//! Events: what happened, by whom, and the facts of it.

use std::borrow::Cow;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{EventId, PlanId, PlanInForce, UserId};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)+) => {
        /// What kind of thing happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventKind {
            $($(#[$doc])* $variant,)+
        }

        impl EventKind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name in the API and in events that go out.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The kind of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == name)
            }
        }
    };
}

event_kinds! {
    /// A plan came into being.
    PlanCreated => "plan.created",
    /// A plan has another name.
    PlanRenamed => "plan.renamed",
    /// A plan's own limit changed.
    PlanLimitChanged => "plan.limit_changed",
    /// A plan belongs to somebody else.
    PlanOwnerChanged => "plan.owner_changed",
    /// A plan is gone.
    PlanClosed => "plan.closed",
    /// Somebody may join.
    InviteCreated => "invite.created",
    /// An invite was taken back.
    InviteRevoked => "invite.revoked",
    /// An invite was accepted.
    InviteAccepted => "invite.accepted",
    /// Somebody is in a plan.
    MemberJoined => "member.joined",
    /// Somebody is in a plan no longer.
    MemberDetached => "member.detached",
    /// An administrator changed the settings.
    SettingsUpdated => "settings.updated",
    /// A user and one of Zammad's stand for the same person.
    ZammadUserLinked => "zammad_user.linked",
    /// They no longer do.
    ZammadUserUnlinked => "zammad_user.unlinked",
}

/// Who caused a change, when, and by which request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The caller; `None` when the service acts by itself.
    pub actor: Option<UserId>,
    /// The id of the request, to be found in the logs.
    pub request_id: Option<String>,
    /// When.
    pub at: OffsetDateTime,
}

/// An event's place in its plan's history: the plan's revision, then the order within the save. Saves of one plan
/// follow one another, so that reading on from a cursor never skips an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventCursor {
    /// The revision that the save made.
    pub revision: i64,
    /// The place among the events of that save, from 0.
    pub position: u32,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Which one.
    pub id: EventId,
    /// The plan it happened to; `None` for the settings, and for a user who is in no plan.
    pub plan: Option<PlanId>,
    /// Its place in the plan's history.
    pub cursor: EventCursor,
    /// What kind of thing.
    pub kind: EventKind,
    /// When.
    pub at: OffsetDateTime,
    /// Who caused it.
    pub actor: Option<UserId>,
    /// Why, where there are several possible reasons.
    pub reason: Option<String>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// The facts, by name.
    pub facts: Facts,
}

/// One fact of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Known to be nothing.
    Nothing,
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Which plan counts for a user.
    PlanInForce(PlanInForce),
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Fact {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Fact {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}

impl From<bool> for Fact {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<PlanInForce> for Fact {
    fn from(plan: PlanInForce) -> Self {
        Self::PlanInForce(plan)
    }
}

/// As RFC 3339 text.
impl From<OffsetDateTime> for Fact {
    fn from(instant: OffsetDateTime) -> Self {
        Self::Text(instant.format(&Rfc3339).expect("years from 0 to 9999 have a form in RFC 3339"))
    }
}

impl<T: Into<Self>> From<Option<T>> for Fact {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// Named facts, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Vec<(Cow<'static, str>, Fact)>);

impl Facts {
    /// No facts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One fact more.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, fact: impl Into<Fact>) -> Self {
        self.0.push((name.into(), fact.into()));
        self
    }

    /// The fact of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.iter().find(|(it, _)| *it == name).map(|(_, fact)| fact)
    }

    /// The facts with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.0.iter().map(|(name, fact)| (name.as_ref(), fact))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_and_is_found_by_it() {
        for &kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::parse("plan.Created"), None);
        assert_eq!(EventKind::parse(""), None);
    }

    #[test]
    fn cursors_sort_by_save_and_then_by_the_order_within_it() {
        let cursor = |revision, position| EventCursor { revision, position };
        assert!(cursor(1, 9) < cursor(2, 0));
        assert!(cursor(2, 0) < cursor(2, 1));
    }

    #[test]
    fn facts_keep_their_order_and_an_absent_value_is_nothing() {
        let facts = Facts::new()
            .with("text", "a")
            .with("number", 3_u32)
            .with("flag", true)
            .with("absent", None::<i64>)
            .with("instant", datetime!(2026-03-01 12:00:00.125 UTC));
        let all: Vec<_> = facts.iter().map(|(name, fact)| (name, fact.clone())).collect();
        assert_eq!(
            all,
            [
                ("text", Fact::Text("a".to_owned())),
                ("number", Fact::Number(3)),
                ("flag", Fact::Flag(true)),
                ("absent", Fact::Nothing),
                ("instant", Fact::Text("2026-03-01T12:00:00.125Z".to_owned())),
            ]
        );
    }
}
