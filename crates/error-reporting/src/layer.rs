//! Listens to the log. Our own, because the layers that come with `sentry-tracing` keep what they know by thread: work
//! that is spawned loses it, and with courses of requests switched on, so does a request whenever it waits.

use std::sync::Arc;

use sentry::{Client, Hub};
use tracing::{Event, Level, Subscriber, span};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use crate::{
    panics,
    report::{Fields, breadcrumb, event},
    trail::{Pseudonyms, Trail, with_trail},
};

/// What performance is measured of, in Sentry's words.
const OPERATION: &str = "http.server";

/// Reports errors with the trail of the request they happened in; the rest of the log becomes that trail.
pub(crate) struct Reports {
    client: Arc<Client>,
    pseudonyms: Arc<Pseudonyms>,
    /// Of what happens outside of every request.
    elsewhere: Trail,
}

impl Reports {
    pub(crate) fn new(client: Arc<Client>, pseudonyms: Arc<Pseudonyms>) -> Self {
        let elsewhere = Trail::new(&client, &pseudonyms);
        Self { client, pseudonyms, elsewhere }
    }
}

impl<S> Layer<S> for Reports
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if is_outermost(&span) {
            let trail = Trail::new(&self.client, &self.pseudonyms);
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            trail.note(fields);
            span.extensions_mut().insert(trail);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if is_outermost(&span) {
            let mut fields = Fields::default();
            values.record(&mut fields);
            let asked_for = with_trail(&span, |trail| trail.note(fields)).flatten();
            if let Some(asked_for) = asked_for {
                name_course(&asked_for);
            }
        }
    }

    fn on_event(&self, line: &Event<'_>, context: Context<'_, S>) {
        if line.metadata().target() == panics::TARGET {
            return;
        }
        let tell = |trail: &Trail| match *line.metadata().level() {
            Level::ERROR => {
                if let Some(event) = event(line) {
                    trail.capture(event);
                }
            }
            _ => trail.hub.add_breadcrumb(breadcrumb(line)),
        };
        let span = context.event_span(line);
        if span.and_then(|it| with_trail(&it, tell)).is_none() {
            tell(&self.elsewhere);
        }
    }
}

fn is_outermost<'span, S: LookupSpan<'span>>(span: &SpanRef<'span, S>) -> bool {
    span.parent().is_none()
}

/// The course of a request is recorded from its beginning, when nobody knows yet what it asks for.
fn name_course(asked_for: &str) {
    Hub::current().configure_scope(|scope| {
        if let Some(span) = scope.get_span() {
            span.set_op(OPERATION);
            scope.set_transaction(Some(asked_for));
        }
    });
}
