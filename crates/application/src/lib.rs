//! The use cases: load, decide, save, then tell the outside world.
//!
//! Rules live in `family-plan-domain`; here is only policy: who may ask, in what order things happen, and what is
//! done when somebody else was first.

mod accept_invite;
mod access;
mod attempts;
mod caller;
mod change_plan;
mod close_plan;
mod deliver_events;
mod deliveries;
mod detach_member;
mod edit_user;
mod endpoint_secrets;
mod endpoints;
mod heartbeat;
mod idempotency;
mod invite_code;
mod invites;
mod issue_invite;
mod link_zammad_user;
mod me;
mod mint;
mod open_plan;
mod page;
mod people;
mod preview_invite;
mod pull_users;
mod read_feed;
mod read_plan;
mod recall_code;
mod revoke_invite;
mod secret_key;
mod settings;
mod sweep_tokens;
mod to_the_end;
mod write_plans;

pub use self::{
    accept_invite::{AcceptInvite, AcceptInviteError, Acceptance},
    access::{AccessError, PlanAccess, Right},
    attempts::SaveFailure,
    caller::Caller,
    change_plan::{ChangePlan, ChangePlanError, PlanChanges, TransferPlan, TransferPlanError},
    close_plan::{ClosePlan, ClosePlanError},
    deliver_events::{DeliverEvents, DeliveryPorts},
    deliveries::{ApplyDeliveries, Deliveries, DeliveriesError, ReceiveDelivery},
    detach_member::{DetachMember, DetachMemberError},
    edit_user::{EditUser, EditUserError, UserReport},
    endpoint_secrets::{EndpointSecretError, EndpointSecrets, Readability},
    endpoints::{AdministerEndpoints, EndpointChanges, EndpointError, Replay, sealed},
    idempotency::{Idempotency, IdempotencyKey, Once, OnceError, Saving},
    invite_code::{InviteCode, LinkKey},
    invites::{InviteReport, IssuedInvite, ListInvites},
    issue_invite::{InviteRequest, IssueInvite, IssueInviteError},
    link_zammad_user::{LinkZammadUser, LinkZammadUserError, ZammadUserReport},
    me::{Me, MeError},
    mint::Mint,
    open_plan::{OpenPlan, OpenPlanError},
    page::{EventPage, Page, PageSize},
    people::People,
    preview_invite::{InvitePreview, PreviewInvite, PreviewInviteError, PreviewVerdict},
    pull_users::{PullUsers, SyncError},
    read_feed::{ReadFeed, ReadFeedError},
    read_plan::{
        ListMembers, ListPlans, ListPlansError, MemberPlace, MemberReport, PlanReport, ReadHistory, ReadPlan,
    },
    recall_code::{RecallCode, RecallCodeError},
    revoke_invite::{RevokeInvite, RevokeInviteError},
    secret_key::{SecretKey, WeakSecretKey},
    settings::{AdministerSettings, Precondition, ReplaceSettingsError},
    sweep_tokens::{SweepError, SweepTokens, Swept},
    write_plans::WritePlans,
};
