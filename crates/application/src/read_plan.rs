//! Looking at plans.

use std::sync::Arc;

use family_plan_domain::{
    Capacity, EventCursor, Member, Plan, PlanId, PlanName, Role, Seats, Settings, UserId,
    ports::{Clock, ListedPlan, LoadedPlan, Plans, StoreError},
};
use time::OffsetDateTime;

use crate::{
    AccessError, Caller, EventPage, Page, PageSize,
    access::{PlanAccess, Right},
};

/// A plan and its seats at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanReport {
    /// Which plan.
    pub id: PlanId,
    /// Its name.
    pub name: PlanName,
    /// Its owner.
    pub owner: UserId,
    /// Its own limit.
    pub user_limit: Option<Capacity>,
    /// Its seats.
    pub seats: Seats,
    /// Since when there is such a plan.
    pub created_at: OffsetDateTime,
}

impl PlanReport {
    pub(crate) fn new(plan: &Plan, settings: &Settings, now: OffsetDateTime) -> Self {
        Self {
            id: plan.id(),
            name: plan.name().clone(),
            owner: plan.owner().clone(),
            user_limit: plan.user_limit(),
            seats: plan.seats(now, &settings.values),
            created_at: plan.created_at(),
        }
    }
}

/// Shows a plan to those who may see it.
pub struct ReadPlan {
    /// The way to plans.
    pub access: PlanAccess,
}

impl ReadPlan {
    /// The plan and its seats.
    ///
    /// # Errors
    ///
    /// See [`AccessError`].
    pub async fn report(&self, caller: &Caller, plan: PlanId) -> Result<PlanReport, AccessError> {
        let now = self.access.clock.now();
        let LoadedPlan { plan, settings } = self.access.load(plan, caller, Right::See, now).await?;
        Ok(PlanReport::new(&plan, &settings, now))
    }

    /// The plan with its members and its open invites, the settings, and the moment at which this was so.
    ///
    /// # Errors
    ///
    /// See [`AccessError`].
    pub async fn whole(
        &self,
        caller: &Caller,
        plan: PlanId,
    ) -> Result<(LoadedPlan, OffsetDateTime), AccessError> {
        let now = self.access.clock.now();
        Ok((self.access.load(plan, caller, Right::See, now).await?, now))
    }
}

/// A member's place among the members of a plan: the longest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberPlace {
    /// When they joined.
    pub joined_at: OffsetDateTime,
    /// Who.
    pub user: UserId,
}

impl MemberPlace {
    fn of(member: &Member) -> Self {
        Self { joined_at: member.joined_at, user: member.user.id.clone() }
    }
}

/// A member as one particular caller may see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberReport {
    /// The member.
    pub member: Member,
    /// What they are in the plan.
    pub role: Role,
    /// Whether the caller may see their address.
    pub shows_email: bool,
}

/// Lists the members of a plan.
pub struct ListMembers {
    /// The way to plans.
    pub access: PlanAccess,
}

impl ListMembers {
    /// A page of members, the longest first.
    ///
    /// # Errors
    ///
    /// See [`AccessError`].
    pub async fn run(
        &self,
        caller: &Caller,
        plan: PlanId,
        after: Option<&MemberPlace>,
        size: PageSize,
    ) -> Result<Page<MemberReport, MemberPlace>, AccessError> {
        let now = self.access.clock.now();
        let LoadedPlan { plan, .. } = self.access.load(plan, caller, Right::See, now).await?;
        let shows_email = caller.may_act_for_others() || *plan.owner() == caller.user;
        let mut members: Vec<&Member> =
            plan.members().iter().filter(|it| after < Some(&MemberPlace::of(it))).collect();
        members.sort_by_key(|it| MemberPlace::of(it));
        let reports = members.into_iter().map(|member| MemberReport {
            member: member.clone(),
            role: plan.role_of(&member.user.id),
            shows_email,
        });
        Ok(Page::new(reports.collect(), size, |it: &MemberReport| MemberPlace::of(&it.member)))
    }
}

/// Why plans cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListPlansError {
    /// Only administrators and services see all plans.
    #[error("the caller may not list plans")]
    Forbidden,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists plans for those who look after all of them.
pub struct ListPlans {
    /// Where plans are kept.
    pub plans: Arc<dyn Plans>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl ListPlans {
    /// Whether `caller` may list plans.
    ///
    /// # Errors
    ///
    /// [`ListPlansError::Forbidden`].
    pub fn check(caller: &Caller) -> Result<(), ListPlansError> {
        if caller.may_act_for_others() { Ok(()) } else { Err(ListPlansError::Forbidden) }
    }

    /// A page of plans, those of `owner` if one is given, the oldest first.
    ///
    /// # Errors
    ///
    /// See [`ListPlansError`].
    pub async fn run(
        &self,
        caller: &Caller,
        owner: Option<UserId>,
        after: Option<PlanId>,
        size: PageSize,
    ) -> Result<Page<PlanReport, PlanId>, ListPlansError> {
        Self::check(caller)?;
        let plans = self.plans.list(owner, after, size.with_one_more(), self.clock.now()).await?;
        let reports = plans.into_iter().map(PlanReport::from).collect();
        Ok(Page::new(reports, size, |it: &PlanReport| it.id))
    }
}

impl From<ListedPlan> for PlanReport {
    fn from(plan: ListedPlan) -> Self {
        let ListedPlan { id, name, owner, user_limit, seats, created_at } = plan;
        Self { id, name, owner, user_limit, seats, created_at }
    }
}

/// Before every event: the first save of a plan makes revision 1.
const START: EventCursor = EventCursor { revision: 0, position: 0 };

/// Tells what happened to a plan.
pub struct ReadHistory {
    /// The way to plans.
    pub access: PlanAccess,
}

impl ReadHistory {
    /// A page of the events of `plan`, the oldest first.
    ///
    /// # Errors
    ///
    /// See [`AccessError`].
    pub async fn run(
        &self,
        caller: &Caller,
        plan: PlanId,
        after: Option<EventCursor>,
        size: PageSize,
    ) -> Result<EventPage<EventCursor>, AccessError> {
        self.access.check(caller, plan, Right::Invite).await?;
        let events = self.access.plans.history(plan, after, size.with_one_more()).await?;
        let events = events.into_iter().map(|it| (it.cursor, it)).collect();
        Ok(EventPage::new(events, size, after.unwrap_or(START)))
    }
}
