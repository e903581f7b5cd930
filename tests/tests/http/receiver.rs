//! An endpoint that is told of events, and behaves as a test wants it to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{
    client::{Caller, text},
    hooks::eventually,
};

pub(crate) const ENDPOINTS: &str = "/v1/webhook-endpoints";

/// What it has got.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) request_line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// The event that it tells of.
    pub(crate) fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether it is signed with `secret`, among others.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let signed = format!("{id}.{timestamp}.{}", self.body);
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(signature));
        self.header("webhook-signature").split(' ').any(|it| it == expected)
    }
}

/// What it does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reaction {
    /// Answers with a status.
    Answer(u16),
    /// Sends whoever asks somewhere else.
    Redirect(String),
    /// Takes the request, and says that more will come than does.
    Lie,
    /// Never answers.
    Hang,
    /// Closes the connection.
    Close,
}

type Behaviour = dyn Fn(&Received) -> Reaction + Send + Sync;

/// An endpoint; lives until it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<State>,
    _serving: JoinSet<()>,
}

struct State {
    received: Mutex<Vec<Received>>,
    behaviour: Mutex<Box<Behaviour>>,
}

impl Receiver {
    /// One that takes everything.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let behaviour: Box<Behaviour> = Box::new(|_| Reaction::Answer(204));
        let state = Arc::new(State { received: Mutex::default(), behaviour: Mutex::new(behaviour) });
        let mut serving = JoinSet::new();
        let shared = Arc::clone(&state);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                connections.spawn(async move { serve(stream, &shared).await });
            }
        });
        Self { url, state, _serving: serving }
    }

    /// From now on it behaves like that.
    pub(crate) fn reacts(&self, behaviour: impl Fn(&Received) -> Reaction + Send + Sync + 'static) {
        *self.state.behaviour.lock().unwrap() = Box::new(behaviour);
    }

    /// All that it has got, whatever it did with it.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// The events that it has got.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.received().iter().map(Received::event).collect()
    }

    /// Waits until it has got so many requests at least.
    pub(crate) async fn has(&self, n: usize) -> Vec<Received> {
        eventually(|| async { Some(self.received()).filter(|it| n <= it.len()) }).await
    }

    /// Is registered as an endpoint; its id and its secret.
    pub(crate) async fn registered(&self, admin: &Caller) -> (String, String) {
        let endpoint = admin.post_json(ENDPOINTS, &json!({"url": self.url})).await.ok(201);
        (text(&endpoint, "id"), text(&endpoint, "secret"))
    }
}

async fn serve(stream: TcpStream, state: &State) {
    let mut stream = BufReader::new(stream);
    while let Some(received) = read(&mut stream).await {
        let reaction = (state.behaviour.lock().unwrap())(&received);
        state.received.lock().unwrap().push(received);
        let answer = match reaction {
            Reaction::Answer(status) => format!("HTTP/1.1 {status} Status\r\ncontent-length: 0\r\n\r\n"),
            Reaction::Redirect(ref to) => {
                format!("HTTP/1.1 307 Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
            }
            Reaction::Lie => "HTTP/1.1 200 Fine\r\ncontent-length: 1000000\r\n\r\nshort".to_owned(),
            Reaction::Hang => return std::future::pending().await,
            Reaction::Close => return,
        };
        if stream.write_all(answer.as_bytes()).await.is_err() || matches!(reaction, Reaction::Lie) {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let request_line = lines.remove(0);
    let headers: BTreeMap<String, String> = lines
        .iter()
        .filter_map(|it| it.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { request_line, headers, body: String::from_utf8(body).ok()? })
}
