//! Work that does not end when nobody waits for it any more.

use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Runs `work` to its end even if the caller goes away meanwhile.
pub(crate) async fn to_the_end<T: Send + 'static>(
    background: &TaskTracker,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match background.spawn(work.in_current_span()).await {
        Ok(done) => done,
        Err(err) => std::panic::resume_unwind(err.into_panic()),
    }
}
