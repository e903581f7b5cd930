//! Invites of a plan.

use std::sync::Arc;

use family_plan_application::{InviteRequest, IssuedInvite, Right};
use family_plan_domain::{Email, InviteId, InviteTtl, PlanId};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{
    Topic,
    auth::Auth,
    body::{Body, number, text},
    nullable::Nullable,
    parameter::{Cursor, Id, Limit, Place, QueryReader, Raw, State},
    plans::plan_of,
    views::InviteView,
};
use crate::{
    address::ClientAddress,
    problem::{Code, Problem, Refused, listed},
    service::{Links, Service},
};

pub(crate) struct InvitesApi;

/// An invite to be issued.
#[derive(Debug, Object)]
struct NewInvite {
    /// Binds the invite to somebody: only who has verified this address may accept it.
    recipient_email: Option<String>,
    /// How long it can be accepted, if not as long as the settings say.
    #[oai(validator(minimum(value = "60"), maximum(value = "2592000")))]
    expires_in_seconds: Option<u32>,
}

/// A page of invites.
#[derive(Debug, Object)]
struct InvitePage {
    /// The invites, the oldest first.
    items: Vec<InviteView>,
    /// Where the next page begins; `null` when this is the last.
    next_cursor: Nullable<String>,
}

#[derive(ApiResponse)]
enum Issued {
    /// The invite, with its link: the only time that it is shown.
    #[oai(status = 201)]
    Created(Json<InviteView>),
}

#[derive(ApiResponse)]
enum Revoked {
    /// The invite is not open, or no longer.
    #[oai(status = 204)]
    Done,
}

listed!(Issuing: Unauthenticated, RateLimited, PlanNotFound, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest, PlanFull, TooManyInvites, Conflict, ZammadUnavailable, ZammadRejected);
listed!(Listing: Unauthenticated, PlanNotFound, Forbidden, InvalidRequest);
listed!(Revoking: Unauthenticated, PlanNotFound, Forbidden, InviteNotFound, Conflict);
listed!(Resending: Unauthenticated, RateLimited, PlanNotFound, Forbidden, InviteNotFound, InviteUsed, PlanFull, TooManyInvites, Conflict, ZammadUnavailable, ZammadRejected);

#[OpenApi(tag = "Topic::Invites")]
impl InvitesApi {
    /// Issue an invite.
    ///
    /// Its secret is minted by the helpdesk. The answer holds the link, which cannot be asked for again. The body may
    /// be left out.
    #[oai(path = "/v1/plans/:plan_id/invites", method = "post", operation_id = "issueInvite")]
    async fn issue(
        &self,
        service: Data<&Arc<Service>>,
        address: Data<&ClientAddress>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        body: Body<Option<NewInvite>>,
    ) -> Result<Issued, Refused<Issuing>> {
        service.limits.issue(&auth.0, *address.0)?;
        let plan = plan_of(&plan_id)?;
        let request = body.read(|fields| {
            Some(InviteRequest {
                recipient: fields.optional("recipient_email", text(Email::new)),
                ttl: fields.optional("expires_in_seconds", number(InviteTtl::new)),
            })
        });
        let request = service.admitted(&auth.0, plan, Right::Invite, request).await?;
        let issued = service.issue_invite.run(auth.0, plan, request).await?;
        Ok(shown_once(&service.links, plan, &issued))
    }

    /// List a plan's invites.
    #[oai(path = "/v1/plans/:plan_id/invites", method = "get", operation_id = "listInvites")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        /// Only invites that are this.
        state: Query<Option<Raw<State>>>,
        /// The `next_cursor` of an earlier page.
        cursor: Query<Option<Raw<Cursor<InviteId>>>>,
        /// How many invites at most.
        limit: Query<Option<Raw<Limit>>>,
    ) -> Result<Json<InvitePage>, Refused<Listing>> {
        let plan = plan_of(&plan_id)?;
        let mut query = QueryReader::default();
        let status = query.read("state", state.0.as_ref());
        let after = query.read("cursor", cursor.0.as_ref());
        let size = query.read("limit", limit.0.as_ref()).unwrap_or_default();
        service.admitted(&auth.0, plan, Right::Invite, query.finish(())).await?;
        let page = service.list_invites.run(&auth.0, plan, status, after, size).await?;
        Ok(Json(InvitePage {
            items: page.items.iter().map(|it| InviteView::new(plan.into(), it)).collect(),
            next_cursor: page.next.map(|it| it.encode()).into(),
        }))
    }

    /// Take an invite back.
    ///
    /// Revokes an open one; changes nothing about any other.
    #[oai(path = "/v1/plans/:plan_id/invites/:invite_id", method = "delete", operation_id = "revokeInvite")]
    async fn revoke(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        invite_id: Path<Raw<Id>>,
    ) -> Result<Revoked, Refused<Revoking>> {
        let plan = plan_of(&plan_id)?;
        let invite = service.admitted(&auth.0, plan, Right::Invite, invite_of(&invite_id)).await?;
        service.revoke_invite.run(&auth.0, plan, invite).await?;
        Ok(Revoked::Done)
    }

    /// Send an invite again.
    ///
    /// Issues a new invite for the same recipient, with a fresh lifetime, and revokes the old one in the same step. An
    /// open invite passes its seat on; an expired or revoked one needs a seat like a new one.
    #[oai(
        path = "/v1/plans/:plan_id/invites/:invite_id/resend",
        method = "post",
        operation_id = "resendInvite"
    )]
    async fn resend(
        &self,
        service: Data<&Arc<Service>>,
        address: Data<&ClientAddress>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        invite_id: Path<Raw<Id>>,
    ) -> Result<Issued, Refused<Resending>> {
        service.limits.issue(&auth.0, *address.0)?;
        let plan = plan_of(&plan_id)?;
        let invite = service.admitted(&auth.0, plan, Right::Invite, invite_of(&invite_id)).await?;
        let issued = service.issue_invite.resend(auth.0, plan, invite).await?;
        Ok(shown_once(&service.links, plan, &issued))
    }
}

fn shown_once(links: &Links, plan: PlanId, issued: &IssuedInvite) -> Issued {
    let code = issued.code.expose();
    let url = links.invite(code).into();
    Issued::Created(Json(InviteView::new(plan.into(), &issued.report).with_link(code, url)))
}

fn invite_of(invite_id: &Path<Raw<Id>>) -> Result<InviteId, Problem> {
    invite_id.0.ok().map(InviteId::from).ok_or_else(|| Problem::new(Code::InviteNotFound))
}
