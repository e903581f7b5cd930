//! What the rules need from the outside. Adapters implement these; use cases hold them as `Arc<dyn …>`.

mod events;
mod helpdesk;
mod idempotency;
mod zammad;

use std::error::Error;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::{
    events::{Answer, Endpoints, EventFeed, EventSender, Outbox, UnfitTarget},
    helpdesk::{
        ChangedUsers, DeliveryReader, HelpDeskError, HelpDeskUsers, InviteTokens, IssuedTokens, ListedUser,
        MintedToken, Told, UnreadableDelivery,
    },
    idempotency::IdempotencyKeys,
    zammad::{GivenUpTokens, Inbox, InviteRegister, PlanWrite, PlanWrites, Sweeps, Syncs, ZammadUsers},
};
#[cfg(feature = "mock")]
pub use self::{
    events::{MockEndpoints, MockEventFeed, MockEventSender, MockOutbox},
    helpdesk::{MockDeliveryReader, MockHelpDeskUsers, MockInviteTokens, MockIssuedTokens},
    idempotency::MockIdempotencyKeys,
    zammad::{MockInbox, MockInviteRegister, MockPlanWrites, MockSweeps, MockSyncs, MockZammadUsers},
};

use crate::{
    Candidate, Capacity, CodeHash, Email, Event, EventCursor, Invite, InviteId, InviteStatus, KeptAnswer,
    LinkReason, Occupancy, Origin, Person, Plan, PlanId, PlanName, Seats, Settings, SettingsChange,
    SettingsRevision, SettingsValues, UserEdit, UserId, ZammadUserId,
};

/// A store failed in a way that nobody inside can act upon.
#[derive(Debug, thiserror::Error)]
#[error("the store failed")]
pub struct StoreError(#[source] Box<dyn Error + Send + Sync>);

impl StoreError {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Why a save wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// What was decided upon has changed meanwhile (the plan, the settings, a user's membership), or the database
    /// asks to try again: load and decide again.
    #[error("somebody else was first")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a save that keeps an answer wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum SaveOnceError {
    /// The request was taken over by somebody else, or forgotten, since it was claimed: it is no longer the caller's to
    /// carry out.
    #[error("somebody else carries the request out")]
    Superseded,
    /// The save failed by itself.
    #[error(transparent)]
    Save(#[from] SaveError),
}

/// A plan and the settings in force, as they were at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedPlan {
    /// The plan, with the invites that are [pending](Invite::is_pending), unless others were asked for.
    pub plan: Plan,
    /// The settings.
    pub settings: Settings,
}

/// All that decides whether somebody may join by an invite, as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedInvite {
    /// The plan, with the invites that are [pending](Invite::is_pending), and this one.
    pub plan: Plan,
    /// The settings.
    pub settings: Settings,
    /// The invite, whatever its state.
    pub invite: Invite,
    /// What is known of the person, if one was asked about and they are known.
    pub visitor: Option<Visitor>,
}

/// What is known of a person who holds an invite's link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Who they are, and which plan they are in.
    pub person: Person,
    /// Whether they were ever detached from a membership that this invite gave them.
    pub detached_from_invite: bool,
}

impl Visitor {
    /// The same person as a candidate for the invite.
    #[must_use]
    pub fn into_candidate(self, verified_email: Option<Email>) -> Candidate {
        Candidate {
            user: self.person.user,
            verified_email,
            current_plan: self.person.family.map(|it| it.plan),
            detached_from_invite: self.detached_from_invite,
        }
    }
}

/// A plan in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPlan {
    /// The plan, without its members and invites.
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

