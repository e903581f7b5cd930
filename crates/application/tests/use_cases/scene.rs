//! A service without HTTP and database.

use std::sync::Arc;

use family_plan_application::{
    AcceptInvite, AcceptInviteError, Acceptance, AdministerSettings, Caller, DetachMember, InviteRequest,
    IssueInvite, IssueInviteError, IssuedInvite, LinkKey, Mint, OpenPlan, PlanAccess, PreviewInvite,
    SecretKey,
};
use family_plan_domain::{
    Email, PersonName, PlanId, PlanName,
    ports::{Clock, Ids, InviteTokens, Plans},
};
use family_plan_testkit::{FakeInviteTokens, ManualClock, MemoryStore, SequentialIds, fixtures::user_id};
use tokio_util::task::TaskTracker;

pub(crate) struct Scene {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) tokens: Arc<FakeInviteTokens>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ids: Arc<SequentialIds>,
    pub(crate) background: TaskTracker,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let ids = Arc::new(SequentialIds::default());
        Self {
            store: Arc::new(MemoryStore::new(ids.clone() as Arc<dyn Ids>)),
            tokens: Arc::new(FakeInviteTokens::new(ids.clone() as Arc<dyn Ids>)),
            clock: Arc::new(ManualClock::default()),
            ids,
            background: TaskTracker::new(),
        }
    }

    pub(crate) fn access(&self) -> PlanAccess {
        self.access_to(self.store.clone())
    }

    pub(crate) fn access_to(&self, plans: Arc<dyn Plans>) -> PlanAccess {
        PlanAccess { plans, users: self.store.clone(), clock: self.clock.clone() }
    }

    pub(crate) fn issuing(&self, plans: Arc<dyn Plans>, tokens: Arc<dyn InviteTokens>) -> IssueInvite {
        let secret = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
        let key = LinkKey::new(&SecretKey::parse(&secret.into()).unwrap());
        let mint = Mint { tokens, key: Arc::new(key), background: self.background.clone() };
        IssueInvite { access: self.access_to(plans), mint }
    }

    pub(crate) async fn open(&self, owner: &str) -> PlanId {
        let open = OpenPlan {
            plans: self.store.clone(),
            users: self.store.clone(),
            settings: self.store.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
        };
        open.run(&caller(owner), PlanName::new("The Hills").unwrap(), None).await.unwrap().id
    }

    pub(crate) async fn issue(&self, plan: PlanId, caller: Caller) -> Result<IssuedInvite, IssueInviteError> {
        let issue = self.issuing(self.store.clone(), self.tokens.clone());
        issue.run(caller, plan, InviteRequest::default()).await
    }

    pub(crate) async fn accept(
        &self,
        invite: &IssuedInvite,
        caller: &Caller,
    ) -> Result<Acceptance, AcceptInviteError> {
        let accept =
            AcceptInvite { plans: self.store.clone(), users: self.store.clone(), clock: self.clock.clone() };
        accept.run(caller, &invite.code).await
    }

    pub(crate) async fn join(&self, plan: PlanId, owner: &str, user: &str) {
        let invite = self.issue(plan, caller(owner)).await.unwrap();
        self.accept(&invite, &caller(user)).await.unwrap();
    }

    pub(crate) fn preview(&self) -> PreviewInvite {
        PreviewInvite { plans: self.store.clone(), clock: self.clock.clone() }
    }

    pub(crate) fn detach(&self) -> DetachMember {
        DetachMember { access: self.access() }
    }

    pub(crate) fn settings(&self) -> AdministerSettings {
        AdministerSettings { settings: self.store.clone(), clock: self.clock.clone() }
    }

    pub(crate) async fn loaded(&self, plan: PlanId) -> family_plan_domain::Plan {
        self.store.load(plan, self.clock.now()).await.unwrap().unwrap().plan
    }

    /// Waits until nothing goes on in the background.
    pub(crate) async fn settle(&self) {
        self.background.close();
        self.background.wait().await;
        self.background.reopen();
    }
}

/// A user, as their token has it.
pub(crate) fn caller(id: &str) -> Caller {
    Caller {
        user: user_id(id),
        email: Some(Email::new(&format!("{id}@example.com")).unwrap()),
        email_verified: true,
        name: Some(PersonName::new(id).unwrap()),
        is_admin: false,
        is_service: false,
        request_id: "request".to_owned(),
    }
}

pub(crate) fn admin(id: &str) -> Caller {
    Caller { is_admin: true, ..caller(id) }
}

pub(crate) fn service(id: &str) -> Caller {
    Caller { is_service: true, ..caller(id) }
}
