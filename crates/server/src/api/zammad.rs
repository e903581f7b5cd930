//! What comes from the helpdesk: webhooks, users, and what became of both.

use std::sync::Arc;

use family_plan_application::{Deliveries, LinkZammadUser, PullUsers};
use family_plan_domain::{DeliveryId, SyncKind, ZammadUserId};
use poem::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    web::Data,
};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{
    Topic,
    auth::Auth,
    body::{Body, flag},
    nullable::Nullable,
    parameter::{Cursor, DeliveryStateName, Id, Limit, Place, QueryReader, Raw, ZammadUser},
    raw_body::RawBody,
    views::{DeliveryView, SyncView, ZammadUserView},
};
use crate::{
    metrics::Course,
    problem::{Code, Problem, Refused, listed},
    service::Service,
};

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");
const DELIVERY: HeaderName = HeaderName::from_static("x-zammad-delivery");

pub(crate) struct ZammadApi;

/// What to pull.
#[derive(Debug, Object)]
struct NewSync {
    /// Whether to read everybody, and not only what changed.
    full: Option<bool>,
}

/// A page of deliveries.
#[derive(Debug, Object)]
struct DeliveryPage {
    /// The deliveries, the latest first.
    items: Vec<DeliveryView>,
    /// Where the next page begins; `null` when this is the last.
    next_cursor: Nullable<String>,
}

#[derive(ApiResponse)]
enum Received {
    /// The delivery is kept, and is applied soon. One whose body came before changes nothing.
    #[oai(status = 202)]
    Accepted,
}

#[derive(ApiResponse)]
enum Requested {
    /// The pull runs, or begins soon.
    #[oai(status = 202)]
    Accepted(Json<SyncView>),
}

#[derive(ApiResponse)]
enum Replayed {
    /// The delivery is applied again soon.
    #[oai(status = 202)]
    Accepted,
}

listed!(Receiving: WebhookSignatureInvalid, PayloadTooLarge, MalformedRequest);
listed!(ReadingUser: Unauthenticated, Forbidden, NotFound);
listed!(Requesting: Unauthenticated, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest);
listed!(ReadingSync: Unauthenticated, Forbidden);
listed!(Listing: Unauthenticated, Forbidden, InvalidRequest);
listed!(Replaying: Unauthenticated, Forbidden, NotFound);

#[OpenApi(tag = "Topic::Helpdesk")]
impl ZammadApi {
    /// Take what one of Zammad's webhooks delivers.
    ///
    /// The signature (`X-Hub-Signature: sha1=…`) is verified over the bytes of the body. What is taken is applied soon, in
    /// any order, and has its effect once.
    #[oai(path = "/v1/zammad/webhook", method = "post", operation_id = "postZammadWebhook")]
    async fn post_webhook(
        &self,
        service: Data<&Arc<Service>>,
        course: Data<&Arc<Course>>,
        headers: &HeaderMap,
        body: RawBody,
    ) -> Result<Received, Refused<Receiving>> {
        receive(&service, &course, headers, body).await
    }

    /// Take what one of Zammad's webhooks delivers.
    ///
    /// The same as POST: the method is configured in Zammad.
    #[oai(path = "/v1/zammad/webhook", method = "put", operation_id = "putZammadWebhook")]
    async fn put_webhook(
        &self,
        service: Data<&Arc<Service>>,
        course: Data<&Arc<Course>>,
        headers: &HeaderMap,
        body: RawBody,
    ) -> Result<Received, Refused<Receiving>> {
        receive(&service, &course, headers, body).await
    }

    /// Take what one of Zammad's webhooks delivers.
    ///
    /// The same as POST: the method is configured in Zammad.
    #[oai(path = "/v1/zammad/webhook", method = "patch", operation_id = "patchZammadWebhook")]
    async fn patch_webhook(
        &self,
        service: Data<&Arc<Service>>,
        course: Data<&Arc<Course>>,
        headers: &HeaderMap,
        body: RawBody,
    ) -> Result<Received, Refused<Receiving>> {
        receive(&service, &course, headers, body).await
    }

