//! Users, and the plan in force for them.

use std::sync::Arc;

use family_plan_application::EditUser;
use family_plan_domain::{Email, IndividualPlan, PersonName, UserEdit};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Path, payload::Json};

use super::{
    Topic,
    auth::Auth,
    body::{Body, text},
    nullable::Nullable,
    parameter::{Raw, User},
    views::{MeView, UserView},
};
use crate::{
    problem::{Problem, Refused, listed},
    service::Service,
};

pub(crate) struct UsersApi;

/// What is newly known of a user: what is left out stays, `null` clears.
#[derive(Debug, Object)]
struct UserPatch {
    /// Their address.
    email: Option<Nullable<String>>,
    /// Their name.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<Nullable<String>>,
    /// The code of the plan that they have alone, such as `free`.
    #[oai(validator(min_length = 1, max_length = 100))]
    individual_plan: Option<Nullable<String>>,
}

listed!(ReadingMe: Unauthenticated, Forbidden);
listed!(Editing: Unauthenticated, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest);

#[OpenApi(tag = "Topic::Users")]
impl UsersApi {
    /// Show the caller, and the plan in force for them.
    #[oai(path = "/v1/me", method = "get", operation_id = "getMe")]
    async fn me(&self, service: Data<&Arc<Service>>, auth: Auth) -> Result<Json<MeView>, Refused<ReadingMe>> {
        Ok(Json(service.me.run(&auth.0).await?.into()))
    }

    /// Tell what is known of a user.
    ///
    /// For administrators and services. A user who was never mentioned comes into being.
    #[oai(path = "/v1/users/:user_id", method = "put", operation_id = "putUser")]
    async fn put(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        user_id: Path<Raw<User>>,
        body: Body<UserPatch>,
    ) -> Result<Json<UserView>, Refused<Editing>> {
        EditUser::check(&auth.0)?;
        let user = user_id.0.read("/path/user_id").map_err(|err| Problem::invalid(vec![err]))?;
        let edit = body.read(|fields| {
            Some(UserEdit {
                email: fields.edit("email", text(Email::new)),
                name: fields.edit("name", text(PersonName::new)),
                individual_plan: fields.edit("individual_plan", text(IndividualPlan::new)),
                ..UserEdit::mention(user)
            })
        })?;
        Ok(Json(service.edit_user.run(&auth.0, &edit).await?.into()))
    }
}
