//! What the holder of a link sees before they decide.

use std::sync::Arc;

use family_plan_domain::{
    Invite, InviteStatus, PersonName, Plan, PlanId, PlanName, UserId, Verdict,
    ports::{Clock, LoadedInvite, Plans, StoreError},
};
use time::OffsetDateTime;

use crate::{Caller, InviteCode, accept_invite::candidate};

/// Why there is nothing to see.
#[derive(Debug, thiserror::Error)]
pub enum PreviewInviteError {
    /// No invite has this code, or its plan is closed.
    #[error("there is no such invite")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What would come of accepting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewVerdict {
    /// Nobody knows, before they sign in.
    Unauthenticated,
    /// Services join no plans.
    Forbidden,
    /// This.
    Verdict(Verdict),
}

/// An invite as the holder of its link sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitePreview {
    /// The plan it leads to.
    pub plan: PlanId,
    /// The plan's name.
    pub plan_name: PlanName,
    /// A name, never an address, of who issued it, or else of the plan's owner.
    pub invited_by: Option<String>,
    /// What it is now.
    pub status: InviteStatus,
    /// The first moment at which it is too late.
    pub expires_at: OffsetDateTime,
    /// What would come of accepting it.
    pub verdict: PreviewVerdict,
}

/// Shows an invite to whoever has its link. Changes nothing.
pub struct PreviewInvite {
    /// Where plans are kept.
    pub plans: Arc<dyn Plans>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl PreviewInvite {
    /// What `code` leads to, and what would come of it for `caller`.
    ///
    /// # Errors
    ///
    /// See [`PreviewInviteError`].
    pub async fn run(
        &self,
        code: &InviteCode,
        caller: Option<&Caller>,
    ) -> Result<InvitePreview, PreviewInviteError> {
        let now = self.clock.now();
        let visitor = caller.map(|it| it.user.clone());
        let loaded = self.plans.load_by_code(code.hash(), visitor, now).await?;
        let LoadedInvite { plan, settings, invite, visitor } = loaded.ok_or(PreviewInviteError::NotFound)?;
        let verdict = match caller {
            None => PreviewVerdict::Unauthenticated,
            Some(caller) if !caller.is_person() => PreviewVerdict::Forbidden,
            Some(caller) => {
                let candidate = candidate(caller, visitor);
                PreviewVerdict::Verdict(plan.verdict(&invite, &candidate, now, &settings.values))
            }
        };
        Ok(InvitePreview {
            plan: plan.id(),
            plan_name: plan.name().clone(),
            invited_by: inviter(&plan, &invite),
            status: invite.status(now),
            expires_at: invite.expires_at,
            verdict,
        })
    }
}

fn inviter(plan: &Plan, invite: &Invite) -> Option<String> {
    let name_of = |user: &UserId| {
        let name = plan.member(user)?.user.name.as_ref().and_then(PersonName::for_strangers)?;
        Some(name.to_owned())
    };
    name_of(&invite.issued_by).or_else(|| name_of(plan.owner()))
}
