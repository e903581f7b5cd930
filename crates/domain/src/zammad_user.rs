//! The helpdesk's users, and which of them stand for ours.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::{
    Change, Event, EventCursor, EventId, EventKind, Facts, InvalidValue, Origin, Person, Plan, PlanId,
    PlanInForce, UserId,
};

/// Identifies a user of the helpdesk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZammadUserId(pub i64);

impl ZammadUserId {
    /// Zammad's own user, in whose name it acts by itself: nobody stands behind it.
    pub const SYSTEM: Self = Self(1);

    /// The id of somebody.
    ///
    /// # Errors
    ///
    /// When nobody can have it: below 1, or [Zammad's own](Self::SYSTEM).
    pub fn of_a_person(id: i64) -> Result<Self, InvalidValue> {
        if Self::SYSTEM.0 < id {
            Ok(Self(id))
        } else {
            Err(InvalidValue("must be a whole number from 2 on: 1 is Zammad's own user"))
        }
    }
}

/// A user of the helpdesk, as it was at `updated_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZammadUser {
    /// Which one.
    pub id: ZammadUserId,
    /// The address in lower case; at most 255 characters.
    pub email: Option<String>,
    /// The given name, or empty; at most 255 characters.
    pub firstname: String,
    /// The family name, or empty; at most 255 characters.
    pub lastname: String,
    /// Whether they may log in.
    pub active: bool,
    /// When they last changed, as Zammad's clock has it. What is newer counts.
    pub updated_at: OffsetDateTime,
}

/// A user of the helpdesk who is known to have been there at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The user.
    pub user: ZammadUser,
    /// The latest moment at which they are known to have been there: when a listing was asked for, or when what a
    /// webhook tells of was last changed.
    pub at: OffsetDateTime,
}

/// What is known of a user of the helpdesk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirroredUser {
    /// The newest that was heard of them.
    pub user: ZammadUser,
    /// The latest moment at which they were known to be there.
    pub seen_at: OffsetDateTime,
    /// Since when they are known to be gone: deleted, or merged into another.
    pub vanished_at: Option<OffsetDateTime>,
}

/// Why a user and one of the helpdesk's are taken for the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkReason {
    /// Somebody said so.
    Requested,
    /// They have the same address, which the identity provider has verified, and which nobody else has.
    VerifiedEmail,
}

impl LinkReason {
    /// Its name in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::VerifiedEmail => "verified_email",
        }
    }
}

/// What became of the association of a user with one of the helpdesk's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkChange {
    /// Which user.
    pub user: UserId,
    /// Which one of the helpdesk's.
    pub zammad_user: ZammadUserId,
    /// Whether they stand for the same person from now on, or no longer.
    pub is_linked: bool,
    /// Why.
    pub reason: LinkReason,
}

impl LinkChange {
    /// The event that tells of it; `place` is the plan that the user is in, and where in its history the event comes.
    #[must_use]
    pub fn event(&self, id: EventId, place: Option<(PlanId, EventCursor)>, origin: &Origin) -> Event {
        // What happens outside of plans has no order there.
        let nowhere = EventCursor { revision: 0, position: 0 };
        Event {
            id,
            plan: place.map(|(plan, _)| plan),
            cursor: place.map_or(nowhere, |(_, cursor)| cursor),
            kind: if self.is_linked { EventKind::ZammadUserLinked } else { EventKind::ZammadUserUnlinked },
            at: origin.at,
            actor: origin.actor.clone(),
            reason: Some(self.reason.as_str().to_owned()),
            request_id: origin.request_id.clone(),
            facts: Facts::new()
                .with("user_id", self.user.as_str())
                .with("zammad_user_id", self.zammad_user.0),
        }
    }
}

/// As many characters as a text attribute of Zammad holds unless it was told otherwise.
const ATTRIBUTE_MAX_CHARS: usize = 120;

/// The plan in force for `person` in one line, for the people at the helpdesk; empty when there is none.
#[must_use]
pub fn plan_line(person: Option<&Person>) -> String {
    match person.and_then(|it| it.plan_in_force().map(|plan| (plan, it))) {
        None => String::new(),
        Some((PlanInForce::Individual(code), _)) => format!("individual: {code}"),
        Some((PlanInForce::Family(plan), person)) => {
            let name = person.family.as_ref().map_or("", |it| it.name.as_str());
            let id = format!(" ({plan})");
            let room = ATTRIBUTE_MAX_CHARS - "family: ".len() - id.len();
            let name: String = name.chars().take(room).collect();
            format!("family: {name}{id}")
        }
    }
}

