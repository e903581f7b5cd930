//! Whether the service is well.

use std::{collections::BTreeMap, sync::Arc};

use poem::web::Data;
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    payload::{Json, PlainText},
};

use super::Topic;
use crate::{health::Report, service::Service};

/// A database that restarts is back soon.
const RETRY_AFTER_SECONDS: u64 = 5;

pub(crate) struct SystemApi;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum Condition {
    /// Well.
    Ok,
    /// Not well, but the service can serve: only issuing invites suffers.
    Degraded,
    /// The service cannot serve.
    Down,
}

/// How the service is.
#[derive(Debug, Object)]
struct Health {
    /// The service as a whole.
    status: Condition,
    /// Each thing that it needs.
    checks: BTreeMap<String, Condition>,
}

#[derive(ApiResponse)]
enum Readiness {
    /// The service can serve.
    #[oai(status = 200)]
    Ready(Json<Health>),
    /// The service cannot serve.
    #[oai(status = 503)]
    NotReady(
        Json<Health>,
        /// After how many seconds to ask again.
        #[oai(header = "Retry-After")]
        u64,
    ),
}

#[derive(ApiResponse)]
enum Exposition {
    /// Prometheus' text format.
    #[oai(status = 200, content_type = "text/plain; version=0.0.4; charset=utf-8")]
    Text(PlainText<String>),
}

#[expect(clippy::unused_async, reason = "the macro wants every operation to be async")]
#[OpenApi(tag = "Topic::Health")]
impl SystemApi {
    /// Tell that the process runs.
    #[oai(path = "/health/live", method = "get", operation_id = "getLiveness")]
    async fn live(&self) -> Json<Health> {
        Json(Health { status: Condition::Ok, checks: BTreeMap::new() })
    }

    /// Tell what can be measured, in Prometheus' text format.
    ///
    /// For operators: it tells no secret, but how much is going on, and is best kept from the public by the proxy in front.
    /// What the database knows is left out while it does not answer.
    #[oai(path = "/metrics", method = "get", operation_id = "getMetrics")]
    async fn metrics(&self, service: Data<&Arc<Service>>) -> Exposition {
        Exposition::Text(PlainText(service.metrics.text().await))
    }

    /// Tell whether the service can serve.
    #[oai(path = "/health/ready", method = "get", operation_id = "getReadiness")]
    async fn ready(&self, service: Data<&Arc<Service>>) -> Readiness {
        let Report { database, zammad } = service.health.check().await;
        let checks = BTreeMap::from([
            ("database".to_owned(), if database { Condition::Ok } else { Condition::Down }),
            ("zammad".to_owned(), if zammad { Condition::Ok } else { Condition::Degraded }),
        ]);
        match (database, zammad) {
            (true, true) => Readiness::Ready(Json(Health { status: Condition::Ok, checks })),
            (true, false) => Readiness::Ready(Json(Health { status: Condition::Degraded, checks })),
            (false, _) => {
                Readiness::NotReady(Json(Health { status: Condition::Down, checks }), RETRY_AFTER_SECONDS)
            }
        }
    }
}
