//! The way to Sentry: everything is scrubbed here, and nothing waits here.

use std::{
    sync::{Arc, mpsc::sync_channel},
    thread,
    time::Duration,
};

use sentry::{
    Envelope, Transport, TransportFactory, TransportOptions,
    protocol::EnvelopeItem,
    transports::{ReqwestHttpTransport, ReqwestHttpTransportOptions},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::scrub::Scrubber;

/// How long Sentry may take for one envelope.
const ANSWERING: Duration = Duration::from_secs(5);

/// Makes transports that scrub.
pub(crate) struct Scrubbing {
    scrubber: Arc<Scrubber>,
    http: reqwest::Client,
}

impl Scrubbing {
    pub(crate) fn new(scrubber: Scrubber) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(ANSWERING)
            // Following a redirect would carry events to where nobody sent them.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { scrubber: Arc::new(scrubber), http })
    }
}

impl TransportFactory for Scrubbing {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let http = ReqwestHttpTransportOptions::from(options).with_client(self.http.clone()).build();
        Arc::new(ScrubbingTransport { scrubber: Arc::clone(&self.scrubber), http: Arc::new(http) })
    }
}

/// The last place that everything passes, whichever part of the SDK made it.
struct ScrubbingTransport {
    scrubber: Arc<Scrubber>,
    http: Arc<ReqwestHttpTransport>,
}

impl ScrubbingTransport {
    /// The item without secrets; `None` for what cannot be looked into.
    fn scrubbed(&self, item: EnvelopeItem) -> Option<EnvelopeItem> {
        match item {
            EnvelopeItem::Event(event) => self.rewritten(&event).map(EnvelopeItem::Event),
            EnvelopeItem::Transaction(course) => self.rewritten(&course).map(EnvelopeItem::Transaction),
            // How many of what were not sent.
            EnvelopeItem::ClientReport(report) => Some(EnvelopeItem::ClientReport(report)),
            _ => None,
        }
    }

    fn rewritten<T: Serialize + DeserializeOwned>(&self, item: &T) -> Option<T> {
        let mut value = serde_json::to_value(item).ok()?;
        self.scrubber.scrub(&mut value);
        serde_json::from_value(value).ok()
    }
}

impl Transport for ScrubbingTransport {
    fn send_envelope(&self, envelope: Envelope) {
        let mut scrubbed = Envelope::new().with_headers(envelope.headers().clone());
        for item in envelope.into_items().filter_map(|it| self.scrubbed(it)) {
            scrubbed.add_item(item);
        }
        self.http.send_envelope(scrubbed);
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.shutdown(timeout)
    }

    /// The transport itself can take much longer: it waits for its queue, and for what it is sending when it is dropped.
    fn shutdown(&self, timeout: Duration) -> bool {
        let http = Arc::clone(&self.http);
        let (done, is_done) = sync_channel(1);
        thread::spawn(move || done.send(http.shutdown(timeout)));
        is_done.recv_timeout(timeout).unwrap_or(false)
    }
}
