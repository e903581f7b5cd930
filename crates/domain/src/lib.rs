//! The rules of family plans: who may join, which seats are taken, what detaching undoes.
//!
//! Everything here is synchronous and takes the time as a value; nothing does I/O. A [`Plan`] decides and
//! records what changed; an adapter behind a [port](ports) turns the recorded [`Change`]s into rows and events.
//!
//! The README of the repository has an example.

mod change;
mod delivery;
mod endpoint;
mod event;
mod feed;
mod id;
mod idempotency;
mod invite;
mod lease;
mod outgoing;
mod plan;
pub mod ports;
mod seats;
mod settings;
mod sweep;
mod sync;
mod text;
mod user;
mod verdict;
mod zammad_user;

pub use change::{Change, DetachReason, InviteFate, RevokeReason};
pub use delivery::{ClaimedDelivery, Delivery, DeliveryOutcome, DeliveryState, NewDelivery};
pub use endpoint::{DisableReason, Disabled, Endpoint, EventFilter, RetiringSecret, SealedSecret};
pub use event::{Event, EventCursor, EventKind, Fact, Facts, Origin};
pub use feed::{FeedEvent, FeedPlace};
pub use id::{BodyDigest, CodeHash, DeliveryId, EndpointId, EventId, InviteId, KeyDigest, PlanId, TokenHash};
pub use idempotency::{Claimed, KeptAnswer, KeyedRequest};
pub use invite::{Invite, InviteState, InviteStatus, NewInvite};
pub use lease::Lease;
pub use outgoing::{AfterFailure, Attempt, ClaimedLane, Lane, Outgoing, OutgoingState, Settlement};
pub use plan::{
    DetachRefusal, Detachment, InviteCap, IssueRefusal, JoinedBy, Member, NotAMember, Plan, PlanFull,
    PlanParts, ResendRefusal, Role,
};
pub use seats::{Capacity, Occupancy, Seats};
pub use settings::{DetachedInvites, InviteTtl, Settings, SettingsChange, SettingsRevision, SettingsValues};
pub use sweep::{RegisteredToken, Sweep, TokenRegister, ZammadAccount};
pub use sync::{Sync, SyncKind, SyncRun, SyncSchedule};
pub use text::{Email, EndpointUrl, IndividualPlan, InvalidValue, PersonName, PlanName, Remark, UserId};
pub use user::{Edit, Family, Person, PlanInForce, User, UserEdit};
pub use verdict::{AcceptRefusal, Accepted, Candidate, Verdict};
pub use zammad_user::{
    LinkChange, LinkReason, MirroredUser, Sighting, ZammadUser, ZammadUserId, plan_line,
    plan_lines_changed_by,
};

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
