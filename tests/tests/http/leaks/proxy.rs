//! Stands between clients and a server, and keeps what the server answers, byte for byte.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// A request, and its answer.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) status: u16,
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// All exchanges, with whichever server.
pub(super) type Exchanges = Arc<Mutex<Vec<Exchange>>>;

/// One of them; lives until it is dropped. Each connection has one request.
pub(super) struct Proxy {
    /// Its address, without a slash at the end.
    pub(super) base: String,
    _serving: JoinSet<()>,
}

impl Proxy {
    /// In front of the server at `base`.
    pub(super) async fn start(base: &str, exchanges: &Exchanges) -> Self {
        let server = base.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let exchanges = Arc::clone(exchanges);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (server, exchanges) = (server.clone(), Arc::clone(&exchanges));
                connections.spawn(async move {
                    if let Some(exchange) = pass_on(client, &server).await {
                        exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
                    }
                });
            }
        });
        Self { base, _serving: serving }
    }
}

async fn pass_on(client: TcpStream, server: &str) -> Option<Exchange> {
    let mut client = BufReader::new(client);
    let mut head = String::new();
    let mut n_bytes = 0;
    loop {
        let start = head.len();
        if client.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
        let line = head[start..].to_ascii_lowercase();
        if line.trim().is_empty() {
            head.replace_range(start.., "connection: close\r\n\r\n");
            break;
        }
        if let Some(length) = line.strip_prefix("content-length:") {
            n_bytes = length.trim().parse().ok()?;
        }
    }
    let mut request = head.clone().into_bytes();
    request.resize(head.len() + n_bytes, 0);
    client.read_exact(&mut request[head.len()..]).await.ok()?;

    let (mut answers, mut requests) = TcpStream::connect(server).await.ok()?.into_split();
    let mut answer = Vec::new();
    // The server may answer before it has read all, and read no more.
    let _ = tokio::join!(requests.write_all(&request), answers.read_to_end(&mut answer));
    let exchange = exchange(&head, &answer);
    // Kept before the client goes on.
    let mut client = client.into_inner();
    let _ = client.write_all(&answer).await;
    exchange
}

fn exchange(request: &str, answer: &[u8]) -> Option<Exchange> {
    let mut words = request.split(' ');
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n")?;
    let (head, body) = answer.split_at(end);
    Some(Exchange {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        status: std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()?,
        head: head.to_vec(),
        body: body.to_vec(),
    })
}
