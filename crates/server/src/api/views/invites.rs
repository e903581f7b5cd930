//! Invites, as those who issue them and those who hold their links see them.

use family_plan_application::{InvitePreview, InviteReport, PreviewVerdict};
use family_plan_domain::{Email, InviteState, Verdict};
use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{api::nullable::Nullable, problem::Problem};

/// What an invite is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "InviteState")]
pub(crate) enum InviteStateView {
    /// Can be accepted.
    Open,
    /// Was accepted.
    Used,
    /// Was taken back.
    Revoked,
    /// Was not accepted in time.
    Expired,
}

impl From<family_plan_domain::InviteStatus> for InviteStateView {
    fn from(status: family_plan_domain::InviteStatus) -> Self {
        match status {
            family_plan_domain::InviteStatus::Open => Self::Open,
            family_plan_domain::InviteStatus::Used => Self::Used,
            family_plan_domain::InviteStatus::Revoked => Self::Revoked,
            family_plan_domain::InviteStatus::Expired => Self::Expired,
        }
    }
}

/// An invite as those who issue them see it.
#[derive(Debug, Object)]
#[oai(rename = "Invite")]
pub(crate) struct InviteView {
    /// The invite's id.
    id: Uuid,
    /// The plan it leads to.
    plan_id: Uuid,
    /// What it is now.
    state: InviteStateView,
    /// Whether a seat is kept for whoever accepts it.
    holds_seat: bool,
    /// The only verified address it may be accepted from.
    recipient_email: Nullable<String>,
    /// The user who asked for it.
    issued_by: String,
    /// When it was issued.
    created_at: OffsetDateTime,
    /// The first moment at which it is too late.
    expires_at: OffsetDateTime,
    /// Who accepted it.
    used_by: Nullable<String>,
    /// When it was accepted.
    used_at: Nullable<OffsetDateTime>,
    /// The secret of its link: shown once, when it is issued.
    #[oai(skip_serializing_if_is_none)]
    code: Option<String>,
    /// Its link: shown once, when it is issued.
    #[oai(skip_serializing_if_is_none)]
    url: Option<String>,
}

impl InviteView {
    pub(crate) fn new(plan: Uuid, report: &InviteReport) -> Self {
        let InviteReport { invite, status, holds_seat } = report;
        let (used_by, used_at) = match &invite.state {
            InviteState::Used { by, at } => (Some(by.to_string()), Some(*at)),
            _ => (None, None),
        };
        Self {
            id: invite.id.into(),
            plan_id: plan,
            state: (*status).into(),
            holds_seat: *holds_seat,
            recipient_email: invite.recipient.as_ref().map(Email::to_string).into(),
            issued_by: invite.issued_by.to_string(),
            created_at: invite.created_at,
            expires_at: invite.expires_at,
            used_by: used_by.into(),
            used_at: used_at.into(),
            code: None,
            url: None,
        }
    }

    pub(crate) fn with_link(self, code: &str, url: String) -> Self {
        Self { code: Some(code.to_owned()), url: Some(url), ..self }
    }
}

/// An invite as the holder of its link sees it.
#[derive(Debug, Object)]
#[oai(rename = "InvitePreview")]
pub(crate) struct InvitePreviewView {
    /// The name of the plan it leads to.
    plan_name: String,
    /// The name of who issued it, or else of the plan's owner; never an address. `null` when neither has a name.
    invited_by: Nullable<String>,
    /// What it is now.
    state: InviteStateView,
    /// The first moment at which it is too late.
    expires_at: OffsetDateTime,
    /// What would come of accepting it: `accept`, or the code of the problem; `unauthenticated` when signed out.
    verdict: String,
}

impl From<InvitePreview> for InvitePreviewView {
    fn from(preview: InvitePreview) -> Self {
        let verdict = match preview.verdict {
            PreviewVerdict::Unauthenticated => "unauthenticated",
            PreviewVerdict::Forbidden => "forbidden",
            PreviewVerdict::Verdict(Verdict::Accept | Verdict::AlreadyAccepted) => "accept",
            PreviewVerdict::Verdict(Verdict::Refused(refusal)) => Problem::from(refusal).code().as_str(),
        };
        Self {
            plan_name: preview.plan_name.to_string(),
            invited_by: preview.invited_by.into(),
            state: preview.status.into(),
            expires_at: preview.expires_at,
            verdict: verdict.to_owned(),
        }
    }
}
