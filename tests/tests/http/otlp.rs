//! A collector: it takes traces over OTLP, and shows them.

use std::{collections::HashMap, fmt::Write};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value as Any},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use prost::Message;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

/// A collector; lives until it is dropped.
pub(crate) struct Collector(MockServer);

impl Collector {
    /// One that takes everything.
    pub(crate) async fn start() -> Self {
        Self::answering(ResponseTemplate::new(200)).await
    }

    /// One that answers like this.
    pub(crate) async fn answering(answer: ResponseTemplate) -> Self {
        let server = MockServer::builder().start().await;
        let traces = Mock::given(method("POST")).and(path("/v1/traces"));
        let traces = traces.and(header("content-type", "application/x-protobuf"));
        traces.respond_with(answer).mount(&server).await;
        Self(server)
    }

    /// Its address, as an operator tells it.
    pub(crate) fn url(&self) -> String {
        self.0.uri()
    }

    /// Every batch that it got so far.
    pub(crate) async fn batches(&self) -> Vec<Vec<u8>> {
        let requests = self.0.received_requests().await.unwrap();
        requests.into_iter().map(|it| it.body).collect()
    }

    /// Every span that it got so far.
    pub(crate) async fn spans(&self) -> Spans {
        let mut spans = Vec::new();
        for batch in self.batches().await {
            let request = ExportTraceServiceRequest::decode(&batch[..]).unwrap();
            for told in request.resource_spans {
                let resource = attributes(&told.resource.unwrap().attributes);
                let of_scopes = told.scope_spans.into_iter().flat_map(|it| it.spans);
                spans.extend(of_scopes.map(|it| Traced::new(it, &resource)));
            }
        }
        Spans(spans)
    }
}

/// One span.
#[derive(Clone, Debug)]
pub(crate) struct Traced {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// The span that it is part of, or an empty text.
    pub(crate) parent: String,
    pub(crate) kind: SpanKind,
    pub(crate) state: String,
    pub(crate) is_error: bool,
    n_events: usize,
    attributes: HashMap<String, String>,
    resource: HashMap<String, String>,
}

impl Traced {
    fn new(span: Span, resource: &HashMap<String, String>) -> Self {
        let status = span.status.clone().unwrap_or_default();
        assert_eq!(status.message, "", "errors are not told in words");
        Self {
            kind: span.kind(),
            name: span.name,
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            state: span.trace_state,
            is_error: status.code() == StatusCode::Error,
            n_events: span.events.len(),
            attributes: attributes(&span.attributes),
            resource: resource.clone(),
        }
    }

    /// An attribute as text, or an empty one.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    pub(crate) fn attribute_names(&self) -> impl Iterator<Item = &str> {
        self.attributes.keys().map(String::as_str)
    }

    /// An attribute of who tells.
    pub(crate) fn told_by(&self, name: &str) -> &str {
        self.resource.get(name).map_or("", String::as_str)
    }

    /// The header that somebody got who was asked in this span.
    pub(crate) fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.id)
    }
}

/// Spans, as they came.
#[derive(Debug)]
pub(crate) struct Spans(pub(crate) Vec<Traced>);

impl Spans {
    /// The one span with this name.
    #[track_caller]
    pub(crate) fn named(&self, name: &str) -> &Traced {
        let found = self.all_named(name);
        assert_eq!(found.len(), 1, "{name} in {:#?}", self.0);
        found[0]
    }

    pub(crate) fn all_named(&self, name: &str) -> Vec<&Traced> {
        self.0.iter().filter(|it| it.name == name).collect()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|it| it.name.as_str()).collect()
    }

    /// What is directly part of a span.
    pub(crate) fn within(&self, span: &Traced) -> Vec<&Traced> {
        self.0.iter().filter(|it| (&it.trace, &it.parent) == (&span.trace, &span.id)).collect()
    }

    /// No line of the log got into a trace.
    pub(crate) fn n_events(&self) -> usize {
        self.0.iter().map(|it| it.n_events).sum()
    }
}

fn attributes(attributes: &[KeyValue]) -> HashMap<String, String> {
    let text = |it: &KeyValue| match it.value.clone()?.value? {
        Any::StringValue(text) => Some(text),
        Any::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    };
    attributes.iter().map(|it| (it.key.clone(), text(it).unwrap_or_default())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
