//! Bodies that come in time.

use std::{io, time::Duration};

use futures_util::{TryStreamExt, stream};
use poem::{Body, error::ReadBodyError};
use tokio::time::{Instant, timeout_at};

use crate::problem::Code;

/// The same body; reading it fails when it is not all there within `time`, however steadily it trickles in.
pub(crate) fn in_time(body: Body, time: Duration) -> Body {
    if body.is_empty() {
        return body;
    }
    let deadline = Instant::now() + time;
    let chunks = Box::pin(body.into_bytes_stream());
    Body::from_bytes_stream(stream::try_unfold(chunks, move |mut chunks| async move {
        match timeout_at(deadline, chunks.try_next()).await {
            Ok(chunk) => Ok(chunk?.map(|it| (it, chunks))),
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        }
    }))
}

/// Why a body cannot be read.
pub(crate) fn unreadable(err: &ReadBodyError) -> Code {
    match err {
        ReadBodyError::PayloadTooLarge => Code::PayloadTooLarge,
        ReadBodyError::Io(err) if err.kind() == io::ErrorKind::TimedOut => Code::RequestTimeout,
        _ => Code::MalformedRequest,
    }
}
