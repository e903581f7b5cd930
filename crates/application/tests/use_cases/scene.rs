//! A service without HTTP and database.

use std::sync::Arc;

use family_plan_application::{
    AcceptInvite, AcceptInviteError, Acceptance, AdministerSettings, ApplyDeliveries, Caller, DetachMember,
    InviteRequest, IssueInvite, IssueInviteError, IssuedInvite, LinkKey, LinkZammadUser, Me, Mint, OpenPlan,
    People, PlanAccess, PreviewInvite, PullUsers, ReceiveDelivery, SecretKey,
};
use family_plan_domain::{
    Email, Event, EventKind, InviteCap, MirroredUser, Person, PersonName, PlanId, PlanName, ZammadUser,
    ZammadUserId,
    ports::{Clock, HelpDeskUsers, Ids, InviteTokens, Plans, Users, ZammadUsers},
};
use family_plan_testkit::{
    FakeDeliveryReader, FakeHelpDesk, FakeInviteTokens, ManualClock, MemoryStore, SequentialIds,
    fixtures::{user_id, zammad_user},
};
use time::OffsetDateTime;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) tokens: Arc<FakeInviteTokens>,
    pub(crate) help_desk: Arc<FakeHelpDesk>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ids: Arc<SequentialIds>,
    pub(crate) background: TaskTracker,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let ids = Arc::new(SequentialIds::default());
        let clock = Arc::new(ManualClock::default());
        Self {
            store: Arc::new(MemoryStore::new(ids.clone() as Arc<dyn Ids>)),
            tokens: Arc::new(FakeInviteTokens::new(ids.clone() as Arc<dyn Ids>)),
            help_desk: Arc::new(FakeHelpDesk::new(clock.clone() as Arc<dyn Clock>)),
            clock,
            ids,
            background: TaskTracker::new(),
        }
    }

    /// The helpdesk is to be told plans.
    pub(crate) fn telling_plans() -> Self {
        let scene = Self::new();
        let store = MemoryStore::clone(&scene.store).noting_plan_writes();
        Self { store: Arc::new(store), ..scene }
    }

    pub(crate) fn people(&self) -> People {
        People { users: self.store.clone(), zammad_users: self.store.clone(), clock: self.clock.clone() }
    }

    pub(crate) fn access(&self) -> PlanAccess {
        self.access_to(self.store.clone())
    }

    pub(crate) fn access_to(&self, plans: Arc<dyn Plans>) -> PlanAccess {
        PlanAccess { plans, people: self.people(), clock: self.clock.clone() }
    }

    pub(crate) fn issuing(&self, plans: Arc<dyn Plans>, tokens: Arc<dyn InviteTokens>) -> IssueInvite {
        let secret = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
        let key = LinkKey::new(&SecretKey::parse(&secret.into()).unwrap());
        let mint = Mint { tokens, key: Arc::new(key), background: self.background.clone() };
        IssueInvite { access: self.access_to(plans), mint, cap: InviteCap::default() }
    }

    pub(crate) fn opening(&self) -> OpenPlan {
        OpenPlan {
            plans: self.store.clone(),
            people: self.people(),
            settings: self.store.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
        }
    }

    pub(crate) async fn open(&self, owner: &str) -> PlanId {
        self.opening().run(&caller(owner), PlanName::new("The Hills").unwrap(), None).await.unwrap().id
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
            AcceptInvite { plans: self.store.clone(), people: self.people(), clock: self.clock.clone() };
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
        AdministerSettings {
            settings: self.store.clone(),
            plans: self.store.clone(),
            clock: self.clock.clone(),
        }
    }

    pub(crate) fn receiving(&self) -> ReceiveDelivery {
        ReceiveDelivery { inbox: self.store.clone(), clock: self.clock.clone(), ids: self.ids.clone() }
    }

    pub(crate) fn applying(&self) -> ApplyDeliveries {
        ApplyDeliveries {
            inbox: self.store.clone(),
            reader: Arc::new(FakeDeliveryReader),
            zammad_users: self.store.clone(),
            people: self.people(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
        }
    }

    /// A webhook tells of these users, and what it tells is applied.
    pub(crate) async fn deliver(&self, users: &[ZammadUser]) {
        let body = family_plan_testkit::delivery(users);
        assert!(self.receiving().run(None, body).await.unwrap(), "it comes for the first time");
        assert_eq!(self.applying().run().await.unwrap(), 1);
    }

    pub(crate) fn pulling(&self) -> PullUsers {
        PullUsers {
            help_desk: self.help_desk.clone(),
            zammad_users: self.store.clone(),
            people: self.people(),
            plan_writes: Some(self.store.clone()),
            syncs: self.store.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            stop: CancellationToken::new(),
        }
    }

    pub(crate) fn linking(&self) -> LinkZammadUser {
        LinkZammadUser {
            users: self.store.clone(),
            zammad_users: self.store.clone(),
            plans: self.store.clone(),
            clock: self.clock.clone(),
        }
    }

    /// What `caller` learns about themselves.
    pub(crate) async fn me(&self, caller: &Caller) -> Person {
        Me { people: self.people() }.run(caller).await.unwrap()
    }

    /// A user as the helpdesk has them.
    pub(crate) async fn help_desk_user(&self, user: i64) -> ZammadUser {
        self.help_desk.find(ZammadUserId(user)).await.unwrap().unwrap()
    }

    /// Who of the helpdesk a user is.
    pub(crate) async fn association(&self, user: &str) -> Option<ZammadUserId> {
        let person = Users::find(&*self.store, user_id(user)).await.unwrap()?;
        person.user.zammad_user_id
    }

    /// What is known of a user of the helpdesk.
    pub(crate) async fn mirrored(&self, user: i64) -> Option<MirroredUser> {
        ZammadUsers::find(&*self.store, ZammadUserId(user)).await.unwrap()
    }

    /// The events of that kind, in order.
    pub(crate) fn events(&self, kind: EventKind) -> Vec<Event> {
        self.store.events().into_iter().filter(|it| it.kind == kind).collect()
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

/// A user of the helpdesk with the address that [`caller`] has.
pub(crate) fn zammads(id: i64, user: &str, updated_at: OffsetDateTime) -> ZammadUser {
    ZammadUser { email: Some(format!("{user}@example.com")), ..zammad_user(id, updated_at) }
}

/// Begins `work`, which comes to a halt at a hook, and kills it there.
pub(crate) async fn killed<T>(work: impl Future<Output = T>) {
    tokio::select! {
        biased;
        _ = work => panic!("nothing kept it"),
        () = std::future::ready(()) => (),
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
