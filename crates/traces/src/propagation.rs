//! Which trace a request belongs to: read from the headers it came with, and written into those of requests to others.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, dispatcher, span};
use tracing_opentelemetry::{OpenTelemetrySpanExt, get_otel_context};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
/// More may be left out.
const MAX_TRACESTATE: usize = 512;

/// The span goes on with the trace that the request's headers tell of. With none, or with some that do not keep to the
/// specification, a new one begins. To be called before anything happens in the span.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    if !headers.contains_key(TRACEPARENT) {
        return;
    }
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Incoming::of(headers));
    if parent.span().span_context().is_valid() {
        // It fails when no traces are kept: then there is nothing to go on with.
        let _ = span.set_parent(parent);
    }
}

/// The request of this span was answered: what goes on behind it takes no part in how long it took.
pub fn answered(span: &Span, status: u16) {
    let context = span.context();
    let traced = context.span();
    if traced.is_recording() {
        span.set_attribute("status", i64::from(status));
    }
    traced.end();
}

/// Tells whoever gets these headers which trace the current span belongs to. Without traces nothing is told.
pub fn pass_on(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Outgoing(headers));
}

/// What a span is called in its trace, in hexadecimal digits.
pub struct TraceIds {
    /// The trace.
    pub trace: String,
    /// The span.
    pub span: String,
}

/// What a span is called in its trace; `None` when none is kept of it.
#[must_use]
pub fn ids_of(span: &span::Id) -> Option<TraceIds> {
    let context = dispatcher::get_default(|it| get_otel_context(span, it))?;
    let context = context.span().span_context().clone();
    let ids = TraceIds { trace: context.trace_id().to_string(), span: context.span_id().to_string() };
    context.is_valid().then_some(ids)
}

/// The two headers of a request that came in; one that is malformed is left out.
struct Incoming<'a> {
    parent: Option<&'a str>,
    state: Option<String>,
}

impl<'a> Incoming<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next().filter(|_| parents.next().is_none());
        let states = headers.get_all(TRACESTATE).iter().map(HeaderValue::to_str);
        let state = states.collect::<Result<Vec<_>, _>>().ok().map(|it| it.join(","));
        Self {
            parent: parent.and_then(|it| it.to_str().ok()).filter(|it| is_traceparent(it)),
            state: state.filter(|it| it.len() <= MAX_TRACESTATE),
        }
    }
}

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => self.parent,
            TRACESTATE => self.state.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}

/// Whether the text has the form that the specification asks for: the SDK takes any number of digits. Later versions may
/// append to it.
fn is_traceparent(text: &str) -> bool {
    let has_form = text.bytes().take(55).enumerate().all(|(at, it)| match at {
        2 | 35 | 52 => it == b'-',
        _ => it.is_ascii_digit() || matches!(it, b'a'..=b'f'),
    });
    let has_end = match text.as_bytes().get(55) {
        None => text.len() == 55,
        Some(next) => *next == b'-' && !text.starts_with("00"),
    };
    has_form && has_end
}

/// The headers of a request to somebody else.
struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        let header = (key.parse::<HeaderName>(), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = header
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// What comes out for the headers that came in: `traceparent` and `tracestate`, if the trace is gone on with.
    fn passed_on(headers: &[(&'static str, &str)]) -> Option<(String, String)> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        let mut incoming = HeaderMap::new();
        for (name, value) in headers {
            incoming.append(name, value);
        }
        let propagator = TraceContextPropagator::new();
        let context = propagator.extract_with_context(&Context::new(), &Incoming::of(&incoming));
        let mut outgoing = HeaderMap::new();
        propagator.inject_context(&context, &mut Outgoing(&mut outgoing));
        let text = |name| outgoing.get(name).map(|it| it.to_str().unwrap().to_owned());
        Some((text(TRACEPARENT)?, text(TRACESTATE).unwrap_or_default()))
    }

    #[test]
    fn a_trace_is_gone_on_with() {
        assert_eq!(passed_on(&[(TRACEPARENT, PARENT)]), Some((PARENT.to_owned(), String::new())));
        let later = format!("cc-{}-what-the-future-will-be-like", &PARENT[3..]);
        assert_eq!(passed_on(&[(TRACEPARENT, &later)]).unwrap().0, PARENT);
    }

    #[test]
    fn the_state_of_a_trace_is_kept_unless_it_is_malformed() {
        for (states, expected) in [
            (vec!["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"], "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
            (vec!["rojo=1", "congo=2"], "rojo=1,congo=2"),
            (vec!["no list"], ""),
            (vec!["rojo=1", "é=2"], ""),
            (vec!["rojo=1", &format!("congo={}", "x".repeat(512))], ""),
        ] {
            let mut headers = vec![(TRACEPARENT, PARENT)];
            headers.extend(states.into_iter().map(|it| (TRACESTATE, it)));
            assert_eq!(passed_on(&headers), Some((PARENT.to_owned(), expected.to_owned())), "{headers:?}");
        }
    }

    #[test]
    fn a_malformed_parent_is_none() {
        for parent in [
            "",
            "00",
            "hello",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.extra",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e473-000f067aa0ba902b7-01",
            "00-1-1-01",
            "+1-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ] {
            assert_eq!(passed_on(&[(TRACEPARENT, parent), (TRACESTATE, "rojo=1")]), None, "{parent}");
        }
        assert_eq!(passed_on(&[(TRACEPARENT, PARENT), (TRACEPARENT, PARENT)]), None);
    }
}
