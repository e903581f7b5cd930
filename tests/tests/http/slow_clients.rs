//! Clients that take their time, and those that send too much before they come to the point.

use std::time::Duration;

use family_plan_server::Patience;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::world::{COOKIE, Engine, World};

/// A connection to the server, over which `text` was sent.
async fn send(world: &World, text: &str) -> TcpStream {
    let address = world.base(0).strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the server closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

/// Servers that wait for nobody any longer.
async fn lose_patience(world: &mut World) {
    let soon = Duration::from_millis(200);
    world.patience = Some(Patience { body: soon, headers: soon, drain: soon, ..Patience::default() });
    world.restart_with(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_trickle_in_are_cut_off() {
    let mut world = World::on(Engine::Sqlite).await;
    lose_patience(&mut world).await;
    let token = world.user("ann").token().to_owned();
    let slow = "Request too slow";
    for (path, credential, words) in [
        ("POST /v1/plans", format!("Authorization: Bearer {token}"), slow),
        ("POST /v1/zammad/webhook", "X-Hub-Signature: sha1=00".to_owned(), slow),
        ("PUT /v1/zammad/webhook", "X-Hub-Signature: sha1=00".to_owned(), slow),
        ("POST /join/code", format!("Cookie: {COOKIE}={token}"), "That took too long"),
    ] {
        let head =
            format!("{path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{credential}\r\n");
        let mut stream = send(&world, &format!("{head}Content-Length: 20\r\n\r\n{{")).await;
        let told = rest(&mut stream).await;
        assert!(told.starts_with("HTTP/1.1 408 "), "{path}: {told}");
        assert!(told.contains(words) && told.contains("connection: close"), "{path}: {told}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_headers_are_refused() {
    let world = World::on(Engine::Sqlite).await;
    let headers = "X: a\r\n".repeat(101);
    let mut stream = send(&world, &format!("GET /health/live HTTP/1.1\r\n{headers}\r\n")).await;
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431 "));
    world.anonymous().get("/health/live").await.ok(200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_do_not_keep_a_server_from_stopping() {
    let mut world = World::on(Engine::Sqlite).await;
    lose_patience(&mut world).await;
    let mut hanging = Vec::new();
    for begun in ["", "GET / HT", "POST /v1/zammad/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"]
    {
        hanging.push(send(&world, begun).await);
    }
    world.end().await;
    for stream in &mut hanging {
        let told = rest(stream).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408 "), "{told}");
    }
}
