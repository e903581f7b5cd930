//! Ours: the use cases over the SQL adapter.

use std::sync::Arc;

use async_trait::async_trait;
use family_plan_application::{
    AcceptInvite, Caller, DetachMember, InviteRequest, IssueInvite, LinkKey, Mint, OpenPlan, People,
    PlanAccess, SecretKey,
};
use family_plan_domain::{
    Email, InviteCap, PersonName, PlanId, PlanName, UserId,
    ports::{Clock, Ids},
};
use family_plan_persistence::Database;
use family_plan_server::system::{SystemClock, SystemIds};
use family_plan_testkit::FakeInviteTokens;
use tokio_util::task::TaskTracker;

use crate::{Contender, N_PLANS};

pub(crate) struct UseCases {
    issue_invite: IssueInvite,
    accept_invite: AcceptInvite,
    detach_member: DetachMember,
    plans: Vec<PlanId>,
}

impl UseCases {
    pub(crate) async fn open(url: &str) -> Self {
        let connections = u32::try_from(N_PLANS).expect("they are few");
        let database = Database::connect(url, connections).await.expect("there is a database");
        database.migrate().await.expect("the schema can be made");
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(SystemClock), Arc::new(SystemIds));
        let plans = Arc::new(database.plans(ids.clone()));
        let people = People {
            users: Arc::new(database.users(ids.clone())),
            zammad_users: Arc::new(database.zammad_users()),
            clock: clock.clone(),
        };
        let access = PlanAccess { plans: plans.clone(), people: people.clone(), clock: clock.clone() };
        let key =
            SecretKey::parse(&"5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1".into());
        let mint = Mint {
            tokens: Arc::new(FakeInviteTokens::new(ids.clone())),
            key: Arc::new(LinkKey::new(&key.expect("it is a key"))),
            background: TaskTracker::new(),
        };
        let open_plan = OpenPlan {
            plans: plans.clone(),
            people: people.clone(),
            settings: Arc::new(database.settings(ids.clone())),
            clock: clock.clone(),
            ids,
        };
        let mut opened = Vec::new();
        for plan in 0..N_PLANS {
            let name = PlanName::new("The Hills").expect("it is a name");
            let report =
                open_plan.run(&caller("owner", plan), name, None).await.expect("a plan can be opened");
            opened.push(report.id);
        }
        Self {
            issue_invite: IssueInvite { access: access.clone(), mint, cap: InviteCap::default() },
            accept_invite: AcceptInvite { plans, people, clock },
            detach_member: DetachMember { access },
            plans: opened,
        }
    }
}

#[async_trait]
impl Contender for UseCases {
    async fn cycle(&self, plan: usize) {
        let (owner, member, id) = (caller("owner", plan), caller("member", plan), self.plans[plan]);
        let issued = self.issue_invite.run(owner.clone(), id, InviteRequest::default()).await;
        let code = issued.expect("an invite is issued").code;
        self.accept_invite.run(&member, &code).await.expect("it is accepted");
        self.detach_member.run(&owner, id, &member.user).await.expect("the member is detached");
    }
}

fn caller(kind: &str, plan: usize) -> Caller {
    let id = format!("{kind}-{plan}");
    Caller {
        email: Some(Email::new(&format!("{id}@example.com")).expect("it is an address")),
        email_verified: true,
        name: Some(PersonName::new(&id).expect("it is a name")),
        user: UserId::new(&id).expect("it is an id"),
        is_admin: false,
        is_service: false,
        request_id: "a-request-of-a-bench".to_owned(),
    }
}
