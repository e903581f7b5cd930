//! Connections: HTTP/1.1, with bounds on what a client may send and on how long it may take.
//!
//! The framework's own server knows no such bounds. HTTP/2 is for the proxy in front: here it would only be one more way
//! to keep a server busy.

use std::{convert::Infallible, error::Error, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Endpoint, Response,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How much a request may send before its body, in bytes: enough for any token in a header.
const MAX_HEAD: usize = 32 * 1_024;
/// How many headers a request may have.
const MAX_HEADERS: usize = 100;
/// After a connection could not be accepted: most likely there are too many, and some of them will end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long clients are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until a request's headers are all there, from when the one before was answered. Longer than proxies keep a
    /// connection that they do not use, so that it is they who close it.
    pub headers: Duration,
    /// Until a request's body is all there, from when its headers were.
    pub body: Duration,
    /// Until a client takes more of an answer.
    pub answer: Duration,
    /// Until all connections have ended, once the server was told to stop.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(75),
            body: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            drain: Duration::from_secs(12),
        }
    }
}

/// Answers what comes in at `listener` until `stop` is cancelled, and returns when what came before is answered, or
/// patience is at an end.
pub(crate) async fn serve(
    listener: TcpListener,
    endpoint: impl Endpoint<Output = Response> + 'static,
    patience: Patience,
    stop: CancellationToken,
) {
    let endpoint = Arc::new(endpoint);
    let connections = TaskTracker::new();
    let cut_off = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, Arc::clone(&endpoint), patience, stop.clone());
                let cut_off = cut_off.clone();
                connections.spawn(async move { cut_off.run_until_cancelled(connection).await });
            }
            Err(err) => {
                tracing::warn!(error = &err as &dyn Error, "a connection cannot be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if timeout(patience.drain, connections.wait()).await.is_err() {
        tracing::warn!(n_connections = connections.len(), "connections are cut off");
        cut_off.cancel();
        connections.wait().await;
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    endpoint: Arc<impl Endpoint<Output = Response>>,
    patience: Patience,
    stop: CancellationToken,
) {
    let local = LocalAddr(stream.local_addr().map(Addr::from).unwrap_or_default());
    let service = service_fn(move |request: Request<Incoming>| {
        let (endpoint, local) = (Arc::clone(&endpoint), local.clone());
        async move {
            let request = (request, local, RemoteAddr(Addr::from(peer)), Scheme::HTTP);
            Ok::<_, Infallible>(endpoint.get_response(request.into()).await.into())
        }
    });
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.answer));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.headers)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);

    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(err) = ended {
        tracing::debug!(error = &err as &dyn Error, "a connection was not ended in good order");
    }
}

