//! Members of a plan.

use std::sync::Arc;

use family_plan_application::{MemberPlace, Right};
use family_plan_domain::{Detachment, PlanId};
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Topic,
    auth::Auth,
    nullable::Nullable,
    parameter::{Cursor, Id, Limit, Place, QueryReader, Raw, User},
    plans::plan_of,
    views::{InviteStateView, MemberView, PlanInForceView},
};
use crate::{
    problem::{Code, Problem, Refused, listed},
    service::Service,
};

pub(crate) struct MembersApi;

/// A page of members.
#[derive(Debug, Object)]
struct MemberPage {
    /// The members, the longest first.
    items: Vec<MemberView>,
    /// Where the next page begins; `null` when this is the last.
    next_cursor: Nullable<String>,
}

/// What detaching did.
#[derive(Debug, Object)]
#[oai(rename = "Detachment")]
struct DetachmentView {
    /// The plan.
    plan_id: Uuid,
    /// Who was detached.
    user_id: String,
    /// When.
    detached_at: OffsetDateTime,
    /// The invite by which they had come.
    invite_id: Nullable<Uuid>,
    /// What that invite is now.
    invite_state: Nullable<InviteStateView>,
    /// The plan that is in force for them again.
    plan_in_force: Nullable<PlanInForceView>,
}

impl DetachmentView {
    fn new(plan: PlanId, detachment: Detachment) -> Self {
        Self {
            plan_id: plan.into(),
            user_id: detachment.user.to_string(),
            detached_at: detachment.detached_at,
            invite_id: detachment.invite.map(|(invite, _)| invite.into()).into(),
            invite_state: detachment.invite.map(|(_, status)| status.into()).into(),
            plan_in_force: detachment.plan_in_force.map(Into::into).into(),
        }
    }
}

listed!(Listing: Unauthenticated, PlanNotFound, InvalidRequest);
listed!(Detaching: Unauthenticated, PlanNotFound, Forbidden, NotAMember, OwnerCannotLeave, Conflict);

#[OpenApi(tag = "Topic::Members")]
impl MembersApi {
    /// List a plan's members.
    #[oai(path = "/v1/plans/:plan_id/members", method = "get", operation_id = "listMembers")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        /// The `next_cursor` of an earlier page.
        cursor: Query<Option<Raw<Cursor<MemberPlace>>>>,
        /// How many members at most.
        limit: Query<Option<Raw<Limit>>>,
    ) -> Result<Json<MemberPage>, Refused<Listing>> {
        let plan = plan_of(&plan_id)?;
        let mut query = QueryReader::default();
        let after = query.read("cursor", cursor.0.as_ref());
        let size = query.read("limit", limit.0.as_ref()).unwrap_or_default();
        let (after, size) = service.admitted(&auth.0, plan, Right::See, query.finish((after, size))).await?;
        let page = service.list_members.run(&auth.0, plan, after.as_ref(), size).await?;
        Ok(Json(MemberPage {
            items: page.items.iter().map(|it| MemberView::new(&it.member, it.role, it.shows_email)).collect(),
            next_cursor: page.next.map(|it| it.encode()).into(),
        }))
    }

    /// Detach a member, or leave.
    ///
    /// The invite by which they came is unused again until its original expiry, never for them.
    #[oai(path = "/v1/plans/:plan_id/members/:user_id", method = "delete", operation_id = "detachMember")]
    async fn detach(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        user_id: Path<Raw<User>>,
    ) -> Result<Json<DetachmentView>, Refused<Detaching>> {
        let plan = plan_of(&plan_id)?;
        let member = user_id.0.ok().ok_or_else(|| Problem::new(Code::NotAMember));
        let member = service.admitted(&auth.0, plan, Right::See, member).await?;
        let detachment = service.detach_member.run(&auth.0, plan, &member).await?;
        Ok(Json(DetachmentView::new(plan, detachment)))
    }
}
