//! Errors in the log reach a Sentry over HTTP; nothing else does.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread,
};

use family_plan_error_reporting::{Reporting, is_dsn, layer};
use tracing_subscriber::layer::SubscriberExt;

/// Takes one request, and gives back its body.
fn receive(listener: &TcpListener) -> String {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut n_bytes = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            n_bytes = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; n_bytes];
    reader.read_exact(&mut body).unwrap();
    reader
        .get_mut()
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        .unwrap();
    String::from_utf8(body).unwrap()
}

#[test]
fn an_error_is_reported_and_a_warning_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dsn = format!("http://key@{}/42", listener.local_addr().unwrap());
    let receiver = thread::spawn(move || receive(&listener));

    let reporting = Reporting::begin(&dsn, Some("test")).unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer()), || {
        tracing::warn!("a refusal is nobody's failure");
        let cause = std::io::Error::other("the disk is full");
        tracing::error!(error = &cause as &dyn std::error::Error, "the request failed");
    });
    drop(reporting);

    let envelope = receiver.join().unwrap();
    assert!(envelope.contains("the request failed"), "{envelope}");
    assert!(envelope.contains("the disk is full"), "{envelope}");
    assert!(envelope.contains("\"environment\":\"test\""), "{envelope}");
    assert!(!envelope.contains("nobody's failure"), "{envelope}");
}

#[test]
fn a_dsn_is_told_from_other_text() {
    assert!(is_dsn("https://key@sentry.example.com/42"));
    assert!(!is_dsn("https://sentry.example.com/42"));
    assert!(!is_dsn("nonsense"));
    assert!(Reporting::begin("nonsense", None).is_none());
}
