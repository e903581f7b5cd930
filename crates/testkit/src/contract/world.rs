//! People who use the stores of a test: a tiny stand-in for the use cases.

use std::{future::Future, sync::Arc};

use family_plan_domain::{
    AcceptRefusal, Accepted, CodeHash, DetachReason, DetachRefusal, Detachment, Edit, Email, Event,
    EventKind, Invite, InviteCap, InviteId, InviteState, InviteStatus, IssueRefusal, PersonName, Plan,
    PlanId, PlanName, RevokeReason, Settings, SettingsValues, User, UserEdit, UserId,
    ports::{Clock, Ids, LoadedInvite, LoadedPlan, SaveError},
};
use time::OffsetDateTime;
use tokio::sync::Barrier;

use super::Stores;
use crate::{
    ManualClock, SequentialIds,
    fixtures::{code_of, introduction, new_invite, origin, user, user_id},
};

/// Far more than anybody can lose: of each round, somebody is the first.
const MAX_ATTEMPTS: usize = 2000;

pub(super) struct World {
    pub(super) stores: Stores,
    pub(super) clock: ManualClock,
    pub(super) ids: SequentialIds,
}

/// Why somebody did not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotJoined {
    NoSuchInvite,
    Refused(AcceptRefusal),
}

impl World {
    pub(super) fn new(stores: Stores) -> Self {
        Self { stores, clock: ManualClock::default(), ids: SequentialIds::default() }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Somebody who is known by a name and an address.
    pub(super) async fn person(&self, id: &str) -> User {
        let user = user(id);
        self.record(introduction(&user)).await;
        user
    }

    pub(super) async fn people(&self, prefix: &str, n_people: usize) -> Vec<User> {
        let mut people = Vec::new();
        for n in 0..n_people {
            people.push(self.person(&format!("{prefix}{n}")).await);
        }
        people
    }

    pub(super) async fn record(&self, edit: UserEdit) {
        self.stores.users.record(edit).await.unwrap();
    }

    pub(super) async fn name(&self, id: &UserId, name: &str) {
        let name = PersonName::new(name).unwrap();
        self.record(UserEdit { name: Edit::Set(Some(name)), ..UserEdit::mention(id.clone()) }).await;
    }

    pub(super) fn new_plan(&self, owner: &User) -> Plan {
        let name = PlanName::new("The Hills").unwrap();
        Plan::open(self.ids.next().into(), name, owner.clone(), self.now())
    }

    pub(super) async fn try_save(&self, plan: &Plan) -> Result<(), SaveError> {
        let origin = origin(&user_id("somebody"), self.now());
        self.stores.plans.save(plan, &origin).await
    }

    pub(super) async fn save(&self, plan: &Plan) {
        self.try_save(plan).await.unwrap();
    }

    /// A plan of somebody who becomes known by it.
    pub(super) async fn plan_of(&self, owner: &str) -> PlanId {
        let owner = self.person(owner).await;
        let plan = self.new_plan(&owner);
        self.save(&plan).await;
        plan.id()
    }

    pub(super) async fn find(&self, plan: PlanId) -> Option<LoadedPlan> {
        self.stores.plans.load(plan, self.now()).await.unwrap()
    }

    pub(super) async fn load(&self, plan: PlanId) -> LoadedPlan {
        self.find(plan).await.unwrap()
    }

    pub(super) async fn find_by_code(
        &self,
        code: CodeHash,
        visitor: Option<&UserId>,
    ) -> Option<LoadedInvite> {
        let loaded = self.stores.plans.load_by_code(code, visitor.cloned(), self.now()).await;
        loaded.unwrap()
    }

    /// Loads, decides and saves, until nobody else was first. `None` when the plan is gone.
    pub(super) async fn try_decide<T, E>(
        &self,
        plan: PlanId,
        decide: impl Fn(&mut Plan, &Settings) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        for _ in 0..MAX_ATTEMPTS {
            let LoadedPlan { mut plan, settings } = self.find(plan).await?;
            let decided = match decide(&mut plan, &settings) {
                Ok(decided) => decided,
                Err(refusal) => return Some(Err(refusal)),
            };
            if self.is_saved(&plan).await {
                return Some(Ok(decided));
            }
        }
        panic!("somebody else was first {MAX_ATTEMPTS} times")
    }

    pub(super) async fn decide(&self, plan: PlanId, decide: impl Fn(&mut Plan, &Settings)) {
        let decide = |plan: &mut Plan, settings: &Settings| -> Result<(), ()> {
            decide(plan, settings);
            Ok(())
        };
        self.try_decide(plan, decide).await.unwrap().unwrap();
    }

    pub(super) async fn find_with_open_invites(&self, plan: PlanId) -> Option<Plan> {
        let loaded = self.stores.plans.load_with_open_invites(plan, self.now()).await;
        loaded.unwrap().map(|it| it.plan)
    }

    pub(super) async fn close(&self, plan: PlanId) {
        for _ in 0..MAX_ATTEMPTS {
            let mut plan = self.find_with_open_invites(plan).await.unwrap();
            plan.close();
            if self.is_saved(&plan).await {
                return;
            }
        }
        panic!("somebody else was first {MAX_ATTEMPTS} times")
    }

    async fn is_saved(&self, plan: &Plan) -> bool {
        match self.try_save(plan).await {
            Ok(()) => true,
            Err(SaveError::Stale) => {
                tokio::task::yield_now().await;
                false
            }
            Err(SaveError::Store(err)) => panic!("{err:?}"),
        }
    }

    pub(super) async fn try_issue(
        &self,
        plan: PlanId,
        recipient: Option<Email>,
    ) -> Result<Invite, IssueRefusal> {
        let id = InviteId::from(self.ids.next());
        let issue = |plan: &mut Plan, settings: &Settings| {
            let invite = new_invite(id, plan.owner(), self.now());
            plan.issue(invite, recipient.clone(), cap(), self.now(), settings)
        };
        self.try_decide(plan, issue).await.unwrap()
    }

    pub(super) async fn issue(&self, plan: PlanId) -> Invite {
        self.try_issue(plan, None).await.unwrap()
    }

    pub(super) async fn issue_to(&self, plan: PlanId, recipient: &Email) -> Invite {
        self.try_issue(plan, Some(recipient.clone())).await.unwrap()
    }

    /// As many open invites as one likes, whatever the seats.
    pub(super) async fn issue_many(&self, plan: PlanId, n_invites: usize) -> Vec<Invite> {
        self.change_settings(|it| it.pending_invites_hold_seats = false).await;
        let mut invites = Vec::new();
        for _ in 0..n_invites {
            invites.push(self.issue(plan).await);
        }
        invites
    }

    /// Joins by an invite, as somebody whose address is verified.
    pub(super) async fn accept(&self, invite: InviteId, user: &User) -> Result<Accepted, NotJoined> {
        for _ in 0..MAX_ATTEMPTS {
            let loaded = self.find_by_code(code_of(invite), Some(&user.id)).await;
            let Some(LoadedInvite { mut plan, settings, invite, visitor }) = loaded else {
                return Err(NotJoined::NoSuchInvite);
            };
            let visitor = visitor.unwrap();
            let candidate = visitor.into_candidate(user.email.clone());
            let accepted =
                plan.accept(&invite, candidate, self.now(), &settings).map_err(NotJoined::Refused)?;
            if self.is_saved(&plan).await {
                return Ok(accepted);
            }
        }
        panic!("somebody else was first {MAX_ATTEMPTS} times")
    }

    /// Somebody who is known by it, and joins.
    pub(super) async fn join(&self, plan: PlanId, id: &str) -> (User, InviteId) {
        let user = self.person(id).await;
        let invite = self.issue(plan).await.id;
        self.accept(invite, &user).await.unwrap();
        (user, invite)
    }

    pub(super) async fn detach(&self, plan: PlanId, user: &UserId) -> Result<Detachment, DetachRefusal> {
        let detach = |plan: &mut Plan, settings: &Settings| {
            plan.detach(user, DetachReason::Left, self.now(), settings)
        };
        self.try_decide(plan, detach).await.unwrap()
    }

    pub(super) async fn revoke(&self, plan: PlanId, invite: InviteId) {
        for _ in 0..MAX_ATTEMPTS {
            let loaded = self.stores.plans.load_with_invite(plan, invite, self.now()).await;
            let mut plan = loaded.unwrap().unwrap().plan;
            plan.revoke(invite, RevokeReason::Requested, self.now());
            if self.is_saved(&plan).await {
                return;
            }
        }
        panic!("somebody else was first {MAX_ATTEMPTS} times")
    }

    pub(super) async fn change_settings(&self, change: impl Fn(&mut SettingsValues)) -> Settings {
        let origin = origin(&user_id("admin"), self.now());
        for _ in 0..MAX_ATTEMPTS {
            let Settings { mut values, revision, .. } = self.stores.settings.load().await.unwrap();
            change(&mut values);
            match self.stores.settings.replace(revision, values, &origin).await {
                Ok(settings) => return settings,
                Err(SaveError::Stale) => tokio::task::yield_now().await,
                Err(SaveError::Store(err)) => panic!("{err:?}"),
            }
        }
        panic!("somebody else was first {MAX_ATTEMPTS} times")
    }

    pub(super) async fn all_invites(&self, plan: PlanId) -> Vec<Invite> {
        let invites = self.stores.plans.invites(plan, None, None, 1000, self.now()).await;
        invites.unwrap()
    }

    pub(super) async fn invites_with(&self, plan: PlanId, status: InviteStatus) -> Vec<InviteId> {
        let invites = self.stores.plans.invites(plan, Some(status), None, 1000, self.now()).await;
        invites.unwrap().into_iter().map(|it| it.id).collect()
    }

    pub(super) async fn history(&self, plan: PlanId) -> Vec<Event> {
        self.stores.plans.history(plan, None, 10_000).await.unwrap()
    }

    /// Checks what is true of every plan at any time: members, invites and events tell the same story.
    pub(super) async fn check(&self, plan: PlanId) {
        let loaded = self.load(plan).await.plan;
        for invite in self.all_invites(plan).await {
            let members: Vec<_> = loaded
                .members()
                .iter()
                .filter(|it| it.joined_by.as_ref().is_some_and(|it| it.invite == invite.id))
                .map(|it| &it.user.id)
                .collect();
            match &invite.state {
                InviteState::Used { by, .. } => assert_eq!(members, [by], "a used invite has its member"),
                InviteState::Open | InviteState::Revoked => {
                    assert!(members.is_empty(), "an unused one has none");
                }
            }
        }
        for member in loaded.members() {
            let person = self.stores.users.find(member.user.id.clone()).await.unwrap();
            assert_eq!(person.unwrap().family.unwrap().plan, plan, "a member is in this plan");
        }
        let history = self.history(plan).await;
        let count = |kind| history.iter().filter(|it| it.kind == kind).count();
        assert_eq!(
            count(EventKind::MemberJoined) - count(EventKind::MemberDetached),
            loaded.members().len(),
            "events tell who is in"
        );
        assert!(history.is_sorted_by(|one, next| one.cursor < next.cursor), "events are in order");
        let last = history.last().unwrap();
        assert_eq!(last.cursor.revision, loaded.revision(), "every save has its events");
    }
}

/// How many invites may be open is no business of stores.
fn cap() -> InviteCap {
    InviteCap::new(10_000).unwrap()
}

/// Runs all of them at once; what they answered, in their order.
pub(super) async fn at_once<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().collect();
    let start = Arc::new(Barrier::new(tasks.len()));
    let running: Vec<_> = tasks
        .into_iter()
        .map(|task| {
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                start.wait().await;
                task.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in running {
        answers.push(task.await.unwrap());
    }
    answers
}
