//! Events.

use family_plan_domain::{Event, Fact, Facts};
use poem_openapi::{Object, types::Any};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::PlanInForceView;
use crate::api::nullable::Nullable;

/// Something that happened.
#[derive(Debug, Object)]
#[oai(rename = "Event")]
pub(crate) struct EventView {
    /// The event's id.
    id: Uuid,
    /// What kind of thing, such as `member.joined`.
    r#type: String,
    /// When.
    timestamp: OffsetDateTime,
    /// The plan it happened to; `null` for the settings.
    plan_id: Nullable<Uuid>,
    /// The user who caused it; `null` when the service did by itself.
    actor: Nullable<String>,
    /// Why, where there are several possible reasons, such as `left` or `removed`.
    reason: Nullable<String>,
    /// The request that caused it.
    request_id: Nullable<String>,
    /// The facts, by kind of event.
    data: Any<Map<String, Value>>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.into(),
            r#type: event.kind.as_str().to_owned(),
            timestamp: event.at,
            plan_id: event.plan.map(Into::into).into(),
            actor: event.actor.map(|it| it.to_string()).into(),
            reason: event.reason.into(),
            request_id: event.request_id.into(),
            data: Any(json(&event.facts)),
        }
    }
}

fn json(facts: &Facts) -> Map<String, Value> {
    facts.iter().map(|(name, fact)| (name.to_owned(), json_of(fact))).collect()
}

fn json_of(fact: &Fact) -> Value {
    match fact {
        Fact::Nothing => Value::Null,
        Fact::Text(text) => text.as_str().into(),
        Fact::Number(number) => (*number).into(),
        Fact::Flag(flag) => (*flag).into(),
        Fact::PlanInForce(plan) => {
            let view = PlanInForceView::from(plan.clone());
            poem_openapi::types::ToJSON::to_json(&view).unwrap_or_default()
        }
    }
}