#[cfg(test)]
mod tests {
    use poem::{Body, IntoResponse, Request, Route, endpoint::make, get, http::StatusCode};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        task::JoinHandle,
        time::Instant,
    };

    use super::*;
    use crate::upload;

    /// Far more than what a socket holds.
    const MUCH: usize = 64 * 1_024 * 1_024;

    struct Scene {
        address: SocketAddr,
        stop: CancellationToken,
        serving: JoinHandle<()>,
    }

    impl Scene {
        /// A server that answers `/` with `hello`, `/much` with much, `/never` not at all, and `/echo` with the body.
        async fn start() -> Self {
            let patience = Patience::default();
            let echo = make(move |mut request: Request| async move {
                let body = upload::in_time(request.take_body(), patience.body);
                match body.into_bytes().await {
                    Ok(bytes) => Ok::<_, poem::Error>(bytes.into_response()),
                    Err(_) => Ok(StatusCode::REQUEST_TIMEOUT.into_response()),
                }
            });
            let routes = Route::new()
                .at("/", get(make(|_| async { Ok::<_, poem::Error>("hello") })))
                .at("/much", get(make(|_| async { Ok::<_, poem::Error>(Body::from(vec![b'x'; MUCH])) })))
                .at("/never", get(make(|_| std::future::pending::<poem::Result<Body>>())))
                .at("/echo", echo);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let stop = CancellationToken::new();
            let endpoint = poem::EndpointExt::map_to_response(routes);
            let serving = tokio::spawn(serve(listener, endpoint, patience, stop.clone()));
            Self { address, stop, serving }
        }

        /// A connection over which `text` was sent.
        async fn send(&self, text: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            stream
        }

        async fn stop(self) {
            self.stop.cancel();
            self.serving.await.unwrap();
        }
    }

    /// All that comes until the server closes the connection. It may do so while something is on its way to it.
    async fn rest(mut stream: TcpStream) -> String {
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8(text).unwrap()
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut text = vec![0; 4_096];
        let n = stream.read(&mut text).await.unwrap();
        String::from_utf8(text[..n].to_vec()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_kept_for_the_next_request() {
        let scene = Scene::start().await;
        let mut stream = scene.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(answer(&mut stream).await.ends_with("hello"));
        sleep(Duration::from_secs(70)).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(answer(&mut stream).await.ends_with("hello"));
        let before = Instant::now();
        assert_eq!(rest(stream).await, "");
        assert!(before.elapsed() <= Duration::from_secs(76), "it was closed when nobody used it");
        scene.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn headers_that_trickle_in_end_the_connection() {
        for begun in ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: "] {
            let scene = Scene::start().await;
            let mut stream = scene.send(begun).await;
            let before = Instant::now();
            let mut n_sent = 0;
            // A byte now and then is not enough to stay.
            while stream.write_all(if n_sent < begun.len() { b"" } else { b"a" }).await.is_ok() {
                assert!(before.elapsed() < Duration::from_secs(80), "{begun:?}");
                n_sent += 1;
                sleep(Duration::from_secs(1)).await;
                if stream.try_read(&mut [0; 64]).is_ok_and(|it| it == 0) {
                    break;
                }
            }
            scene.stop().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_in_is_cut_off() {
        let scene = Scene::start().await;
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
        for (length, chunk) in [("Content-Length: 100000", "a"), ("Transfer-Encoding: chunked", "1\r\na\r\n")]
        {
            let stream = scene.send(&format!("{head}{length}\r\n\r\n")).await;
            let (mut reading, mut writing) = stream.into_split();
            let before = Instant::now();
            let trickle = async {
                while writing.write_all(chunk.as_bytes()).await.is_ok() {
                    sleep(Duration::from_millis(500)).await;
                }
            };
            let mut answer = [0; 12];
            tokio::select! {
                () = trickle => panic!("nothing was answered"),
                read = reading.read_exact(&mut answer) => read.map(|_| ()).unwrap(),
            }
            assert_eq!(&answer, b"HTTP/1.1 408", "{length}");
            assert!(before.elapsed() <= Duration::from_secs(31), "{length}");
        }
        scene.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_in_time_is_read() {
        let scene = Scene::start().await;
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
        let mut stream = scene.send(head).await;
        for byte in [b"a", b"b", b"c", b"d"] {
            sleep(Duration::from_secs(7)).await;
            stream.write_all(byte).await.unwrap();
        }
        assert!(answer(&mut stream).await.ends_with("abcd"));
        scene.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_or_too_large_headers_are_refused() {
        let scene = Scene::start().await;
        let large = format!("X: {}\r\n", "a".repeat(MAX_HEAD));
        let many = "X: a\r\n".repeat(MAX_HEADERS + 1);
        let stream = scene.send(&format!("GET / HTTP/1.1\r\n{many}\r\n")).await;
        assert!(rest(stream).await.starts_with("HTTP/1.1 431 "));
        // That it closes the connection on what was not read can overtake what it says.
        let stream = scene.send(&format!("GET / HTTP/1.1\r\n{large}\r\n")).await;
        let told = rest(stream).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 431 "), "{told}");
        let fits = format!("X: {}\r\n{}", "a".repeat(MAX_HEAD - 2_048), "Y: a\r\n".repeat(90));
        let mut stream = scene.send(&format!("GET / HTTP/1.1\r\n{fits}\r\n")).await;
        assert!(answer(&mut stream).await.ends_with("hello"));
        scene.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_no_answer_is_not_waited_for() {
        let scene = Scene::start().await;
        let stream = scene.send("GET /much HTTP/1.1\r\nHost: a\r\n\r\n").await;
        sleep(Duration::from_secs(31)).await;
        // What was on its way already is all that comes.
        assert!(rest(stream).await.len() < MUCH);
        scene.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_keeps_the_server_from_stopping() {
        let scene = Scene::start().await;
        let mut kept = vec![];
        for begun in ["", "GET / HT", "GET /never HTTP/1.1\r\n\r\n", "GET /much HTTP/1.1\r\n\r\n"] {
            kept.push(scene.send(begun).await);
        }
        kept.push(scene.send("POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\n").await);
        let mut idle = scene.send("GET / HTTP/1.1\r\n\r\n").await;
        answer(&mut idle).await;
        let before = Instant::now();
        scene.stop().await;
        assert!(before.elapsed() <= Duration::from_secs(13));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_connections_are_closed_at_once_when_it_stops() {
        let scene = Scene::start().await;
        let mut idle = scene.send("GET / HTTP/1.1\r\n\r\n").await;
        answer(&mut idle).await;
        let before = Instant::now();
        scene.stop().await;
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}
