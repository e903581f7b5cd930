//! Plans.

use std::sync::Arc;

use family_plan_application::{ListPlans, Once, OpenPlan, PlanChanges, PlanReport, Right};
use family_plan_domain::{Capacity, EventCursor, PlanId, PlanName, UserId};
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
    parameter::{Cursor, Id, Limit, Place, QueryReader, Raw, User},
    views::{EventPage, PlanView, SeatsView},
};
use crate::{
    problem::{Code, Problem, Refused, listed},
    service::Service,
};

pub(crate) struct PlansApi;

/// A plan to be opened.
#[derive(Debug, Object)]
struct NewPlan {
    /// 1 to 200 characters after trimming, no control characters.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// Whose plan it is: the caller's, if nobody else is named. Users may name only themselves; a service must name
    /// somebody.
    #[oai(validator(min_length = 1, max_length = 255))]
    owner_id: Option<String>,
}

/// What shall become of a plan; what is left out stays.
#[derive(Debug, Object)]
struct PlanPatch {
    /// 1 to 200 characters after trimming, no control characters.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    /// Its own limit, for administrators to set; `null` makes the one in the settings count. A limit below `used` is
    /// allowed: nobody is removed, and nobody joins.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    user_limit: Option<Nullable<u32>>,
}

/// A plan's new owner.
#[derive(Debug, Object)]
struct Transfer {
    /// A member of the plan.
    #[oai(validator(min_length = 1, max_length = 255))]
    new_owner_id: String,
}

/// A page of plans.
#[derive(Debug, Object)]
struct PlanPage {
    /// The plans, the oldest first.
    items: Vec<PlanView>,
    /// Where the next page begins; `null` when this is the last.
    next_cursor: Nullable<String>,
}

#[derive(ApiResponse)]
enum Opened {
    /// The plan is open.
    #[oai(status = 201)]
    Created(
        Json<Answer<PlanView>>,
        /// The plan's address.
        #[oai(header = "Location")]
        String,
        /// `true` when this answers a request that was carried out before; left out otherwise.
        #[oai(header = "Idempotency-Replayed")]
        Option<bool>,
    ),
}

#[derive(ApiResponse)]
enum Closed {
    /// The plan is closed.
    #[oai(status = 204)]
    Done,
}

listed!(Opening: Unauthenticated, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest, IdempotencyKeyReused, IdempotencyInProgress, AlreadyInPlan, Conflict);
listed!(Listing: Unauthenticated, Forbidden, InvalidRequest);
listed!(Reading: Unauthenticated, PlanNotFound);
listed!(Changing: Unauthenticated, PlanNotFound, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest, Conflict);
listed!(Closing: Unauthenticated, PlanNotFound, Forbidden, Conflict);
listed!(Transferring: Unauthenticated, PlanNotFound, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest, NotAMember, Conflict);
listed!(ReadingHistory: Unauthenticated, PlanNotFound, Forbidden, InvalidRequest);

#[OpenApi(tag = "Topic::Plans")]
impl PlansApi {
    /// Open a plan.
    ///
    /// The owner has the first seat.
    #[oai(path = "/v1/plans", method = "post", operation_id = "openPlan")]
    async fn open(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        /// Makes it safe to send the request again: with the same key and body it is answered the same for 24 hours.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: SentKey,
        body: Body<NewPlan>,
    ) -> Result<Opened, Refused<Opening>> {
        let caller = auth.0;
        let keyed = idempotency_key.of(&caller, format_args!("POST /v1/plans"), body.bytes());
        let mut named = None;
        let plan = body.read(|fields| {
            let keyed = fields.beside(keyed);
            let name = fields.required("name", text(PlanName::new));
            let owner = if caller.is_person() {
                fields.optional("owner_id", text(UserId::new))
            } else {
                fields.required("owner_id", text(UserId::new))
            };
            named.clone_from(&owner);
            Some((keyed?, name?, owner))
        });
        if plan.is_err() && named.is_some() {
            OpenPlan::owner(&caller, named)?;
        }
        let (keyed, name, owner) = plan?;
        let done = match keyed {
            None => Once::First(service.open_plan.run(&caller, name, owner).await?),
            Some(keyed) => {
                let open_plan = service.open_plan.clone();
                let words = |plan: &PlanReport| PlanView::from(plan.clone()).to_json_string();
                let work =
                    move |saving| async move { open_plan.run_once(&caller, name, owner, saving).await };
                service.idempotency.once(keyed, words, work).await?
            }
        };
        let (id, answer) = match done {
            Once::First(plan) => (plan.id.into(), Answer::First(plan.into())),
            Once::Again(text) => {
                let (id, kept) = kept(&text)?;
                (id, Answer::Again(kept))
            }
        };
        let location = service.links.public_url.join(&format!("v1/plans/{id}"));
        let location = location.expect("an id is a path").to_string();
        let replayed = answer.replayed();
        Ok(Opened::Created(Json(answer), location, replayed))
    }

