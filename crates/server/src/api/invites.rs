//! Invites of a plan.

use std::sync::Arc;

use family_plan_application::{InviteReport, InviteRequest, IssuedInvite, Once, Right};
use family_plan_domain::{Email, InviteId, InviteTtl, PlanId};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::ToJSON,
};

use super::{
    Topic,
    auth::Auth,
    body::{Body, number, text},
    idempotency::{Answer, SentKey, kept},
    nullable::Nullable,
    parameter::{Cursor, Id, Limit, Place, QueryReader, Raw, State},
    plans::plan_of,
    views::InviteView,
};
use crate::{
    address::ClientAddress,
    problem::{Code, Problem, Refused, listed},
    service::Service,
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
    /// The invite, with its link: the only time that it is shown, but to whoever sends the same request again.
    #[oai(status = 201)]
    Created(
        Json<Answer<InviteView>>,
        /// `true` when this answers a request that was carried out before; left out otherwise.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

#[derive(ApiResponse)]
enum Revoked {
    /// The invite is not open, or no longer.
    #[oai(status = 204)]
    Done,
}

listed!(Issuing: Unauthenticated, RateLimited, PlanNotFound, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest, IdempotencyKeyReused, IdempotencyInProgress, PlanFull, TooManyInvites, Conflict, ZammadUnavailable, ZammadRejected);
listed!(Listing: Unauthenticated, PlanNotFound, Forbidden, InvalidRequest);
listed!(Revoking: Unauthenticated, PlanNotFound, Forbidden, InviteNotFound, Conflict);
listed!(Resending: Unauthenticated, RateLimited, PlanNotFound, Forbidden, InviteNotFound, InvalidRequest, IdempotencyKeyReused, IdempotencyInProgress, InviteUsed, PlanFull, TooManyInvites, Conflict, ZammadUnavailable, ZammadRejected);

#[OpenApi(tag = "Topic::Invites")]
impl InvitesApi {
    /// Issue an invite.
    ///
    /// Its secret is minted by the helpdesk. The answer holds the link, which cannot be asked for again, but by the same
    /// request with the same `Idempotency-Key`. The body may be left out.
    #[oai(path = "/v1/plans/:plan_id/invites", method = "post", operation_id = "issueInvite")]
    async fn issue(
        &self,
        service: Data<&Arc<Service>>,
        address: Data<&ClientAddress>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        /// Makes it safe to send the request again: with the same key and body it is answered the same for 24 hours.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: SentKey,
        body: Body<Option<NewInvite>>,
    ) -> Result<Issued, Refused<Issuing>> {
        service.limits.issue(&auth.0, *address.0)?;
        let plan = plan_of(&plan_id)?;
        let keyed = idempotency_key.of(&auth.0, format_args!("POST /v1/plans/{plan}/invites"), body.bytes());
        let request = body.read(|fields| {
            let keyed = fields.beside(keyed);
            let request = InviteRequest {
                recipient: fields.optional("recipient_email", text(Email::new)),
                ttl: fields.optional("expires_in_seconds", number(InviteTtl::new)),
            };
            Some((keyed?, request))
        });
        let (keyed, request) = service.admitted(&auth.0, plan, Right::Invite, request).await?;
        let issued = match keyed {
            None => Once::First(service.issue_invite.run(auth.0, plan, request).await?),
            Some(keyed) => {
                let issue = service.issue_invite.clone();
                let work = move |saving| async move { issue.run_once(auth.0, plan, request, saving).await };
                service.idempotency.once(keyed, in_words(plan), work).await?
            }
        };
        Ok(shown(&service, plan, issued).await?)
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
        /// Makes it safe to send the request again: with the same key it is answered the same for 24 hours.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: SentKey,
    ) -> Result<Issued, Refused<Resending>> {
        service.limits.issue(&auth.0, *address.0)?;
        let plan = plan_of(&plan_id)?;
        let invite = service.admitted(&auth.0, plan, Right::Invite, invite_of(&invite_id)).await?;
        // It has no body.
        let keyed =
            idempotency_key.of(&auth.0, format_args!("POST /v1/plans/{plan}/invites/{invite}/resend"), &[]);
        let keyed = match keyed {
            Ok(keyed) => keyed,
            Err(err) => {
                service.issue_invite.check_there(&auth.0, plan, invite).await?;
                return Err(Problem::invalid(vec![err]).into());
            }
        };
        let issued = match keyed {
            None => Once::First(service.issue_invite.resend(auth.0, plan, invite).await?),
            Some(keyed) => {
                let issue = service.issue_invite.clone();
                let work = move |saving| async move { issue.resend_once(auth.0, plan, invite, saving).await };
                service.idempotency.once(keyed, in_words(plan), work).await?
            }
        };
        Ok(shown(&service, plan, issued).await?)
    }
}

/// The words in which the answer is kept: without the code, which is computed again.
fn in_words(plan: PlanId) -> impl Fn(&InviteReport) -> String {
    move |report| InviteView::new(plan.into(), report).to_json_string()
}

async fn shown(service: &Service, plan: PlanId, issued: Once<IssuedInvite>) -> Result<Issued, Problem> {
    let answer = match issued {
        Once::First(IssuedInvite { report, code }) => {
            let url = service.links.invite(code.expose()).into();
            Answer::First(InviteView::new(plan.into(), &report).with_link(code.expose(), url))
        }
        Once::Again(text) => {
            let (invite, mut kept) = kept(&text)?;
            let code = service.recall_code.run(invite.into()).await?;
            kept["code"] = code.expose().into();
            kept["url"] = service.links.invite(code.expose()).as_str().into();
            Answer::Again(kept)
        }
    };
    let replayed = answer.replayed();
    Ok(Issued::Created(Json(answer), replayed))
}

fn invite_of(invite_id: &Path<Raw<Id>>) -> Result<InviteId, Problem> {
    invite_id.0.ok().map(InviteId::from).ok_or_else(|| Problem::new(Code::InviteNotFound))
}