/// Keeps plans, their members and invites, and their history. A closed plan is not found by any method.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Plans: Send + Sync {
    /// The plan, or `None` when there is no such plan; what it answers was true at one moment, which is after the
    /// call began. Invites that are not [pending](Invite::is_pending) at `now` are left out: they count for no seat, and
    /// a plan whose members come and go has ever more of them.
    async fn load(&self, plan: PlanId, now: OffsetDateTime) -> Result<Option<LoadedPlan>, StoreError>;

    /// The same, together with one invite, whatever its state, if the plan has it.
    async fn load_with_invite(
        &self,
        plan: PlanId,
        invite: InviteId,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedPlan>, StoreError>;

    /// The same, together with every invite that is open at `now`: what closing a plan has to know.
    async fn load_with_open_invites(
        &self,
        plan: PlanId,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedPlan>, StoreError>;

    /// The invite whose code hashes to `code`, its plan, and what is known of `visitor`; `None` when there is no
    /// such invite or its plan is closed.
    async fn load_by_code(
        &self,
        code: CodeHash,
        visitor: Option<UserId>,
        now: OffsetDateTime,
    ) -> Result<Option<LoadedInvite>, StoreError>;

    /// Writes every change of `plan`, and the events that tell of them, in one step, or nothing. A plan without
    /// changes costs nothing.
    ///
    /// # Errors
    ///
    /// [`SaveError::Stale`] when somebody saved the plan since it was loaded, when the settings it was decided
    /// under are no longer in force, or when a user who joins got into another plan meanwhile.
    async fn save(&self, plan: &Plan, origin: &Origin) -> Result<(), SaveError>;

    /// The same, and keeps what the request answers that led to it, in the one step: it has its effect once, and whoever
    /// sends it again [is told so](IdempotencyKeys::claim).
    ///
    /// # Errors
    ///
    /// [`SaveOnceError::Superseded`] when the request is no longer claimed by the answer's holder.
    async fn save_once(&self, plan: &Plan, origin: &Origin, answer: &KeptAnswer)
    -> Result<(), SaveOnceError>;

    /// At most `limit` plans by ascending id, those after `after`, only those of `owner` if there is one.
    async fn list(
        &self,
        owner: Option<UserId>,
        after: Option<PlanId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<ListedPlan>, StoreError>;

    /// At most `limit` invites of a plan by ascending id, those after `after`, only those with `status` at `now` if
    /// there is one.
    async fn invites(
        &self,
        plan: PlanId,
        status: Option<InviteStatus>,
        after: Option<InviteId>,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<Invite>, StoreError>;

    /// At most `limit` events of a plan, oldest first, those after `after`.
    async fn history(
        &self,
        plan: PlanId,
        after: Option<EventCursor>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// How full all plans are, if `user_limit` is the limit of those that have none of their own.
    async fn occupancy(&self, user_limit: Capacity) -> Result<Occupancy, StoreError>;
}

/// Keeps what is known of users.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Users: Send + Sync {
    /// The user and the plan they are in, or `None` when they were never mentioned.
    async fn find(&self, user: UserId) -> Result<Option<Person>, StoreError>;

    /// Takes over what `edit` sets; a user who was never mentioned comes into being.
    async fn record(&self, edit: UserEdit) -> Result<(), StoreError>;

    /// The users, of whom there may be fewer, who are associated with these of the helpdesk; in no particular order.
    async fn of_zammad_users(&self, zammad_users: Vec<ZammadUserId>) -> Result<Vec<Person>, StoreError>;

    /// Associates a user with one of the helpdesk, whom nothing need be known of, and writes the events that tell of it,
    /// in one step. A user who was never mentioned comes into being. The association that there is already changes
    /// nothing; another one is replaced when it was [requested](LinkReason::Requested).
    ///
    /// What is only found by address changes nothing for a user who has an association, or from whom one was taken.
    /// Answers whether something changed.
    ///
    /// # Errors
    ///
    /// [`LinkError::Taken`] when somebody else is associated with that one.
    async fn link(
        &self,
        user: UserId,
        zammad_user: ZammadUserId,
        reason: LinkReason,
        origin: &Origin,
    ) -> Result<bool, LinkError>;

    /// Takes a user's association away, with the event that tells of it, in one step; it is not found by address again.
    /// Answers whether there was one.
    async fn unlink(&self, user: UserId, origin: &Origin) -> Result<bool, StoreError>;
}

/// Why an association did not come about.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Somebody else is associated with that user of the helpdesk.
    #[error("the helpdesk's user is associated with somebody else")]
    Taken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps the settings: there is always exactly one set of them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SettingsStore: Send + Sync {
    /// The settings in force.
    async fn load(&self) -> Result<Settings, StoreError>;

    /// Replaces the values of `revision`, with the event that tells of it, and answers the settings that are then in
    /// force. The values that are in force already change nothing, not even the revision.
    ///
    /// # Errors
    ///
    /// [`SaveError::Stale`] when `revision` is no longer in force.
    async fn replace(
        &self,
        revision: SettingsRevision,
        values: SettingsValues,
        origin: &Origin,
    ) -> Result<Settings, SaveError>;

    /// At most `limit` changes of the settings, newest first, those before the one that made the revision `before`.
    async fn history(
        &self,
        before: Option<SettingsRevision>,
        limit: usize,
    ) -> Result<Vec<SettingsChange>, StoreError>;
}

/// Tells the time.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time in UTC, in whole milliseconds: what stores keep exactly.
    fn now(&self) -> OffsetDateTime;
}

/// Makes ids.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Ids: Send + Sync {
    /// An id that nobody has had; later ones sort after earlier ones (UUID version 7).
    fn next(&self) -> Uuid;
}
