//! Accepting an invite.

use std::sync::Arc;

use family_plan_domain::{
    AcceptRefusal, Accepted, Candidate, Member, PlanId, Role,
    ports::{Clock, LoadedInvite, Plans, StoreError, Visitor},
};

use crate::{Caller, InviteCode, People, SaveFailure, attempts::Attempts};

/// Why somebody does not join.
#[derive(Debug, thiserror::Error)]
pub enum AcceptInviteError {
    /// A service joins no plan.
    #[error("a service joins no plan")]
    NotAPerson,
    /// No invite has this code, or its plan is closed.
    #[error("there is no such invite")]
    NotFound,
    /// The plan refuses.
    #[error(transparent)]
    Refused(#[from] AcceptRefusal),
    /// The change could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

impl From<StoreError> for AcceptInviteError {
    fn from(err: StoreError) -> Self {
        Self::Save(err.into())
    }
}

/// Somebody's place in a plan, once they have accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The plan.
    pub plan: PlanId,
    /// Their membership.
    pub member: Member,
    /// What they are in the plan.
    pub role: Role,
    /// Whether they had joined by this invite before.
    pub replayed: bool,
}

/// Lets the holder of a link join.
pub struct AcceptInvite {
    /// Where plans are kept.
    pub plans: Arc<dyn Plans>,
    /// What is known of people.
    pub people: People,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl AcceptInvite {
    /// Makes `caller` a member of the plan that `code` leads to, and the invite a used one, in one step. Accepting
    /// again answers the same, and says so.
    ///
    /// # Errors
    ///
    /// See [`AcceptInviteError`].
    pub async fn run(&self, caller: &Caller, code: &InviteCode) -> Result<Acceptance, AcceptInviteError> {
        if !caller.is_person() {
            return Err(AcceptInviteError::NotAPerson);
        }
        let mut attempts = Attempts::default();
        loop {
            let now = self.clock.now();
            let loaded = self.plans.load_by_code(code.hash(), Some(caller.user.clone()), now).await?;
            let LoadedInvite { mut plan, settings, invite, visitor } =
                loaded.ok_or(AcceptInviteError::NotFound)?;
            let known = visitor.as_ref().map(|it| it.person.user.clone());
            let candidate = candidate(caller, visitor);
            let Accepted { member, replayed } = plan.accept(&invite, candidate, now, &settings)?;
            let remembered = self.people.remember(known, &caller.profile()).await?;
            if remembered.zammad_user_id != member.user.zammad_user_id {
                // They were just found at the helpdesk, which the plan does not know yet.
                continue;
            }
            let saved = self.plans.save(&plan, &caller.origin(now)).await;
            match saved {
                Ok(()) => {
                    let role = plan.role_of(&member.user.id);
                    return Ok(Acceptance { plan: plan.id(), member, role, replayed });
                }
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }
}

/// The caller as a candidate: what the store knows, and what their token tells.
pub(crate) fn candidate(caller: &Caller, visitor: Option<Visitor>) -> Candidate {
    let mut candidate = match visitor {
        Some(visitor) => visitor.into_candidate(caller.verified_email()),
        None => caller.as_newcomer(),
    };
    candidate.user.apply(&caller.profile());
    candidate
}
