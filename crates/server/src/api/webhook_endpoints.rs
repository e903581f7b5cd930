//! Endpoints that are told of events.

use std::sync::Arc;

use family_plan_application::{AdministerEndpoints, Caller, EndpointChanges, Replay};
use family_plan_domain::{Edit, EndpointId, EndpointUrl, EventFilter, FeedPlace, Remark};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{
    Topic,
    auth::Auth,
    body::{Body, flag, instant, text, texts, uuid},
    nullable::Nullable,
    parameter::{Cursor, Id, Limit, OutgoingStateName, Place, QueryReader, Raw},
    views::{EndpointView, EndpointWithSecretView, OutgoingView},
};
use crate::{
    problem::{Code, FieldError, Problem, Refused, listed},
    service::Service,
};

pub(crate) struct WebhookEndpointsApi;

/// An endpoint to be told of events.
#[derive(Debug, Object)]
struct NewWebhookEndpoint {
    /// Where events are sent to: an absolute URL that begins with `https://` and leads to a public address, without user,
    /// password and fragment. An operator can allow others.
    #[oai(validator(max_length = 2000))]
    url: String,
    /// What others shall read of it.
    #[oai(validator(min_length = 1, max_length = 500))]
    description: Option<Nullable<String>>,
    /// The types of events it is told of; all when there are none.
    event_types: Option<Vec<String>>,
    /// Whether it is told of events from the beginning, as it is if nothing else is said.
    enabled: Option<bool>,
}

/// What shall become of an endpoint; what is left out stays.
#[derive(Debug, Object)]
struct WebhookEndpointPatch {
    /// Where events are sent to.
    #[oai(validator(max_length = 2000))]
    url: Option<String>,
    /// What others shall read of it; `null` clears it.
    #[oai(validator(min_length = 1, max_length = 500))]
    description: Option<Nullable<String>>,
    /// The types of events it is told of from now on; all when there are none.
    event_types: Option<Vec<String>>,
    /// Whether it is told of events. Once it is again, it is told of what happened meanwhile.
    enabled: Option<bool>,
}

/// What an endpoint is to be told again: one of both.
#[derive(Debug, Object)]
struct EventReplay {
    /// All that happened since then, and that it is told of.
    since: Option<time::OffsetDateTime>,
    /// That event.
    event_id: Option<uuid::Uuid>,
}

/// A page of endpoints.
#[derive(Debug, Object)]
struct WebhookEndpointPage {
    /// The endpoints, the oldest first.
    items: Vec<EndpointView>,
    /// Where the next page begins; `null` when this is the last.
    next_cursor: Nullable<String>,
}

/// A page of what an endpoint is, or was, to be told.
#[derive(Debug, Object)]
struct EventDeliveryPage {
    /// The events, the latest first.
    items: Vec<OutgoingView>,
    /// Where the next page begins; `null` when this is the last.
    next_cursor: Nullable<String>,
}

