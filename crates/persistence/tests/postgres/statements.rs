//! How many statements a business step costs on PostgreSQL, where each is a round trip to the server.

use std::sync::Arc;

use family_plan_domain::{
    DetachReason, Invite, Plan, PlanId, PlanName, User,
    ports::{LoadedPlan, Plans, Users},
};
use family_plan_persistence::{Database, SqlPlans};
use family_plan_testkit::{
    START, SequentialIds, StatementCounter,
    fixtures::{candidate, code_of, introduction, new_invite, origin, user, user_id},
    server_url,
};
use sqlx::Postgres;

use crate::server::OwnDatabase;

/// `BEGIN`, the revision, and `COMMIT`: what every save costs, whatever it writes.
const FRAME: usize = 3;

struct Steps {
    plans: SqlPlans,
    ids: SequentialIds,
}

impl Steps {
    async fn load(&self, plan: PlanId) -> LoadedPlan {
        self.plans.load(plan, START).await.unwrap().unwrap()
    }

    async fn save(&self, plan: &Plan) {
        self.plans.save(plan, &origin(&user_id("ann"), START)).await.unwrap();
    }

    async fn open(&self, owner: User) -> PlanId {
        let plan = Plan::open(self.ids.next_plan(), PlanName::new("The Hills").unwrap(), owner, START);
        self.save(&plan).await;
        plan.id()
    }

    async fn issue(&self, plan: PlanId) -> Invite {
        let LoadedPlan { mut plan, settings } = self.load(plan).await;
        let invite = new_invite(self.ids.next_invite(), plan.owner(), START);
        let invite = plan.issue(invite, None, START, &settings).unwrap();
        self.save(&plan).await;
        invite
    }

    async fn accept(&self, invite: &Invite, visitor: &User) {
        let loaded = self.plans.load_by_code(code_of(invite.id), Some(visitor.id.clone()), START);
        let loaded = loaded.await.unwrap().unwrap();
        let mut plan = loaded.plan;
        let candidate = candidate(loaded.visitor.unwrap().person.user);
        plan.accept(&loaded.invite, candidate, START, &loaded.settings).unwrap();
        self.save(&plan).await;
    }

    async fn detach(&self, plan: PlanId, member: &User) {
        let LoadedPlan { mut plan, settings } = self.load(plan).await;
        plan.detach(&member.id, DetachReason::Left, START, &settings).unwrap();
        self.save(&plan).await;
    }

    async fn close(&self, plan: PlanId) {
        let mut plan = self.load(plan).await.plan;
        plan.close();
        self.save(&plan).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_step_costs_a_handful_of_statements() {
    let own = OwnDatabase::create::<Postgres>(&server_url("FAMILY_PLAN_TEST_POSTGRES_URL")).await;
    own.open().await.close().await.unwrap();
    let server = format!("{}:{}", own.url.host_str().unwrap(), own.url.port().unwrap_or(5432));
    let counter = StatementCounter::in_front_of(server).await.unwrap();
    let mut url = own.url.clone();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(counter.address().port())).unwrap();
    url.set_query(Some("sslmode=disable"));
    let database = Database::connect(url.as_str(), 1).await.unwrap();
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(user);
    for user in [&ann, &bob, &cid] {
        database.users().record(introduction(user)).await.unwrap();
    }
    let steps =
        Steps { plans: database.plans(Arc::new(SequentialIds::default())), ids: SequentialIds::default() };

    let _ = counter.take();
    let plan = steps.open(ann).await;
    // The plan, its member, the events.
    assert_eq!(counter.take(), FRAME + 3, "open");

    steps.save(&steps.load(plan).await.plan).await;
    assert_eq!(counter.take(), 1, "nothing, once it is loaded");

    let invite = steps.issue(plan).await;
    // The load; the invite, the event.
    assert_eq!(counter.take(), 1 + FRAME + 2, "issue");

    steps.accept(&invite, &bob).await;
    // The load; the invite, the member, the events.
    assert_eq!(counter.take(), 1 + FRAME + 3, "accept");

    steps.detach(plan, &bob).await;
    // The load; the member, the invite, the event.
    assert_eq!(counter.take(), 1 + FRAME + 3, "detach");

    for _ in 0..3 {
        steps.issue(plan).await;
    }
    steps.accept(&invite, &cid).await;
    let _ = counter.take();
    steps.close(plan).await;
    // The load; all invites, all members, the events.
    assert_eq!(counter.take(), 1 + FRAME + 3, "close");

    database.close().await.unwrap();
    drop(counter);
    own.dispose::<Postgres>().await;
}
