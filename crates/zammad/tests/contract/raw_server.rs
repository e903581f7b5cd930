//! A server that can also do what no HTTP server should.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::mpsc,
};

/// What to do with one request.
pub(crate) enum Turn {
    /// Sends these bytes and closes.
    Send(String),
    /// Closes.
    HangUp,
    /// Keeps the connection and says nothing.
    Hang,
}

impl Turn {
    pub(crate) fn ok(body: &str) -> Self {
        let n_bytes = body.len();
        Self::Send(format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {n_bytes}\r\n\r\n{body}"
        ))
    }
}

/// Takes its turns in order, one connection each.
pub(crate) struct RawServer {
    pub(crate) base_url: String,
    heard: mpsc::UnboundedReceiver<String>,
}

impl RawServer {
    pub(crate) async fn start(turns: Vec<Turn>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut hanging = Vec::new();
            for turn in turns {
                let (mut stream, _) = listener.accept().await.unwrap();
                sender.send(request(&mut stream).await).ok();
                match turn {
                    Turn::Send(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
                    Turn::HangUp => (),
                    Turn::Hang => hanging.push(stream),
                }
            }
            std::future::pending::<()>().await;
        });
        Self { base_url, heard }
    }

    /// The next request, as soon as it is there.
    pub(crate) async fn heard(&mut self) -> String {
        self.heard.recv().await.unwrap()
    }

    /// Whether there was another request.
    pub(crate) fn heard_more(&mut self) -> bool {
        self.heard.try_recv().is_ok()
    }
}

/// A port that nobody listens at, and that nobody else gets meanwhile.
pub(crate) struct Nobody {
    pub(crate) base_url: String,
    _socket: TcpSocket,
}

impl Nobody {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { base_url: format!("http://{}", socket.local_addr().unwrap()), _socket: socket }
    }
}

async fn request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    loop {
        let mut bytes = [0; 4096];
        let n_bytes = stream.read(&mut bytes).await.unwrap();
        request += std::str::from_utf8(&bytes[..n_bytes]).unwrap();
        if let Some((head, body)) = request.split_once("\r\n\r\n")
            && content_length(head) <= body.len()
        {
            return request;
        }
        assert!(0 < n_bytes, "the request breaks off: {request}");
    }
}

fn content_length(head: &str) -> usize {
    head.lines()
        .find_map(|it| it.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0)
}
