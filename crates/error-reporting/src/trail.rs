//! What is known of a request while it is answered. It belongs to the outermost span, so that work which goes on in that
//! span elsewhere has it, too, and requests that are answered at the same time do not share it.

use std::{
    fmt::Write,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::hmac;
use sentry::{
    Client, Hub, Scope, User,
    protocol::{Event, Value},
};
use tracing_subscriber::{
    Registry,
    registry::{LookupSpan, SpanRef},
};

use crate::report::Fields;

/// How many bytes of a hash are enough to tell callers apart.
const PSEUDONYM_BYTES: usize = 12;

/// What is known of a request, or of whatever else has a span.
pub(crate) struct Trail {
    pub(crate) hub: Arc<Hub>,
    pseudonyms: Arc<Pseudonyms>,
    method: RwLock<Option<String>>,
}

impl Trail {
    pub(crate) fn new(client: &Arc<Client>, pseudonyms: &Arc<Pseudonyms>) -> Self {
        Self {
            hub: Arc::new(Hub::new(Some(Arc::clone(client)), Arc::new(Scope::default()))),
            pseudonyms: Arc::clone(pseudonyms),
            method: RwLock::default(),
        }
    }

    /// Notes what the span tells. Answers what the request asks for, once that is known.
    pub(crate) fn note(&self, fields: Fields) -> Option<String> {
        let mut asked_for = None;
        self.hub.configure_scope(|scope| {
            for (name, value) in fields.values {
                let Value::String(value) = value else { continue };
                scope.set_tag(&name, &value);
                match name.as_str() {
                    "method" => *self.method.write().unwrap_or_else(PoisonError::into_inner) = Some(value),
                    "route" => {
                        let method = self.method.read().unwrap_or_else(PoisonError::into_inner);
                        let name = format!("{} {value}", method.as_deref().unwrap_or_default());
                        scope.set_transaction(Some(name.trim_start()));
                        asked_for = Some(name);
                    }
                    _ => (),
                }
            }
        });
        asked_for
    }

    /// Reports an event with all that is known.
    pub(crate) fn capture(&self, event: Event<'static>) {
        // Others may be reporting in the same span; each has a hub of its own.
        let hub = Hub::new_from_top(&self.hub);
        if let Some(span) = Hub::current().configure_scope(|it| it.get_span()) {
            hub.configure_scope(|scope| scope.set_span(Some(span)));
        }
        hub.capture_event(event);
    }
}

/// The trail of the outermost of the spans that `span` is in.
pub(crate) fn with_trail<'span, S, T>(span: &SpanRef<'span, S>, use_it: impl FnOnce(&Trail) -> T) -> Option<T>
where
    S: LookupSpan<'span>,
{
    let outermost = span.scope().from_root().find(|it| it.extensions().get::<Trail>().is_some())?;
    let extensions = outermost.extensions();
    extensions.get::<Trail>().map(use_it)
}

/// The trail of the span that this thread is in.
pub(crate) fn with_current_trail<T>(mut use_it: impl FnMut(&Trail) -> T) -> Option<T> {
    tracing::dispatcher::get_default(|dispatch| {
        let current = dispatch.current_span();
        let span = dispatch.downcast_ref::<Registry>()?.span(current.id()?)?;
        with_trail(&span, &mut use_it)
    })
}

/// Notes who the request that this thread works on comes from: by their id if personal data may be sent, else by what
/// only this installation can tell it from.
pub fn note_caller(id: &str) {
    with_current_trail(|trail| {
        let id = Some(trail.pseudonyms.of(id));
        trail.hub.configure_scope(|scope| scope.set_user(Some(User { id, ..User::default() })));
    });
}

/// Stands in for ids of people.
pub(crate) struct Pseudonyms {
    key: hmac::Key,
    sends_pii: bool,
}

impl Pseudonyms {
    pub(crate) fn new(key: &[u8], sends_pii: bool) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), sends_pii }
    }

    fn of(&self, id: &str) -> String {
        if self.sends_pii {
            return id.to_owned();
        }
        let tag = hmac::sign(&self.key, id.as_bytes());
        tag.as_ref().iter().take(PSEUDONYM_BYTES).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_tells_callers_apart_and_nothing_else() {
        let pseudonyms = Pseudonyms::new(&[1; 32], false);

        assert_eq!(pseudonyms.of("ann"), pseudonyms.of("ann"));
        assert_ne!(pseudonyms.of("ann"), pseudonyms.of("bob"));
        assert_ne!(pseudonyms.of("ann"), Pseudonyms::new(&[2; 32], false).of("ann"));
        assert_eq!(Pseudonyms::new(&[1; 32], true).of("ann"), "ann");
    }
}