    /// Show a user of the helpdesk, who they are here, and the plan they are in.
    ///
    /// For administrators and services.
    #[oai(path = "/v1/zammad/users/:zammad_user_id", method = "get", operation_id = "getZammadUser")]
    async fn user(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        zammad_user_id: Path<Raw<ZammadUser>>,
    ) -> Result<Json<ZammadUserView>, Refused<ReadingUser>> {
        LinkZammadUser::check(&auth.0)?;
        let id: ZammadUserId = zammad_user_id.0.ok().ok_or_else(|| Problem::new(Code::NotFound))?;
        Ok(Json(service.link_zammad_user.report(&auth.0, id).await?.into()))
    }

    /// Have the helpdesk's users pulled.
    ///
    /// For administrators. A pull that runs will do, unless everybody is asked for and it reads only what changed.
    #[oai(path = "/v1/zammad/sync", method = "post", operation_id = "requestSync")]
    async fn request_sync(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        body: Body<Option<NewSync>>,
    ) -> Result<Requested, Refused<Requesting>> {
        PullUsers::check(&auth.0)?;
        let full = body.read(|fields| Some(fields.optional("full", flag)))?;
        let kind = if full == Some(true) { SyncKind::Full } else { SyncKind::Incremental };
        let sync = service.pull_users.request(kind).await?;
        service.wakers.sync.notify_one();
        Ok(Requested::Accepted(Json(sync.into())))
    }

    /// Show how the last pull of the helpdesk's users went, or how far the one that runs has got.
    ///
    /// For administrators.
    #[oai(path = "/v1/zammad/sync", method = "get", operation_id = "getSync")]
    async fn sync(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
    ) -> Result<Json<SyncView>, Refused<ReadingSync>> {
        PullUsers::check(&auth.0)?;
        Ok(Json(service.pull_users.record().await?.into()))
    }

    /// List what webhooks delivered.
    ///
    /// For administrators. What was applied or ignored is dropped after a week; what failed is kept.
    #[oai(path = "/v1/zammad/deliveries", method = "get", operation_id = "listZammadDeliveries")]
    async fn deliveries(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        /// Only deliveries in this state.
        state: Query<Option<Raw<DeliveryStateName>>>,
        /// The `next_cursor` of an earlier page.
        cursor: Query<Option<Raw<Cursor<DeliveryId>>>>,
        /// How many deliveries at most.
        limit: Query<Option<Raw<Limit>>>,
    ) -> Result<Json<DeliveryPage>, Refused<Listing>> {
        Deliveries::check(&auth.0)?;
        let mut query = QueryReader::default();
        let state = query.read("state", state.0.as_ref());
        let before = query.read("cursor", cursor.0.as_ref());
        let size = query.read("limit", limit.0.as_ref()).unwrap_or_default();
        query.finish(())?;
        let page = service.deliveries.list(&auth.0, state, before, size).await?;
        Ok(Json(DeliveryPage {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|it| it.encode()).into(),
        }))
    }

    /// Have a delivery applied once more.
    ///
    /// For administrators. What is older than what is known changes nothing.
    #[oai(
        path = "/v1/zammad/deliveries/:delivery_id/replay",
        method = "post",
        operation_id = "replayZammadDelivery"
    )]
    async fn replay(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        delivery_id: Path<Raw<Id>>,
    ) -> Result<Replayed, Refused<Replaying>> {
        Deliveries::check(&auth.0)?;
        let id = delivery_id.0.ok().map(DeliveryId::from).ok_or_else(|| Problem::new(Code::NotFound))?;
        service.deliveries.replay(&auth.0, id).await?;
        service.wakers.inbox.notify_one();
        Ok(Replayed::Accepted)
    }
}

async fn receive(
    service: &Service,
    course: &Course,
    headers: &HeaderMap,
    RawBody(body): RawBody,
) -> Result<Received, Refused<Receiving>> {
    let is_admitted = service.webhook.secrets.verify(&body, only(headers, &SIGNATURE)).is_ok()
        && service.webhook.credential.admits(only(headers, &header::AUTHORIZATION));
    if !is_admitted {
        return Err(Problem::new(Code::WebhookSignatureInvalid).into());
    }
    let delivery_id = only(headers, &DELIVERY).and_then(|it| str::from_utf8(it).ok());
    if service.receive_delivery.run(delivery_id, body).await? {
        service.wakers.inbox.notify_one();
    } else {
        course.note_repetition();
    }
    Ok(Received::Accepted)
}

/// The value of a header that came once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none()).map(HeaderValue::as_bytes)
}