#[derive(ApiResponse)]
enum Added {
    /// The endpoint is told of what happens from now on.
    #[oai(status = 201)]
    Created(
        Json<EndpointWithSecretView>,
        /// The endpoint's address here.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Removed {
    /// The endpoint is told nothing any more.
    #[oai(status = 204)]
    Done,
}

#[derive(ApiResponse)]
enum Replayed {
    /// The endpoint is told again soon.
    #[oai(status = 202)]
    Accepted,
}

listed!(Adding: Unauthenticated, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest);
listed!(Listing: Unauthenticated, Forbidden, InvalidRequest);
listed!(Reading: Unauthenticated, Forbidden, NotFound);
listed!(Changing: Unauthenticated, Forbidden, NotFound, UnsupportedMediaType, MalformedRequest, InvalidRequest, Conflict);
listed!(Rotating: Unauthenticated, Forbidden, NotFound, Conflict);
listed!(ListingDeliveries: Unauthenticated, Forbidden, NotFound, InvalidRequest);
listed!(Replaying: Unauthenticated, Forbidden, NotFound, UnsupportedMediaType, MalformedRequest, InvalidRequest);

#[OpenApi(tag = "Topic::Events")]
impl WebhookEndpointsApi {
    /// Add an endpoint to be told of events.
    ///
    /// For administrators. Events are sent to it as [Standard Webhooks](https://www.standardwebhooks.com) 1.0.0: an `Event`
    /// as JSON, with the headers `webhook-id` (the event's id), `webhook-timestamp` and `webhook-signature`. An answer of
    /// 2xx within 15 seconds means that it has taken the event; redirects are not followed. What it does not take is sent
    /// again after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours. Each event is sent at least once, and those
    /// of one plan in order: the later ones wait for one that fails. 410 disables the endpoint; so does failing all the
    /// way. Where only some event fails all the way while others are taken, that one is left.
    #[oai(path = "/v1/webhook-endpoints", method = "post", operation_id = "addWebhookEndpoint")]
    async fn add(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        body: Body<NewWebhookEndpoint>,
    ) -> Result<Added, Refused<Adding>> {
        AdministerEndpoints::check(&auth.0)?;
        let (url, changes) = body.read(|fields| {
            let url = fields.required("url", text(EndpointUrl::new));
            let changes = EndpointChanges {
                url: None,
                description: Edit::from_known(fields.optional("description", text(Remark::new))),
                filter: fields.optional("event_types", texts(EventFilter::parse)),
                enabled: fields.optional("enabled", flag),
            };
            Some((url?, changes))
        })?;
        let (endpoint, secret) = service.endpoints.add(&auth.0, url, &changes).await?;
        let location = service.links.public_url.join(&format!("v1/webhook-endpoints/{}", endpoint.id));
        let location = location.expect("an id is a path").to_string();
        Ok(Added::Created(Json((endpoint, secret).into()), location))
    }

