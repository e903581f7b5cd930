//! Endpoints that are told of events.

use std::sync::Arc;

use family_plan_application::{AdministerEndpoints, Caller, EndpointChanges, Once, Replay};
use family_plan_domain::{Edit, Endpoint, EndpointId, EndpointUrl, EventFilter, FeedPlace, Remark};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    Topic,
    auth::Auth,
    body::{Body, flag, instant, text, texts, uuid},
    idempotency::{Answer, SentKey, kept},
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
        Json<Answer<EndpointWithSecretView>>,
        /// The endpoint's address here.
        #[oai(header = "Location")]
        String,
        /// `true` when this answers a request that was carried out before; left out otherwise.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

#[derive(ApiResponse)]
enum Rotated {
    /// The endpoint has another secret.
    #[oai(status = 200)]
    Done(
        Json<Answer<EndpointWithSecretView>>,
        /// `true` when this answers a request that was carried out before; left out otherwise.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
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

listed!(Adding: Unauthenticated, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest, IdempotencyKeyReused, IdempotencyInProgress, Conflict);
listed!(Listing: Unauthenticated, Forbidden, InvalidRequest);
listed!(Reading: Unauthenticated, Forbidden, NotFound);
listed!(Changing: Unauthenticated, Forbidden, NotFound, UnsupportedMediaType, MalformedRequest, InvalidRequest, Conflict);
listed!(Rotating: Unauthenticated, Forbidden, NotFound, InvalidRequest, IdempotencyKeyReused, IdempotencyInProgress, Conflict);
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
    ///
    /// The answer holds the secret, which cannot be asked for again, but by the same request with the same
    /// `Idempotency-Key`.
    #[oai(path = "/v1/webhook-endpoints", method = "post", operation_id = "addWebhookEndpoint")]
    async fn add(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        /// Makes it safe to send the request again: with the same key and body it is answered the same for 24 hours.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: SentKey,
        body: Body<NewWebhookEndpoint>,
    ) -> Result<Added, Refused<Adding>> {
        AdministerEndpoints::check(&auth.0)?;
        let keyed = idempotency_key.of(&auth.0, format_args!("POST /v1/webhook-endpoints"), body.bytes());
        let (keyed, url, changes) = body.read(|fields| {
            let keyed = fields.beside(keyed);
            let url = fields.required("url", text(EndpointUrl::new));
            let changes = EndpointChanges {
                url: None,
                description: Edit::from_known(fields.optional("description", text(Remark::new))),
                filter: fields.optional("event_types", texts(EventFilter::parse)),
                enabled: fields.optional("enabled", flag),
            };
            Some((keyed?, url?, changes))
        })?;
        let done = match keyed {
            None => Once::First(service.endpoints.add(&auth.0, url, &changes).await?),
            Some(keyed) => {
                let endpoints = service.endpoints.clone();
                let work =
                    move |saving| async move { endpoints.add_once(&auth.0, url, &changes, saving).await };
                service.idempotency.once(keyed, EndpointWithSecretView::in_words, work).await?
            }
        };
        let (id, answer) = shown(&service, done)?;
        let location = service.links.public_url.join(&format!("v1/webhook-endpoints/{id}"));
        let location = location.expect("an id is a path").to_string();
        let replayed = answer.replayed();
        Ok(Added::Created(Json(answer), location, replayed))
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
    /// For administrators. For 24 hours both secrets sign, so that its owner has time to take the new one over. Whoever
    /// got no answer sends the request again with the same `Idempotency-Key`: else the secret before the last one is gone.
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
        /// Makes it safe to send the request again: with the same key it is answered the same for 24 hours.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: SentKey,
    ) -> Result<Rotated, Refused<Rotating>> {
        AdministerEndpoints::check(&auth.0)?;
        let endpoint = endpoint_of(&endpoint_id)?;
        // It has no body.
        let keyed = idempotency_key
            .of(&auth.0, format_args!("POST /v1/webhook-endpoints/{endpoint}/rotate-secret"), &[])
            .map_err(|err| Problem::invalid(vec![err]));
        let done = match if_there(&service, &auth.0, endpoint, keyed).await? {
            None => Once::First(service.endpoints.rotate_secret(&auth.0, endpoint).await?),
            Some(keyed) => {
                let endpoints = service.endpoints.clone();
                let work = move |saving| async move {
                    endpoints.rotate_secret_once(&auth.0, endpoint, saving).await
                };
                service.idempotency.once(keyed, EndpointWithSecretView::in_words, work).await?
            }
        };
        let (_, answer) = shown(&service, done)?;
        let replayed = answer.replayed();
        Ok(Rotated::Done(Json(answer), replayed))
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

/// The endpoint's id, and the answer that shows its secret, be it again.
fn shown(
    service: &Service,
    done: Once<(Endpoint, SecretString)>,
) -> Result<(EndpointId, Answer<EndpointWithSecretView>), Problem> {
    match done {
        Once::First((endpoint, secret)) => Ok((endpoint.id, Answer::First((endpoint, secret).into()))),
        Once::Again(text) => {
            let (id, mut kept) = kept(&text)?;
            let sealed = kept["secret"].as_str().unwrap_or_default();
            let secret = service.endpoints.recall_secret(id.into(), sealed)?;
            kept["secret"] = secret.expose_secret().into();
            Ok((id.into(), Answer::Again(kept)))
        }
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
