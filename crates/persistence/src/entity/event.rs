//! Rows of `events`.

use family_plan_domain::{Event, EventCursor, EventKind, UserId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    entity::prelude::*,
};

use crate::{
    error::{InColumn, SqlError},
    facts,
    instant::{from_millis, to_millis},
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) plan_id: Option<Uuid>,
    pub(crate) revision: i64,
    pub(crate) position: i32,
    pub(crate) kind: String,
    pub(crate) at: i64,
    pub(crate) actor: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) data: String,
    pub(crate) sequence: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Event {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let actor = row.actor.as_deref().map(UserId::new).transpose();
        Ok(Self {
            id: row.id.into(),
            plan: row.plan_id.map(Into::into),
            cursor: EventCursor {
                revision: row.revision,
                position: u32::try_from(row.position).in_column("events.position")?,
            },
            kind: EventKind::parse(&row.kind).ok_or("it is no kind of event").in_column("events.kind")?,
            at: from_millis(row.at).in_column("events.at")?,
            actor: actor.in_column("events.actor")?,
            reason: row.reason,
            request_id: row.request_id,
            facts: facts::from_json(&row.data).in_column("events.data")?,
        })
    }
}

/// The row as a save writes it: its place in the feed comes later.
impl TryFrom<Event> for ActiveModel {
    type Error = SqlError;

    fn try_from(event: Event) -> Result<Self, SqlError> {
        Ok(Self {
            id: Set(event.id.into()),
            plan_id: Set(event.plan.map(Into::into)),
            revision: Set(event.cursor.revision),
            position: Set(i32::try_from(event.cursor.position).in_column("events.position")?),
            kind: Set(event.kind.as_str().to_owned()),
            at: Set(to_millis(event.at)),
            actor: Set(event.actor.as_ref().map(ToString::to_string)),
            reason: Set(event.reason),
            request_id: Set(event.request_id),
            data: Set(facts::to_json(&event.facts)?),
            sequence: NotSet,
        })
    }
}
