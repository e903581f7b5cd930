//! Rows of `webhook_endpoints`.

use family_plan_domain::{
    DisableReason, Disabled, Endpoint, EndpointUrl, EventFilter, EventKind, Remark, RetiringSecret,
    SealedSecret,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    entity::prelude::*,
};

use crate::{
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoints")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) revision: i64,
    pub(crate) url: String,
    pub(crate) description: Option<String>,
    pub(crate) event_types: String,
    pub(crate) disabled_reason: Option<String>,
    pub(crate) disabled_at: Option<i64>,
    pub(crate) secret: Vec<u8>,
    pub(crate) retiring_secret: Option<Vec<u8>>,
    pub(crate) retiring_until: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) last_success_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Reads the column `event_types`. Kinds that this version does not know were written by a later one.
pub(crate) fn filter(event_types: &str) -> Result<EventFilter, SqlError> {
    let names = event_types.split(',').filter(|it| !it.is_empty());
    let kinds: Option<Vec<EventKind>> = names.map(EventKind::parse).collect();
    let kinds = kinds.ok_or("there is no such kind of event").in_column("webhook_endpoints.event_types")?;
    Ok(EventFilter::of(&kinds))
}

impl TryFrom<Model> for Endpoint {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let description = row.description.as_deref().map(Remark::new).transpose();
        let disabled = row.disabled_reason.zip(row.disabled_at).map(|(reason, at)| {
            let reason = DisableReason::parse(&reason).ok_or("it is no reason");
            Ok(Disabled {
                reason: reason.in_column("webhook_endpoints.disabled_reason")?,
                at: from_millis(at).in_column("webhook_endpoints.disabled_at")?,
            })
        });
        let retiring = row.retiring_secret.zip(row.retiring_until).map(|(secret, until)| {
            let until = from_millis(until).in_column("webhook_endpoints.retiring_until")?;
            Ok(RetiringSecret { secret: SealedSecret(secret), until })
        });
        let last_success_at = row.last_success_at.map(from_millis).transpose();
        Ok(Self {
            id: row.id.into(),
            revision: row.revision,
            url: EndpointUrl::new(&row.url).in_column("webhook_endpoints.url")?,
            description: description.in_column("webhook_endpoints.description")?,
            filter: filter(&row.event_types)?,
            disabled: disabled.transpose().map_err(|err: SqlError| err)?,
            secret: SealedSecret(row.secret),
            retiring: retiring.transpose().map_err(|err: SqlError| err)?,
            created_at: from_millis(row.created_at).in_column("webhook_endpoints.created_at")?,
            updated_at: from_millis(row.updated_at).in_column("webhook_endpoints.updated_at")?,
            last_success_at: last_success_at.in_column("webhook_endpoints.last_success_at")?,
        })
    }
}

/// What a save replaces; the revision is the next one.
impl From<Endpoint> for ActiveModel {
    fn from(endpoint: Endpoint) -> Self {
        let event_types: Vec<_> = endpoint.filter.kinds().iter().map(|it| it.as_str()).collect();
        let (retiring_secret, retiring_until) =
            endpoint.retiring.map(|it| (it.secret.0, to_millis(it.until))).unzip();
        Self {
            id: NotSet,
            revision: Set(endpoint.revision + 1),
            url: Set(endpoint.url.to_string()),
            description: Set(endpoint.description.as_ref().map(ToString::to_string)),
            event_types: Set(event_types.join(",")),
            disabled_reason: Set(endpoint.disabled.map(|it| it.reason.as_str().to_owned())),
            disabled_at: Set(endpoint.disabled.map(|it| to_millis(it.at))),
            secret: Set(endpoint.secret.0),
            retiring_secret: Set(retiring_secret),
            retiring_until: Set(retiring_until),
            created_at: NotSet,
            updated_at: Set(to_millis(endpoint.updated_at)),
            last_success_at: NotSet,
        }
    }
}
