//! Users, and the plan in force for them.

use std::sync::Arc;

use family_plan_application::{EditUser, LinkZammadUser};
use family_plan_domain::{Email, IndividualPlan, PersonName, UserEdit, UserId, ZammadUserId};
use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};

use super::{
    Topic,
    auth::Auth,
    body::{Body, number, text},
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

/// Which user of the helpdesk stands for a user.
#[derive(Debug, Object)]
struct ZammadUserLink {
    /// The helpdesk's user.
    #[oai(validator(minimum(value = "2")))]
    zammad_user_id: i64,
}

#[derive(ApiResponse)]
enum Unlinked {
    /// The user is associated with nobody.
    #[oai(status = 204)]
    Done,
}

listed!(Linking: Unauthenticated, Forbidden, UnsupportedMediaType, MalformedRequest, InvalidRequest, ZammadUserTaken);
listed!(Unlinking: Unauthenticated, Forbidden, InvalidRequest);
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
        let user = user_of(&user_id)?;
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

    /// Associate a user with one of the helpdesk's.
    ///
    /// For administrators and services. The helpdesk need not have told of that user yet: `zammad_user_state` says so. An
    /// association that there is already is replaced; a user who was never mentioned comes into being.
    #[oai(path = "/v1/users/:user_id/zammad-user", method = "put", operation_id = "linkZammadUser")]
    async fn link(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        user_id: Path<Raw<User>>,
        body: Body<ZammadUserLink>,
    ) -> Result<Json<UserView>, Refused<Linking>> {
        LinkZammadUser::check(&auth.0)?;
        let user = user_of(&user_id)?;
        let zammad_user =
            body.read(|fields| fields.required("zammad_user_id", number(ZammadUserId::of_a_person)))?;
        let linked = service.link_zammad_user.link(&auth.0, user, zammad_user).await?;
        Ok(Json(linked.into()))
    }

    /// Take a user's association with one of the helpdesk's away.
    ///
    /// For administrators and services. It does not come back by itself. Where there is none, nothing changes.
    #[oai(path = "/v1/users/:user_id/zammad-user", method = "delete", operation_id = "unlinkZammadUser")]
    async fn unlink(
        &self,
        service: Data<&Arc<Service>>,
        auth: Auth,
        user_id: Path<Raw<User>>,
    ) -> Result<Unlinked, Refused<Unlinking>> {
        LinkZammadUser::check(&auth.0)?;
        service.link_zammad_user.unlink(&auth.0, user_of(&user_id)?).await?;
        Ok(Unlinked::Done)
    }
}

fn user_of(user_id: &Path<Raw<User>>) -> Result<UserId, Problem> {
    user_id.0.read("/path/user_id").map_err(|err| Problem::invalid(vec![err]))
}
