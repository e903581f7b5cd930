//! The rules of family plans: who may join, which seats are taken, what detaching undoes.
//!
//! Everything here is synchronous and takes the time as a value; nothing does I/O. A [`Plan`] decides and
//! records what changed; an adapter behind a [port](ports) turns the recorded [`Change`]s into rows and events.
//!
//! ```
//! use family_plan_domain::{
//!     Candidate, Capacity, CodeHash, InviteId, NewInvite, Plan, PlanId, PlanName, Settings, SettingsRevision,
//!     SettingsValues, TokenHash, User, UserId,
//! };
//! use time::macros::datetime;
//! use uuid::Uuid;
//!
//! let now = datetime!(2026-03-01 12:00 UTC);
//! let values = SettingsValues { user_limit: Capacity::new(2)?, ..SettingsValues::default() };
//! let settings = Settings { values, revision: SettingsRevision(1), updated_at: now, updated_by: None };
//!
//! let (id, ann) = (PlanId::from(Uuid::from_u128(1)), UserId::new("ann")?);
//! let mut plan = Plan::open(id, PlanName::new("The Hills")?, User::new(ann.clone()), now);
//!
//! let minted = NewInvite {
//!     id: InviteId::from(Uuid::from_u128(2)),
//!     code: CodeHash::from([1; 32]),
//!     token: TokenHash::from([2; 32]),
//!     issued_by: ann,
//!     expires_at: now + values.invite_ttl.duration(),
//! };
//! let invite = plan.issue(minted, None, now, &settings)?;
//!
//! let bob = Candidate {
//!     user: User::new(UserId::new("bob")?),
//!     verified_email: None,
//!     current_plan: None,
//!     detached_from_invite: false,
//! };
//! plan.accept(&invite, bob, now, &settings)?;
//!
//! // Both seats are taken, so nobody else can be invited; `full.0` has the numbers.
//! let full = plan.check_issue(now, &values).unwrap_err();
//! assert_eq!((full.0.used, full.0.limit), (2, 2));
//!
//! // What happened so far, for your store: created, joined, invited, accepted, joined.
//! assert_eq!(plan.changes().len(), 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod event;
mod id;
mod invite;
mod plan;
pub mod ports;
mod seats;
mod settings;
mod text;
mod user;
mod verdict;

pub use change::{Change, DetachReason, InviteFate, RevokeReason};
pub use event::{Event, EventCursor, EventKind, Fact, Facts, Origin};
pub use id::{CodeHash, EventId, InviteId, PlanId, TokenHash};
pub use invite::{Invite, InviteState, InviteStatus, NewInvite};
pub use plan::{
    DetachRefusal, Detachment, JoinedBy, Member, NotAMember, Plan, PlanFull, PlanParts, ResendRefusal, Role,
};
pub use seats::{Capacity, Seats};
pub use settings::{DetachedInvites, InviteTtl, Settings, SettingsRevision, SettingsValues};
pub use text::{Email, IndividualPlan, InvalidValue, PersonName, PlanName, UserId};
pub use user::{Edit, Family, Person, PlanInForce, User, UserEdit, ZammadUserId};
pub use verdict::{AcceptRefusal, Accepted, Candidate, Verdict};
