//! What happens to a plan, each from its load to its save.

use std::sync::Arc;

use family_plan_domain::{
    Capacity, DetachReason, Invite, InviteCap, Plan, PlanId, PlanName, User,
    ports::{LoadedPlan, Plans},
};
use family_plan_persistence::{Database, SqlPlans};
use family_plan_testkit::{
    START, SequentialIds,
    fixtures::{candidate, code_of, new_invite, origin, user_id},
};

pub(crate) struct Steps {
    pub(crate) plans: SqlPlans,
    ids: SequentialIds,
}

impl Steps {
    pub(crate) fn over(database: &Database) -> Self {
        let plans = database.plans(Arc::new(SequentialIds::default()));
        Self { plans, ids: SequentialIds::default() }
    }

    pub(crate) async fn load(&self, plan: PlanId) -> LoadedPlan {
        self.plans.load(plan, START).await.unwrap().unwrap()
    }

    pub(crate) async fn save(&self, plan: &Plan) {
        self.plans.save(plan, &origin(&user_id("ann"), START)).await.unwrap();
    }

    pub(crate) async fn open(&self, owner: User) -> PlanId {
        let plan = Plan::open(self.ids.next_plan(), PlanName::new("The Hills").unwrap(), owner, START);
        self.save(&plan).await;
        plan.id()
    }

    pub(crate) async fn issue(&self, plan: PlanId) -> Invite {
        let LoadedPlan { mut plan, settings } = self.load(plan).await;
        let invite = new_invite(self.ids.next_invite(), plan.owner(), START);
        let invite = plan.issue(invite, None, InviteCap::default(), START, &settings).unwrap();
        self.save(&plan).await;
        invite
    }

    pub(crate) async fn accept(&self, invite: &Invite, visitor: &User) {
        let loaded = self.plans.load_by_code(code_of(invite.id), Some(visitor.id.clone()), START);
        let loaded = loaded.await.unwrap().unwrap();
        let mut plan = loaded.plan;
        let candidate = candidate(loaded.visitor.unwrap().person.user);
        plan.accept(&loaded.invite, candidate, START, &loaded.settings).unwrap();
        self.save(&plan).await;
    }

    pub(crate) async fn detach(&self, plan: PlanId, member: &User) {
        let LoadedPlan { mut plan, settings } = self.load(plan).await;
        plan.detach(&member.id, DetachReason::Left, START, &settings).unwrap();
        self.save(&plan).await;
    }

    /// Lets a hundred in.
    pub(crate) async fn widen(&self, plan: PlanId) {
        let LoadedPlan { mut plan, .. } = self.load(plan).await;
        plan.limit_to(Some(Capacity::new(100).unwrap()));
        self.save(&plan).await;
    }

    pub(crate) async fn close(&self, plan: PlanId) {
        let loaded = self.plans.load_with_open_invites(plan, START).await.unwrap().unwrap();
        let mut plan = loaded.plan;
        plan.close();
        self.save(&plan).await;
    }
}
