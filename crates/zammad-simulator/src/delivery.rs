//! Deliveries of webhooks: what became of them, and the job that carries one out.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::shared::Shared;
use crate::webhook_request::WebhookRequest;

/// Between the attempts, of which there is one more.
const WAITS: [Duration; 4] =
    [Duration::from_secs(10), Duration::from_secs(20), Duration::from_secs(30), Duration::from_secs(40)];

/// What makes the triggers fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    pub(crate) ticket_id: u64,
    pub(crate) article_id: Option<u64>,
}

impl Firing {
    /// A ticket whose attributes changed, or whose time has come: `"article": {}`.
    #[must_use]
    pub fn ticket(id: u64) -> Self {
        Self { ticket_id: id, article_id: None }
    }

    /// An article of a ticket.
    #[must_use]
    pub fn article(ticket: u64, article: u64) -> Self {
        Self { ticket_id: ticket, article_id: Some(article) }
    }
}

/// How far a delivery has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// There will be another attempt, or the first.
    UnderWay,
    /// The last attempt was answered with 2xx.
    Delivered,
    /// The fifth attempt failed, too; nobody tries again.
    Failed,
    /// The ticket, the article or the webhook was gone, or the webhook inactive, when it should have been sent.
    Ended,
}

/// A webhook fired once.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The UUID in `X-Zammad-Delivery`, the same for every attempt.
    pub id: String,
    /// Which webhook.
    pub webhook_id: u64,
    /// What for.
    pub firing: Firing,
    /// What was tried so far.
    pub attempts: Vec<Attempt>,
    /// How far it has got.
    pub state: DeliveryState,
}

/// An attempt to deliver.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was sent.
    pub request: WebhookRequest,
    /// The status of the answer, or `None` when there was none (in time).
    pub status: Option<u16>,
}

impl Attempt {
    fn is_success(&self) -> bool {
        self.status.is_some_and(|it| (200..300).contains(&it))
    }
}

/// How long to wait for the next attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RetryWaits {
    /// As long as Zammad does, times this.
    Scaled(f64),
    /// Until somebody says so.
    OnDemand,
}

impl RetryWaits {
    /// Wait after a failed attempt; `released` ends every wait.
    async fn wait(self, real: Duration, mut released: watch::Receiver<u64>) {
        let time_is_up = async {
            match self {
                Self::Scaled(scale) => {
                    sleep(Duration::try_from_secs_f64(real.as_secs_f64() * scale).unwrap_or(real)).await;
                }
                Self::OnDemand => std::future::pending().await,
            }
        };
        tokio::select! {
            () = time_is_up => (),
            // An error means that the simulator is gone, and this task with it.
            _ = released.changed() => (),
        }
    }
}

/// Carry a delivery out to its end, with the payload made anew for each attempt.
pub(crate) async fn carry_out(shared: Arc<Shared>, id: String) {
    let mut waits = WAITS.into_iter();
    loop {
        // Before the attempt is seen: a release in answer to it must not be missed.
        let released = shared.retry_releases();
        let request = shared.desk().delivery_request(&id);
        let (Some(request), Some(client)) = (request, shared.webhook_client()) else {
            return shared.settle(&id, None, DeliveryState::Ended);
        };
        let attempt = request.send(&client).await;
        if attempt.is_success() {
            return shared.settle(&id, Some(attempt), DeliveryState::Delivered);
        }
        let Some(wait) = waits.next() else {
            return shared.settle(&id, Some(attempt), DeliveryState::Failed);
        };
        shared.settle(&id, Some(attempt), DeliveryState::UnderWay);
        shared.retry_waits().wait(wait, released).await;
    }
}
