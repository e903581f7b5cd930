//! Somebody who receives webhooks, and answers as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;

/// A webhook that came in.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        // Header values of Zammad are UTF-8, which is more than `to_str` takes.
        self.headers.get(name).map(|it| std::str::from_utf8(it.as_bytes()).unwrap())
    }
}

type Reaction = Box<dyn FnMut() + Send>;

#[derive(Default)]
struct Inner {
    received: Vec<Received>,
    answers: VecDeque<u16>,
    reaction: Option<Reaction>,
}

/// Answers 200 unless told otherwise.
#[derive(Clone, Default)]
pub(crate) struct Receiver(Arc<Mutex<Inner>>);

impl Receiver {
    /// A receiver, and its URL.
    pub(crate) async fn start() -> (Self, String) {
        let receiver = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (receiver, url)
    }

    /// Answer the next requests with these.
    pub(crate) fn answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.0.lock().unwrap().answers.extend(statuses);
    }

    /// Do this before each answer.
    pub(crate) fn react(&self, reaction: impl FnMut() + Send + 'static) {
        self.0.lock().unwrap().reaction = Some(Box::new(reaction));
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.0.lock().unwrap().received.clone()
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut inner = receiver.0.lock().unwrap();
    inner.received.push(Received { method, headers, body });
    if let Some(reaction) = &mut inner.reaction {
        reaction();
    }
    let status = StatusCode::from_u16(inner.answers.pop_front().unwrap_or(200)).unwrap();
    (status, [(header::LOCATION, "/elsewhere")]).into_response()
}
