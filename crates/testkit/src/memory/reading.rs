//! Reading plans, invites, people and events.

use family_plan_domain::{
    Capacity, CodeHash, Event, EventCursor, Family, Invite, InviteId, InviteStatus, JoinedBy, Member,
    Occupancy, Person, Plan, PlanId, SettingsChange, SettingsRevision, UserId,
    ports::{ListedPlan, LoadedInvite, LoadedPlan, Visitor},
};
use time::OffsetDateTime;

use super::{Membership, State, StoredPlan};

impl State {
    pub(super) fn load(
        &self,
        plan: PlanId,
        comes_along: impl Fn(&Invite) -> bool,
        now: OffsetDateTime,
    ) -> Option<LoadedPlan> {
        let mut parts = self.open(plan)?.parts.clone();
        parts.members = self
            .memberships
            .iter()
            .filter(|it| it.plan == plan && !it.is_over)
            .map(|it| self.member(it))
            .collect();
        parts.invites = self
            .invites
            .values()
            .filter(|it| it.plan == plan)
            .map(|it| &it.invite)
            .filter(|it| it.is_pending(now) || comes_along(it))
            .cloned()
            .collect();
        Some(LoadedPlan { plan: Plan::from(parts), settings: self.settings.clone() })
    }

    pub(super) fn load_by_code(
        &self,
        code: CodeHash,
        visitor: Option<&UserId>,
        now: OffsetDateTime,
    ) -> Option<LoadedInvite> {
        let stored = self.invites.values().find(|it| it.code == code)?;
        let invite = stored.invite.clone();
        let LoadedPlan { plan, settings } = self.load(stored.plan, |it| it.id == invite.id, now)?;
        let visitor = visitor.and_then(|it| self.find(it)).map(|person| Visitor {
            detached_from_invite: self
                .memberships
                .iter()
                .any(|it| it.invite == Some(invite.id) && it.user == person.user.id && it.is_over),
            person,
        });
        Some(LoadedInvite { plan, settings, invite, visitor })
    }

    pub(super) fn find(&self, user: &UserId) -> Option<Person> {
        let user = self.users.get(user)?.clone();
        let family = self.place_of(&user.id).map(|it| {
            let plan = Plan::from(self.plans[&it.plan].parts.clone());
            Family { plan: plan.id(), name: plan.name().clone(), role: plan.role_of(&user.id) }
        });
        Some(Person { user, family })
    }

    pub(super) fn list(
        &self,
        owner: Option<&UserId>,
        after: Option<PlanId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Vec<ListedPlan> {
        self.plans
            .keys()
            .filter(|it| after < Some(**it))
            .filter_map(|it| self.load(*it, |_| false, now))
            .filter(|it| owner.is_none_or(|owner| it.plan.owner() == owner))
            .take(limit)
            .map(|LoadedPlan { plan, settings }| ListedPlan {
                id: plan.id(),
                name: plan.name().clone(),
                owner: plan.owner().clone(),
                user_limit: plan.user_limit(),
                seats: plan.seats(now, &settings.values),
                created_at: plan.created_at(),
            })
            .collect()
    }

    pub(super) fn invites(
        &self,
        plan: PlanId,
        status: Option<InviteStatus>,
        after: Option<InviteId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Vec<Invite> {
        self.invites
            .values()
            .filter(|it| it.plan == plan && self.open(plan).is_some())
            .map(|it| &it.invite)
            .filter(|it| after < Some(it.id))
            .filter(|it| status.is_none_or(|status| it.status(now) == status))
            .take(limit)
            .cloned()
            .collect()
    }

    pub(super) fn history(&self, plan: PlanId, after: Option<EventCursor>, limit: usize) -> Vec<Event> {
        self.events
            .iter()
            .filter(|it| it.plan == Some(plan) && self.open(plan).is_some())
            .filter(|it| after < Some(it.cursor))
            .take(limit)
            .cloned()
            .collect()
    }

    pub(super) fn occupancy(&self, user_limit: Capacity) -> Occupancy {
        let plans = self.plans.values().filter(|it| !it.is_closed).map(|it| &it.parts);
        plans.fold(Occupancy::default(), |occupancy, plan| {
            let members = self.memberships.iter().filter(|it| it.plan == plan.id && !it.is_over);
            let used = i64::try_from(members.count()).expect("memory is finite");
            let limit = plan.user_limit.unwrap_or(user_limit);
            occupancy.and(1, used - i64::from(limit.get()))
        })
    }

    pub(super) fn changes_of_settings(
        &self,
        before: Option<SettingsRevision>,
        limit: usize,
    ) -> Vec<SettingsChange> {
        let changes = self.events.iter().rev().filter_map(SettingsChange::told_by);
        changes.filter(|it| before.is_none_or(|before| it.settings.revision < before)).take(limit).collect()
    }

    /// The one membership that lasts.
    pub(super) fn place_of(&self, user: &UserId) -> Option<&Membership> {
        self.memberships.iter().find(|it| it.user == *user && !it.is_over)
    }

    fn open(&self, plan: PlanId) -> Option<&StoredPlan> {
        self.plans.get(&plan).filter(|it| !it.is_closed)
    }

    fn member(&self, membership: &Membership) -> Member {
        Member {
            user: self.users[&membership.user].clone(),
            joined_by: membership.invite.map(|it| {
                let invite = &self.invites[&it].invite;
                JoinedBy {
                    invite: invite.id,
                    bound_to_recipient: invite.recipient.is_some(),
                    expires_at: invite.expires_at,
                }
            }),
            joined_at: membership.joined_at,
        }
    }
}
