//! What happened, to whichever plan.

use std::sync::Arc;

use family_plan_application::ReadFeed;
use family_plan_domain::FeedPlace;
use poem::web::Data;
use poem_openapi::{OpenApi, param::Query, payload::Json};

use super::{
    Topic,
    auth::Auth,
    parameter::{Cursor, Limit, QueryReader, Raw},
    views::EventPage,
};
use crate::{
    problem::{Refused, listed},
    service::Service,
};

pub(crate) struct EventsApi;

listed!(Reading: Unauthenticated, Forbidden, InvalidRequest);

#[OpenApi(tag = "Topic::Events")]
impl EventsApi {
    /// Tell what happened to all plans, closed ones too, to the settings, and to users who are in no plan.
    ///
    /// For administrators and services. Events come in an order that never changes, those of one plan in the order in
    /// which they happened. Whoever goes on from `next_cursor` gets every event once, however many are being saved
    /// meanwhile.
    #[oai(path = "/v1/events", method = "get", operation_id = "listEvents")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        /// The `next_cursor` of an earlier page.
        cursor: Query<Option<Raw<Cursor<FeedPlace>>>>,
        /// How many events at most.
        limit: Query<Option<Raw<Limit>>>,
    ) -> Result<Json<EventPage>, Refused<Reading>> {
        ReadFeed::check(&auth.0)?;
        let mut query = QueryReader::default();
        let after = query.read("cursor", cursor.0.as_ref());
        let size = query.read("limit", limit.0.as_ref()).unwrap_or_default();
        query.finish(())?;
        Ok(Json(service.feed.run(&auth.0, after, size).await?.into()))
    }
}
