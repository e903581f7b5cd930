//! What an invite means for one person.

use crate::{Email, Member, PlanFull, PlanId, User};

/// Somebody who holds an invite's link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub user: User,
    /// Their address, when the identity provider says that it is verified.
    pub verified_email: Option<Email>,
    /// The plan they are in.
    pub current_plan: Option<PlanId>,
    /// Whether they were ever detached from a membership that this invite gave them.
    pub detached_from_invite: bool,
}

/// Why somebody cannot join by an invite, in the order in which the reasons are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptRefusal {
    /// It was taken back.
    #[error("the invite was revoked")]
    Revoked,
    /// Somebody else accepted it.
    #[error("the invite was accepted by somebody else")]
    Used,
    /// Its time is over.
    #[error("the invite has expired")]
    Expired,
    /// It is not for this person: they were detached from it, or it is bound to another address.
    #[error("the invite is not for this user")]
    Barred,
    /// They own the plan.
    #[error("the user owns this plan")]
    OwnPlan,
    /// They are in a plan already; one family at a time.
    #[error("the user is in a plan already")]
    AlreadyInPlan,
    /// There is no seat for them.
    #[error(transparent)]
    Full(#[from] PlanFull),
}

/// What an invite means for one person: the same answer for preview, page and acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They may join.
    Accept,
    /// They joined by this invite and are in the plan; accepting again changes nothing.
    AlreadyAccepted,
    /// They cannot join.
    Refused(AcceptRefusal),
}

/// What accepting did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Their place in the plan.
    pub member: Member,
    /// Whether they had joined by this invite before; nothing changed then.
    pub replayed: bool,
}