    /// List plans.
    ///
    /// For administrators and services.
    #[oai(path = "/v1/plans", method = "get", operation_id = "listPlans")]
    async fn list(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        /// The `next_cursor` of an earlier page.
        cursor: Query<Option<Raw<Cursor<PlanId>>>>,
        /// How many plans at most.
        limit: Query<Option<Raw<Limit>>>,
        /// Only the plan of this owner.
        owner_id: Query<Option<Raw<User>>>,
    ) -> Result<Json<PlanPage>, Refused<Listing>> {
        ListPlans::check(&auth.0)?;
        let mut query = QueryReader::default();
        let after = query.read("cursor", cursor.0.as_ref());
        let size = query.read("limit", limit.0.as_ref()).unwrap_or_default();
        let owner = query.read("owner_id", owner_id.0.as_ref());
        query.finish(())?;
        let page = service.list_plans.run(&auth.0, owner, after, size).await?;
        Ok(Json(PlanPage {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|it| it.encode()).into(),
        }))
    }

    /// Show a plan.
    #[oai(path = "/v1/plans/:plan_id", method = "get", operation_id = "getPlan")]
    async fn get(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
    ) -> Result<Json<PlanView>, Refused<Reading>> {
        let plan = plan_of(&plan_id)?;
        Ok(Json(service.read_plan.report(&auth.0, plan).await?.into()))
    }

    /// Show who and what has a plan's seats.
    #[oai(path = "/v1/plans/:plan_id/seats", method = "get", operation_id = "getSeats")]
    async fn seats(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
    ) -> Result<Json<SeatsView>, Refused<Reading>> {
        let (loaded, now) = service.read_plan.whole(&auth.0, plan_of(&plan_id)?).await?;
        Ok(Json(SeatsView::new(&loaded.plan, &loaded.settings, now)))
    }

    /// Rename or limit a plan.
    ///
    /// The owner may rename it, administrators may do both.
    #[oai(path = "/v1/plans/:plan_id", method = "patch", operation_id = "changePlan")]
    async fn change(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        body: Body<PlanPatch>,
    ) -> Result<Json<PlanView>, Refused<Changing>> {
        let plan = plan_of(&plan_id)?;
        let mut right = Right::Own;
        let changes = body.read(|fields| {
            if fields.has("user_limit") {
                right = Right::Limit;
            }
            Some(PlanChanges {
                name: fields.replacement("name", text(PlanName::new)),
                user_limit: fields.edit("user_limit", number(Capacity::new)),
            })
        });
        let changes = service.admitted(&auth.0, plan, right, changes).await?;
        Ok(Json(service.change_plan.run(&auth.0, plan, changes).await?.into()))
    }

    /// Close a plan.
    ///
    /// Every member is detached and every invite revoked, in one step.
    #[oai(path = "/v1/plans/:plan_id", method = "delete", operation_id = "closePlan")]
    async fn close(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
    ) -> Result<Closed, Refused<Closing>> {
        service.close_plan.run(&auth.0, plan_of(&plan_id)?).await?;
        Ok(Closed::Done)
    }

    /// Hand a plan over to another of its members.
    ///
    /// The former owner stays a member.
    #[oai(path = "/v1/plans/:plan_id/transfer", method = "post", operation_id = "transferPlan")]
    async fn transfer(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        body: Body<Transfer>,
    ) -> Result<Json<PlanView>, Refused<Transferring>> {
        let plan = plan_of(&plan_id)?;
        let new_owner = body.read(|fields| fields.required("new_owner_id", text(UserId::new)));
        let new_owner = service.admitted(&auth.0, plan, Right::Own, new_owner).await?;
        Ok(Json(service.transfer_plan.run(&auth.0, plan, &new_owner).await?.into()))
    }

    /// Tell what happened to a plan.
    ///
    /// For the owner, administrators and services.
    #[oai(path = "/v1/plans/:plan_id/events", method = "get", operation_id = "listPlanEvents")]
    async fn events(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        plan_id: Path<Raw<Id>>,
        /// The `next_cursor` of an earlier page.
        cursor: Query<Option<Raw<Cursor<EventCursor>>>>,
        /// How many events at most.
        limit: Query<Option<Raw<Limit>>>,
    ) -> Result<Json<EventPage>, Refused<ReadingHistory>> {
        let plan = plan_of(&plan_id)?;
        let mut query = QueryReader::default();
        let after = query.read("cursor", cursor.0.as_ref());
        let size = query.read("limit", limit.0.as_ref()).unwrap_or_default();
        let (after, size) =
            service.admitted(&auth.0, plan, Right::Invite, query.finish((after, size))).await?;
        let page = service.history.run(&auth.0, plan, after, size).await?;
        Ok(Json(page.into()))
    }
}

/// The plan that a path names; what is no UUID is no plan.
pub(super) fn plan_of(plan_id: &Path<Raw<Id>>) -> Result<PlanId, Problem> {
    plan_id.0.ok().map(PlanId::from).ok_or_else(|| Problem::new(Code::PlanNotFound))
}
