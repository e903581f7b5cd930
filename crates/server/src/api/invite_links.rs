//! What the holder of an invite's link can do.

use std::sync::Arc;

use family_plan_application::InviteCode;
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use super::{
    Topic,
    auth::{Auth, MaybeAuth},
    parameter::{Code, Raw},
    views::{InvitePreviewView, MemberView},
};
use crate::{
    address::ClientAddress,
    metrics::Course,
    problem::{Refused, listed},
    service::Service,
};

pub(crate) struct InviteLinksApi;

/// The caller is in the plan.
#[derive(Debug, Object)]
#[oai(rename = "Acceptance")]
struct AcceptanceView {
    /// The plan.
    plan_id: Uuid,
    /// The caller's place in it.
    membership: MemberView,
    /// Where people go next.
    redirect_to: String,
}

listed!(Previewing: RateLimited, InviteNotFound);
listed!(Accepting: Unauthenticated, RateLimited, Forbidden, InviteNotFound, InviteRevoked, InviteUsed, InviteExpired, InviteBarred, OwnPlan, AlreadyInPlan, PlanFull, Conflict);

#[OpenApi(tag = "Topic::Joining")]
impl InviteLinksApi {
    /// Show what an invite leads to.
    ///
    /// For anybody with the link, whatever the invite's state. Changes nothing.
    #[oai(path = "/v1/invites/:code", method = "get", operation_id = "previewInvite")]
    async fn preview(
        &self,
        service: Data<&Arc<Service>>,
        address: Data<&ClientAddress>,
        auth: MaybeAuth,
        code: Path<Raw<Code>>,
    ) -> Result<Json<InvitePreviewView>, Refused<Previewing>> {
        let preview = service.preview(&code_of(&code), auth.0.as_ref(), *address.0).await?;
        Ok(Json(preview.into()))
    }

    /// Accept an invite.
    ///
    /// The caller joins the plan. Accepting again answers the same. The first that applies of these refuses, in this
    /// order: `unauthenticated`, `invite_not_found`, `invite_revoked`, `invite_used`, `invite_expired`,
    /// `invite_barred`, `own_plan`, `already_in_plan`, `plan_full`.
    #[oai(path = "/v1/invites/:code/accept", method = "post", operation_id = "acceptInvite")]
    async fn accept(
        &self,
        service: Data<&Arc<Service>>,
        address: Data<&ClientAddress>,
        course: Data<&Arc<Course>>,
        auth: Auth,
        code: Path<Raw<Code>>,
    ) -> Result<Json<AcceptanceView>, Refused<Accepting>> {
        let acceptance = service.accept(&code_of(&code), &auth.0, *address.0, &course).await?;
        Ok(Json(AcceptanceView {
            plan_id: acceptance.plan.into(),
            membership: MemberView::new(&acceptance.member, acceptance.role, true),
            redirect_to: service.links.dashboard_url.to_string(),
        }))
    }
}

fn code_of(code: &Path<Raw<Code>>) -> InviteCode {
    code.0.ok().expect("every text is a code, if perhaps of no invite")
}