    /// List the endpoints that are told of events.
    ///
    /// For administrators.
    #[oai(path = "/v1/webhook-endpoints", method = "get", operation_id = "listWebhookEndpoints")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        /// The `next_cursor` of an earlier page.
        cursor: Query<Option<Raw<Cursor<EndpointId>>>>,
        /// How many endpoints at most.
        limit: Query<Option<Raw<Limit>>>,
    ) -> Result<Json<WebhookEndpointPage>, Refused<Listing>> {
        AdministerEndpoints::check(&auth.0)?;
        let mut query = QueryReader::default();
        let after = query.read("cursor", cursor.0.as_ref());
        let size = query.read("limit", limit.0.as_ref()).unwrap_or_default();
        query.finish(())?;
        let page = service.endpoints.list(&auth.0, after, size).await?;
        Ok(Json(WebhookEndpointPage {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|it| it.encode()).into(),
        }))
    }

    /// Show an endpoint.
    ///
    /// For administrators.
    #[oai(path = "/v1/webhook-endpoints/:endpoint_id", method = "get", operation_id = "getWebhookEndpoint")]
    async fn get(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        endpoint_id: Path<Raw<Id>>,
    ) -> Result<Json<EndpointView>, Refused<Reading>> {
        AdministerEndpoints::check(&auth.0)?;
        Ok(Json(service.endpoints.find(&auth.0, endpoint_of(&endpoint_id)?).await?.into()))
    }

    /// Change an endpoint.
    ///
    /// For administrators.
    #[oai(
        path = "/v1/webhook-endpoints/:endpoint_id",
        method = "patch",
        operation_id = "changeWebhookEndpoint"
    )]
    async fn change(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        endpoint_id: Path<Raw<Id>>,
        body: Body<WebhookEndpointPatch>,
    ) -> Result<Json<EndpointView>, Refused<Changing>> {
        AdministerEndpoints::check(&auth.0)?;
        let endpoint = endpoint_of(&endpoint_id)?;
        let changes = body.read(|fields| {
            Some(EndpointChanges {
                url: fields.replacement("url", text(EndpointUrl::new)),
                description: fields.edit("description", text(Remark::new)),
                filter: fields.replacement("event_types", texts(EventFilter::parse)),
                enabled: fields.replacement("enabled", flag),
            })
        });
        let changes = if_there(&service, &auth.0, endpoint, changes).await?;
        let endpoint = service.endpoints.change(&auth.0, endpoint, &changes).await?;
        service.wakers.events.wake();
        Ok(Json(endpoint.into()))
    }

    /// Remove an endpoint, and all that it was to be told.
    ///
    /// For administrators.
    #[oai(
        path = "/v1/webhook-endpoints/:endpoint_id",
        method = "delete",
        operation_id = "removeWebhookEndpoint"
    )]
    async fn remove(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        endpoint_id: Path<Raw<Id>>,
    ) -> Result<Removed, Refused<Reading>> {
        AdministerEndpoints::check(&auth.0)?;
        service.endpoints.remove(&auth.0, endpoint_of(&endpoint_id)?).await?;
        Ok(Removed::Done)
    }

    /// Give an endpoint another secret.
    ///
    /// For administrators. For 24 hours both secrets sign, so that its owner has time to take the new one over.
    #[oai(
        path = "/v1/webhook-endpoints/:endpoint_id/rotate-secret",
        method = "post",
        operation_id = "rotateWebhookEndpointSecret"
    )]
    async fn rotate_secret(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        endpoint_id: Path<Raw<Id>>,
    ) -> Result<Json<EndpointWithSecretView>, Refused<Rotating>> {
        AdministerEndpoints::check(&auth.0)?;
        let rotated = service.endpoints.rotate_secret(&auth.0, endpoint_of(&endpoint_id)?).await?;
        Ok(Json(rotated.into()))
    }

    /// List what an endpoint is, or was, to be told.
    ///
    /// For administrators. What was delivered is dropped after a week.
    #[oai(
        path = "/v1/webhook-endpoints/:endpoint_id/deliveries",
        method = "get",
        operation_id = "listEventDeliveries"
    )]
    async fn deliveries(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        endpoint_id: Path<Raw<Id>>,
        /// Only events in this state.
        state: Query<Option<Raw<OutgoingStateName>>>,
        /// The `next_cursor` of an earlier page.
        cursor: Query<Option<Raw<Cursor<FeedPlace>>>>,
        /// How many events at most.
        limit: Query<Option<Raw<Limit>>>,
    ) -> Result<Json<EventDeliveryPage>, Refused<ListingDeliveries>> {
        AdministerEndpoints::check(&auth.0)?;
        let endpoint = endpoint_of(&endpoint_id)?;
        let mut query = QueryReader::default();
        let state = query.read("state", state.0.as_ref());
        let before = query.read("cursor", cursor.0.as_ref());
        let size = query.read("limit", limit.0.as_ref()).unwrap_or_default();
        if_there(&service, &auth.0, endpoint, query.finish(())).await?;
        let page = service.endpoints.deliveries(&auth.0, endpoint, state, before, size).await?;
        Ok(Json(EventDeliveryPage {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|it| it.encode()).into(),
        }))
    }

    /// Have an endpoint told again, of one event or of all since a time.
    ///
    /// For administrators. Those of one plan come in order, whatever has come before; receivers tell by `webhook-id` what
    /// they have had.
    #[oai(path = "/v1/webhook-endpoints/:endpoint_id/replay", method = "post", operation_id = "replayEvents")]
    async fn replay(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        endpoint_id: Path<Raw<Id>>,
        body: Body<EventReplay>,
    ) -> Result<Replayed, Refused<Replaying>> {
        AdministerEndpoints::check(&auth.0)?;
        let endpoint = endpoint_of(&endpoint_id)?;
        let read =
            body.read(|fields| Some((fields.optional("since", instant), fields.optional("event_id", uuid))));
        let read = read.and_then(|read| match read {
            (Some(since), None) => Ok(Replay::Since(since)),
            (None, Some(event)) => Ok(Replay::Event(event.into())),
            _ => {
                let detail = "must have either `since` or `event_id`".to_owned();
                Err(Problem::invalid(vec![FieldError { pointer: String::new(), detail }]))
            }
        });
        let replay = if_there(&service, &auth.0, endpoint, read).await?;
        service.endpoints.replay(&auth.0, endpoint, replay).await?;
        service.wakers.events.wake();
        Ok(Replayed::Accepted)
    }
}

/// The endpoint that a path names; what is no UUID is none.
fn endpoint_of(endpoint_id: &Path<Raw<Id>>) -> Result<EndpointId, Problem> {
    endpoint_id.0.ok().map(EndpointId::from).ok_or_else(|| Problem::new(Code::NotFound))
}

/// What was read of a request about `endpoint`; that there is no such endpoint goes before what is wrong with the rest.
async fn if_there<T>(
    service: &Service,
    caller: &Caller,
    endpoint: EndpointId,
    read: Result<T, Problem>,
) -> Result<T, Problem> {
    if read.is_err() {
        service.endpoints.find(caller, endpoint).await?;
    }
    read
}
