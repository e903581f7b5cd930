//! The invites of a plan, as those who issue them see them.

use family_plan_domain::{Invite, InviteId, InviteStatus, PlanId, SettingsValues, ports::LoadedPlan};
use time::OffsetDateTime;

use crate::{
    AccessError, Caller, InviteCode, Page, PageSize,
    access::{PlanAccess, Right},
};

/// An invite at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteReport {
    /// The invite.
    pub invite: Invite,
    /// What it was then.
    pub status: InviteStatus,
    /// Whether it held a seat.
    pub holds_seat: bool,
}

impl InviteReport {
    pub(crate) fn new(invite: Invite, settings: &SettingsValues, now: OffsetDateTime) -> Self {
        let (status, holds_seat) = (invite.status(now), invite.holds_seat(now, settings));
        Self { invite, status, holds_seat }
    }
}

/// A new invite, with the secret of its link.
#[derive(Debug)]
pub struct IssuedInvite {
    /// The invite.
    pub report: InviteReport,
    /// What its link carries; it cannot be asked for again.
    pub code: InviteCode,
}

/// Lists the invites of a plan.
pub struct ListInvites {
    /// The way to plans.
    pub access: PlanAccess,
}

impl ListInvites {
    /// A page of invites, the oldest first, those with `status` if one is given.
    ///
    /// # Errors
    ///
    /// See [`AccessError`].
    pub async fn run(
        &self,
        caller: &Caller,
        plan: PlanId,
        status: Option<InviteStatus>,
        after: Option<InviteId>,
        size: PageSize,
    ) -> Result<Page<InviteReport, InviteId>, AccessError> {
        let now = self.access.clock.now();
        let LoadedPlan { settings, .. } = self.access.load(plan, caller, Right::Invite, now).await?;
        let invites = self.access.plans.invites(plan, status, after, size.with_one_more(), now).await?;
        let reports = invites.into_iter().map(|it| InviteReport::new(it, &settings.values, now)).collect();
        Ok(Page::new(reports, size, |it: &InviteReport| it.invite.id))
    }
}
