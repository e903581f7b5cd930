//! Events.

use family_plan_domain::{Event, Fact, Facts};
use poem_openapi::{Object, types::ToJSON};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{PlanInForceView, event_data::EventDataView};
use crate::api::{nullable::Nullable, parameter::Place};

/// Something that happened.
#[derive(Debug, Object)]
#[oai(rename = "Event")]
pub(crate) struct EventView {
    /// The event's id.
    id: Uuid,
    /// What kind of thing, such as `member.joined`. Each type has its `data`: the schema is named after it, such as
    /// `MemberJoinedData`. There may be others in time: ignore what you do not know.
    r#type: String,
    /// When.
    timestamp: OffsetDateTime,
    /// The plan it happened to; `null` for the settings, and for a user who is in no plan.
    plan_id: Nullable<Uuid>,
    /// The user who caused it; `null` when the service did by itself.
    actor: Nullable<String>,
    /// Why, where there are several possible reasons, such as `left` or `removed`.
    reason: Nullable<String>,
    /// The request that caused it.
    request_id: Nullable<String>,
    /// The facts, by type.
    data: EventDataView,
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
            data: EventDataView(json(&event.facts)),
        }
    }
}

/// The body that tells an endpoint of an event.
pub(crate) fn render_event(event: Event) -> String {
    EventView::from(event).to_json_string()
}

/// A page of events.
#[derive(Debug, Object)]
pub(crate) struct EventPage {
    /// The events, the oldest first.
    items: Vec<EventView>,
    /// Where to go on from, also when nothing has happened since.
    next_cursor: String,
    /// Whether there are more now.
    has_more: bool,
}

impl<C: Place> From<family_plan_application::EventPage<C>> for EventPage {
    fn from(page: family_plan_application::EventPage<C>) -> Self {
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next_cursor: page.next.encode(),
            has_more: page.has_more,
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
            view.to_json().unwrap_or_default()
        }
    }
}
