//! Everything that can be done with the service, and everything that can go wrong.

mod endpoints;
mod failures;
mod helpdesk;
mod pages;
mod plans;
mod refusals;
mod sign_in;

use reqwest::{Method, RequestBuilder};

use super::{
    secrets::Kind,
    stage::{Person, Stage},
};
use crate::client::{ADMIN, Caller, SERVICE};

/// Who takes part.
struct Cast {
    /// Owns a plan.
    ann: Person,
    /// Joins it, and leaves.
    bob: Person,
    /// Joins by a page.
    cid: Person,
    /// An administrator.
    ada: Person,
    /// A service.
    billing: Person,
    /// The id of requests, and the name of a plan.
    marker: String,
}

impl Cast {
    fn of(stage: &Stage) -> Self {
        Self {
            ann: stage.person(&[]),
            bob: stage.person(&[]),
            cid: stage.person(&[]),
            ada: stage.person(&[ADMIN]),
            billing: stage.person(&[SERVICE]),
            marker: stage.secrets.make(Kind::Marker),
        }
    }

    /// A request with an id by which it is found.
    fn marked(&self, caller: &Caller, method: Method, path: &str) -> RequestBuilder {
        caller.request(method, path).header("X-Request-Id", &self.marker)
    }
}

pub(super) async fn run(stage: &mut Stage) {
    let cast = Cast::of(stage);
    helpdesk::know_people(stage, &cast).await;
    endpoints::add(stage, &cast).await;
    let plan = plans::run(stage, &cast).await;
    pages::run(stage, &cast, &plan).await;
    if stage.signs_in() {
        sign_in::run(stage, &cast, &plan).await;
    }
    helpdesk::run(stage, &cast, &plan).await;
    endpoints::run(stage, &cast).await;
    refusals::run(stage, &cast).await;
    failures::run(stage, &cast, &plan).await;
}
