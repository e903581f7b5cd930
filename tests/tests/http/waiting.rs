//! Waiting for what the server does by itself.

use std::time::Duration;

/// How long a test waits for what must happen in the end. Nothing is timed by it.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks, so that the server gets on meanwhile.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until `look` answers true; `what` names it when it never does.
pub(crate) async fn eventually(what: &str, look: impl AsyncFn() -> bool) {
    let looking = async {
        while !look().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, looking).await.is_ok(), "never: {what}");
}
