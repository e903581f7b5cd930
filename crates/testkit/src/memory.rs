//! Stores that live in memory, as strict as the ones that do not.

mod changes;
mod endpoints;
mod feed;
mod idempotency_keys;
mod inbox;
mod invite_register;
mod outbox;
mod plan_writes;
mod reading;
mod users;
mod zammad_users;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use family_plan_domain::{
    Capacity, CodeHash, DeliveryId, Endpoint, EndpointId, Event, EventCursor, FeedPlace, Invite, InviteId,
    InviteStatus, KeptAnswer, KeyDigest, Lane, MirroredUser, Occupancy, Origin, Outgoing, Plan, PlanId,
    PlanParts, Settings, SettingsChange, SettingsRevision, SettingsValues, Sweep, Sync as SyncRecord,
    TokenHash, User, UserId, ZammadUserId,
    ports::{
        Ids, ListedPlan, LoadedInvite, LoadedPlan, Plans, SaveError, SaveOnceError, SettingsStore, StoreError,
    },
};
use time::OffsetDateTime;

use self::{idempotency_keys::StoredKey, inbox::StoredDelivery, outbox::StoredLane};
use crate::fixtures::default_settings;

/// Keeps plans, users, settings and what is known of the helpdesk; clones share them.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    ids: Arc<dyn Ids>,
    notes_plan_writes: bool,
}

#[derive(Clone)]
struct State {
    settings: Settings,
    users: BTreeMap<UserId, User>,
    plans: BTreeMap<PlanId, StoredPlan>,
    invites: BTreeMap<InviteId, StoredInvite>,
    /// In the order in which they began.
    memberships: Vec<Membership>,
    /// In the order in which they happened.
    events: Vec<Event>,
    /// How many of them have their place in the feed.
    n_placed: usize,
    endpoints: BTreeMap<EndpointId, Endpoint>,
    outgoing: BTreeMap<(EndpointId, FeedPlace), Outgoing>,
    lanes: BTreeMap<(EndpointId, Lane), StoredLane>,
    /// From whom an association was taken by hand.
    unlinked: BTreeSet<UserId>,
    zammad_users: BTreeMap<ZammadUserId, MirroredUser>,
    plan_writes: BTreeMap<ZammadUserId, StoredPlanWrite>,
    deliveries: BTreeMap<DeliveryId, StoredDelivery>,
    idempotency_keys: HashMap<KeyDigest, StoredKey>,
    sync: SyncRecord,
    sweep: Sweep,
}

#[derive(Clone)]
struct StoredPlan {
    /// Without members and invites, which are kept on their own.
    parts: PlanParts,
    is_closed: bool,
}

#[derive(Clone)]
struct StoredInvite {
    plan: PlanId,
    invite: Invite,
    code: CodeHash,
    token: TokenHash,
    is_token_given_up: bool,
}

#[derive(Clone)]
struct Membership {
    plan: PlanId,
    user: UserId,
    invite: Option<InviteId>,
    joined_at: OffsetDateTime,
    is_over: bool,
}

#[derive(Clone, Copy)]
struct StoredPlanWrite {
    due_at: OffsetDateTime,
    attempts: u32,
}

impl MemoryStore {
    /// A store with the default settings and nothing else; `ids` makes those of events.
    #[must_use]
    pub fn new(ids: Arc<dyn Ids>) -> Self {
        let state = State {
            settings: default_settings(),
            users: BTreeMap::new(),
            plans: BTreeMap::new(),
            invites: BTreeMap::new(),
            memberships: Vec::new(),
            events: Vec::new(),
            n_placed: 0,
            endpoints: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            lanes: BTreeMap::new(),
            unlinked: BTreeSet::new(),
            zammad_users: BTreeMap::new(),
            plan_writes: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            idempotency_keys: HashMap::new(),
            sync: SyncRecord::new(),
            sweep: Sweep::default(),
        };
        Self { state: Arc::new(Mutex::new(state)), ids, notes_plan_writes: false }
    }

    /// The same store, which takes note of every plan to be told from now on.
    #[must_use]
    pub fn noting_plan_writes(self) -> Self {
        Self { notes_plan_writes: true, ..self }
    }

    /// Every event there ever was, in order, also those of the settings and of closed plans.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.state().events.clone()
    }

    fn saved(&self, state: &State, plan: &Plan, origin: &Origin) -> Result<State, SaveError> {
        let mut changed = state.clone();
        changed.save(plan, origin, &*self.ids)?;
        if self.notes_plan_writes {
            changed.note_changes(plan, origin.at)?;
        }
        Ok(changed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Plans for MemoryStore {
    async fn load(&self, plan: PlanId, now: OffsetDateTime) -> Result<Option<LoadedPlan>, StoreError> {
        Ok(self.state().load(plan, |_| false, now))
    }

    async fn load_with_invite(
        &self,
        plan: PlanId,
        invite: InviteId,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedPlan>, StoreError> {
        Ok(self.state().load(plan, |it| it.id == invite, now))
    }

    async fn load_with_open_invites(
        &self,
        plan: PlanId,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedPlan>, StoreError> {
        Ok(self.state().load(plan, |it| it.status(now) == InviteStatus::Open, now))
    }

    async fn load_by_code(
        &self,
        code: CodeHash,
        visitor: Option<UserId>,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedInvite>, StoreError> {
        Ok(self.state().load_by_code(code, visitor.as_ref(), now))
    }

    async fn save(&self, plan: &Plan, origin: &Origin) -> Result<(), SaveError> {
        if plan.changes().is_empty() {
            return Ok(());
        }
        let mut state = self.state();
        *state = self.saved(&state, plan, origin)?;
        Ok(())
    }

    async fn save_once(
        &self,
        plan: &Plan,
        origin: &Origin,
        answer: &KeptAnswer,
    ) -> Result<(), SaveOnceError> {
        let mut state = self.state();
        let unchanged = plan.changes().is_empty();
        let mut changed = if unchanged { state.clone() } else { self.saved(&state, plan, origin)? };
        changed.answer(answer)?;
        *state = changed;
        Ok(())
    }

    async fn list(
        &self,
        owner: Option<UserId>,
        after: Option<PlanId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<ListedPlan>, StoreError> {
        Ok(self.state().list(owner.as_ref(), after, limit, now))
    }

    async fn invites(
        &self,
        plan: PlanId,
        status: Option<InviteStatus>,
        after: Option<InviteId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<Invite>, StoreError> {
        Ok(self.state().invites(plan, status, after, limit, now))
    }

    async fn history(
        &self,
        plan: PlanId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        Ok(self.state().history(plan, after, limit))
    }

    async fn occupancy(&self, user_limit: Capacity) -> Result<Occupancy, StoreError> {
        Ok(self.state().occupancy(user_limit))
    }
}

#[async_trait]
impl SettingsStore for MemoryStore {
    async fn load(&self) -> Result<Settings, StoreError> {
        Ok(self.state().settings.clone())
    }

    async fn replace(
        &self,
        revision: SettingsRevision,
        values: SettingsValues,
        origin: &Origin,
    ) -> Result<Settings, SaveError> {
        let mut state = self.state();
        if state.settings.revision != revision {
            return Err(SaveError::Stale);
        }
        if state.settings.values != values {
            let (settings, event) = state.settings.replaced_by(values, self.ids.next().into(), origin);
            state.settings = settings;
            state.events.push(event);
        }
        Ok(state.settings.clone())
    }

    async fn history(
        &self,
        before: Option<SettingsRevision>,
        limit: usize,
    ) -> Result<Vec<SettingsChange>, StoreError> {
        Ok(self.state().changes_of_settings(before, limit))
    }
}
