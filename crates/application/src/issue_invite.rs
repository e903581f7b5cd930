//! Issuing an invite, and sending one again.

use std::error::Error;

use family_plan_domain::{
    Email, Invite, InviteCap, InviteId, InviteTtl, NewInvite, Plan, PlanId, ResendRefusal, Settings,
    SettingsValues,
    ports::{HelpDeskError, LoadedPlan},
};
use time::OffsetDateTime;
use tracing::Instrument;

use crate::{
    AccessError, Caller, InviteReport, IssuedInvite, SaveFailure,
    access::{PlanAccess, Right},
    attempts::Attempts,
    idempotency::Saving,
    mint::Mint,
    to_the_end::to_the_end,
};

/// What an invite shall be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InviteRequest {
    /// The only address it may be accepted from.
    pub recipient: Option<Email>,
    /// How long it can be accepted, if not as long as the settings say.
    pub ttl: Option<InviteTtl>,
}

/// Why no invite is issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueInviteError {
    /// The caller has no access, or lacks the right.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The plan refuses; a new invite is only refused for [`ResendRefusal::New`].
    #[error(transparent)]
    Refused(#[from] ResendRefusal),
    /// The helpdesk minted no token.
    #[error(transparent)]
    HelpDesk(#[from] HelpDeskError),
    /// The invite could not be saved.
    #[error(transparent)]
    Save(#[from] SaveFailure),
}

/// Issues invites.
#[derive(Clone)]
pub struct IssueInvite {
    /// The way to plans.
    pub access: PlanAccess,
    /// Where secrets come from.
    pub mint: Mint,
    /// How many invites of a plan may be open at once.
    pub cap: InviteCap,
}

impl IssueInvite {
    /// Issues an invite to `plan`. The helpdesk is not called when the plan refuses, and is left with no token of an
    /// invite that was not saved.
    ///
    /// # Errors
    ///
    /// See [`IssueInviteError`].
    pub async fn run(
        &self,
        caller: Caller,
        plan: PlanId,
        request: InviteRequest,
    ) -> Result<IssuedInvite, IssueInviteError> {
        self.issue(caller, plan, Occasion::New(request), Saving::plain()).await
    }

    /// The same [once](crate::Idempotency::once).
    ///
    /// # Errors
    ///
    /// See [`IssueInviteError`].
    pub async fn run_once(
        &self,
        caller: Caller,
        plan: PlanId,
        request: InviteRequest,
        saving: Saving<InviteReport>,
    ) -> Result<IssuedInvite, IssueInviteError> {
        self.issue(caller, plan, Occasion::New(request), saving).await
    }

    /// Issues a new invite for the recipient of `invite`, which is revoked in the same step.
    ///
    /// # Errors
    ///
    /// See [`IssueInviteError`].
    pub async fn resend(
        &self,
        caller: Caller,
        plan: PlanId,
        invite: InviteId,
    ) -> Result<IssuedInvite, IssueInviteError> {
        self.issue(caller, plan, Occasion::Resend(invite), Saving::plain()).await
    }

    /// The same [once](crate::Idempotency::once).
    ///
    /// # Errors
    ///
    /// See [`IssueInviteError`].
    pub async fn resend_once(
        &self,
        caller: Caller,
        plan: PlanId,
        invite: InviteId,
        saving: Saving<InviteReport>,
    ) -> Result<IssuedInvite, IssueInviteError> {
        self.issue(caller, plan, Occasion::Resend(invite), saving).await
    }

    /// Whether there is such an invite in a plan that `caller` may invite to. The use cases see to it themselves; this is
    /// for telling that there is none, whatever else is wrong with the request.
    ///
    /// # Errors
    ///
    /// See [`IssueInviteError`].
    pub async fn check_there(
        &self,
        caller: &Caller,
        plan: PlanId,
        invite: InviteId,
    ) -> Result<(), IssueInviteError> {
        let loaded = self.load(caller, plan, &Occasion::Resend(invite), self.access.clock.now()).await?;
        loaded.plan.invite(invite).map(|_| ()).ok_or_else(|| ResendRefusal::NotFound.into())
    }

    /// Goes on when the caller goes away: between minting and saving, a token must not be forgotten.
    async fn issue(
        &self,
        caller: Caller,
        plan: PlanId,
        occasion: Occasion,
        saving: Saving<InviteReport>,
    ) -> Result<IssuedInvite, IssueInviteError> {
        let this = self.clone();
        let work = async move { this.check_mint_save(&caller, plan, &occasion, &saving).await };
        to_the_end(&self.mint.background, work).await
    }

    async fn check_mint_save(
        &self,
        caller: &Caller,
        plan: PlanId,
        occasion: &Occasion,
        saving: &Saving<InviteReport>,
    ) -> Result<IssuedInvite, IssueInviteError> {
        let now = self.access.clock.now();
        let LoadedPlan { plan: loaded, settings } = self.load(caller, plan, occasion, now).await?;
        occasion.check(&loaded, self.cap, now, &settings.values)?;

        let expires_at = occasion.expires_at(now, &settings.values);
        let (code, invite) = self.mint.mint(caller.user.clone(), expires_at).await?;
        let id = invite.id;
        let saved = self.save(caller, plan, occasion, invite, saving).await;
        match &saved {
            Ok(_) => (),
            Err(IssueInviteError::Save(SaveFailure::Store(_))) => self.discard_unless_saved(plan, id),
            Err(_) => self.mint.discard(id),
        }
        Ok(IssuedInvite { report: saved?, code })
    }

    /// A save that failed may have been carried out all the same. An invite that is there needs its token; if nobody can
    /// tell, the token is left to whoever compares the helpdesk's tokens with the invites there are.
    fn discard_unless_saved(&self, plan: PlanId, invite: InviteId) {
        let this = self.clone();
        let discard = async move {
            let now = this.access.clock.now();
            match this.access.plans.load_with_invite(plan, invite, now).await {
                Ok(loaded) if loaded.as_ref().is_some_and(|it| it.plan.invite(invite).is_some()) => (),
                Ok(_) => this.mint.discard(invite),
                Err(err) => {
                    let error = &err as &dyn Error;
                    tracing::warn!(%invite, error, "cannot tell whether a token is needed; it stays for now");
                }
            }
        };
        self.mint.background.spawn(discard.in_current_span());
    }

    /// Decides again: minting took its time, and others did not wait. The invite lives from now on.
    async fn save(
        &self,
        caller: &Caller,
        plan: PlanId,
        occasion: &Occasion,
        invite: NewInvite,
        saving: &Saving<InviteReport>,
    ) -> Result<InviteReport, IssueInviteError> {
        let mut attempts = Attempts::default();
        loop {
            let now = self.access.clock.now();
            let LoadedPlan { mut plan, settings } = self.load(caller, plan, occasion, now).await?;
            let expires_at = occasion.expires_at(now, &settings.values);
            let invite = NewInvite { expires_at, ..invite.clone() };
            let issued = occasion.decide(&mut plan, invite, self.cap, now, &settings)?;
            let report = InviteReport::new(issued, &settings.values, now);
            match saving.save(&*self.access.plans, &plan, &caller.origin(now), &report).await {
                Ok(()) => return Ok(report),
                Err(err) => attempts.again_after(err).await?,
            }
        }
    }

    async fn load(
        &self,
        caller: &Caller,
        plan: PlanId,
        occasion: &Occasion,
        now: OffsetDateTime,
    ) -> Result<LoadedPlan, AccessError> {
        match occasion {
            Occasion::New(_) => self.access.load(plan, caller, Right::Invite, now).await,
            Occasion::Resend(invite) => {
                self.access.load_with_invite(plan, *invite, caller, Right::Invite, now).await
            }
        }
    }
}

/// Why an invite is issued.
enum Occasion {
    New(InviteRequest),
    Resend(InviteId),
}

impl Occasion {
    fn expires_at(&self, now: OffsetDateTime, settings: &SettingsValues) -> OffsetDateTime {
        let asked_for = match self {
            Self::New(request) => request.ttl,
            Self::Resend(_) => None,
        };
        now + asked_for.unwrap_or(settings.invite_ttl).duration()
    }

    fn check(
        &self,
        plan: &Plan,
        cap: InviteCap,
        now: OffsetDateTime,
        settings: &SettingsValues,
    ) -> Result<(), ResendRefusal> {
        match self {
            Self::New(_) => Ok(plan.check_issue(cap, now, settings)?),
            Self::Resend(invite) => plan.check_resend(*invite, cap, now, settings),
        }
    }

    fn decide(
        &self,
        plan: &mut Plan,
        invite: NewInvite,
        cap: InviteCap,
        now: OffsetDateTime,
        settings: &Settings,
    ) -> Result<Invite, ResendRefusal> {
        match self {
            Self::New(request) => Ok(plan.issue(invite, request.recipient.clone(), cap, now, settings)?),
            Self::Resend(old) => plan.resend(*old, invite, cap, now, settings),
        }
    }
}