/// The helpdesk's users whose [plan line](plan_line) is another once the changes of `plan` are saved.
#[must_use]
pub fn plan_lines_changed_by(plan: &Plan) -> BTreeSet<ZammadUserId> {
    let mut zammad_users = BTreeSet::new();
    for change in plan.changes() {
        match change {
            Change::MemberJoined { member } | Change::MemberDetached { member, .. } => {
                zammad_users.extend(member.user.zammad_user_id);
            }
            Change::Renamed { .. } => {
                zammad_users.extend(plan.members().iter().filter_map(|it| it.user.zammad_user_id));
            }
            Change::Created
            | Change::LimitChanged { .. }
            | Change::OwnerChanged { .. }
            | Change::Closed
            | Change::InviteCreated { .. }
            | Change::InviteRevoked { .. }
            | Change::InviteAccepted { .. } => (),
        }
    }
    zammad_users
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::{Capacity, Fact, Family, IndividualPlan, PlanName, PlanParts, Role, User};

    const PLAN: &str = "0192f3a4-0000-7000-8000-000000000001";

    fn ann(individual_plan: Option<&str>, family: Option<&str>) -> Person {
        let user = User {
            individual_plan: individual_plan.map(|it| IndividualPlan::new(it).unwrap()),
            ..User::new(UserId::new("ann").unwrap())
        };
        let family = family.map(|name| Family {
            plan: PLAN.parse::<Uuid>().unwrap().into(),
            name: PlanName::new(name).unwrap(),
            role: Role::Member,
        });
        Person { user, family }
    }

    #[test]
    fn the_plan_line_tells_the_plan_in_force() {
        assert_eq!(plan_line(None), "");
        assert_eq!(plan_line(Some(&ann(None, None))), "");
        assert_eq!(plan_line(Some(&ann(Some("free"), None))), "individual: free");
        let expected = format!("family: The Hills ({PLAN})");
        assert_eq!(plan_line(Some(&ann(Some("free"), Some("The Hills")))), expected);
    }

    #[test]
    fn a_plan_line_is_never_too_long() {
        let individual = plan_line(Some(&ann(Some(&"🌱".repeat(100)), None)));
        assert_eq!(individual, format!("individual: {}", "🌱".repeat(100)));
        assert!(individual.chars().count() <= ATTRIBUTE_MAX_CHARS);
        for n_chars in [72, 73, 74, 200] {
            let line = plan_line(Some(&ann(None, Some(&"é".repeat(n_chars)))));
            assert_eq!(line, format!("family: {} ({PLAN})", "é".repeat(n_chars.min(73))));
            assert!(line.chars().count() <= ATTRIBUTE_MAX_CHARS);
        }
    }

    #[test]
    fn an_event_tells_what_became_of_an_association() {
        let plan = PlanId::from(Uuid::from_u128(5));
        let cursor = EventCursor { revision: 4, position: 1 };
        let nowhere = EventCursor { revision: 0, position: 0 };
        let origin = Origin {
            actor: UserId::new("admin").ok(),
            request_id: Some("req-7".to_owned()),
            at: datetime!(2026-03-01 12:00 UTC),
        };
        for (is_linked, reason, kind, told) in [
            (true, LinkReason::Requested, EventKind::ZammadUserLinked, "requested"),
            (true, LinkReason::VerifiedEmail, EventKind::ZammadUserLinked, "verified_email"),
            (false, LinkReason::Requested, EventKind::ZammadUserUnlinked, "requested"),
        ] {
            let user = UserId::new("ann").unwrap();
            let change = LinkChange { user, zammad_user: ZammadUserId(7), is_linked, reason };
            let inside = Event {
                id: Uuid::from_u128(9).into(),
                plan: Some(plan),
                cursor,
                kind,
                at: origin.at,
                actor: origin.actor.clone(),
                reason: Some(told.to_owned()),
                request_id: origin.request_id.clone(),
                facts: Facts::new().with("user_id", "ann").with("zammad_user_id", Fact::Number(7)),
            };
            assert_eq!(change.event(inside.id, Some((plan, cursor)), &origin), inside);
            let outside = Event { plan: None, cursor: nowhere, ..inside };
            assert_eq!(change.event(outside.id, None, &origin), outside);
        }
    }

    #[test]
    fn whoever_comes_or_goes_has_another_plan_line_and_everybody_has_when_the_name_changes() {
        let member = |id: &str, zammad_user_id: Option<i64>| User {
            zammad_user_id: zammad_user_id.map(ZammadUserId),
            ..User::new(UserId::new(id).unwrap())
        };
        let at = datetime!(2026-03-01 12:00 UTC);
        let name = PlanName::new("The Hills").unwrap();
        let id = PlanId::from(Uuid::from_u128(5));
        let opened = Plan::open(id, name.clone(), member("ann", Some(7)), at);
        assert_eq!(plan_lines_changed_by(&opened), BTreeSet::from([ZammadUserId(7)]));

        let saved = || {
            let people = [("ann", Some(7)), ("bob", Some(8)), ("cid", None)];
            Plan::from(PlanParts {
                id,
                name: name.clone(),
                owner: UserId::new("ann").unwrap(),
                user_limit: None,
                created_at: at,
                revision: 1,
                members: people
                    .map(|(id, zammad_user)| crate::Member {
                        user: member(id, zammad_user),
                        joined_by: None,
                        joined_at: at,
                    })
                    .to_vec(),
                invites: Vec::new(),
            })
        };
        let everybody = BTreeSet::from([ZammadUserId(7), ZammadUserId(8)]);
        let mut plan = saved();
        plan.limit_to(Capacity::new(4).ok());
        plan.transfer(&UserId::new("bob").unwrap()).unwrap();
        assert_eq!(plan_lines_changed_by(&plan), BTreeSet::new());
        plan.rename(PlanName::new("Elsewhere").unwrap());
        assert_eq!(plan_lines_changed_by(&plan), everybody);
        let mut plan = saved();
        plan.close();
        assert_eq!(plan_lines_changed_by(&plan), everybody);
    }
}
