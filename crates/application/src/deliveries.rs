//! What the helpdesk's webhooks deliver: keeping it, applying it, and looking at what became of it.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use family_plan_domain::{
    ClaimedDelivery, Delivery, DeliveryId, DeliveryOutcome, DeliveryState, NewDelivery, Sighting,
    ZammadUserId,
    ports::{Clock, DeliveryReader, Ids, Inbox, StoreError, Told, ZammadUsers},
};
use time::{Duration, OffsetDateTime};
use tracing::Instrument;
use uuid::Uuid;

use crate::{Caller, Page, PageSize, People};

/// How many deliveries are applied in one step.
const BATCH: usize = 100;
/// Far longer than a batch takes, and as long as deliveries wait that a killed process had taken on.
const CLAIM: Duration = Duration::seconds(10);
/// How long deliveries are kept that need no more care.
const RETENTION: Duration = Duration::days(7);
const FORGET_AT_ONCE: usize = 1_000;
const DELIVERY_ID_MAX_CHARS: usize = 255;

/// Keeps deliveries until they are applied.
pub struct ReceiveDelivery {
    /// Where they are kept.
    pub inbox: Arc<dyn Inbox>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

impl ReceiveDelivery {
    /// Keeps a delivery that was verified; `false` when the same body came before. `delivery_id` is what the helpdesk
    /// calls it.
    ///
    /// # Errors
    ///
    /// When the store fails: the delivery is to be sent again.
    pub async fn run(&self, delivery_id: Option<&str>, body: Vec<u8>) -> Result<bool, StoreError> {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, &body).as_ref());
        let delivery = NewDelivery {
            id: DeliveryId::from(self.ids.next()),
            digest: sha256,
            delivery_id: delivery_id.map(|it| it.chars().take(DELIVERY_ID_MAX_CHARS).collect()),
            received_at: self.clock.now(),
            body,
        };
        self.inbox.receive(delivery).await
    }
}

/// Applies deliveries, in any order and in any number of processes.
pub struct ApplyDeliveries {
    /// Where deliveries are kept.
    pub inbox: Arc<dyn Inbox>,
    /// What they tell.
    pub reader: Arc<dyn DeliveryReader>,
    /// Where the helpdesk's users are kept.
    pub zammad_users: Arc<dyn ZammadUsers>,
    /// What is known of people.
    pub people: People,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

impl ApplyDeliveries {
    /// Applies a batch of what is pending; answers how many deliveries it was. What is done is done once: a process that
    /// is killed in between leaves the batch to another, to whom nothing of it is news.
    ///
    /// # Errors
    ///
    /// When the store fails: the batch is pending still, and is tried again after a while.
    pub async fn run(&self) -> Result<usize, StoreError> {
        let worker = self.ids.next();
        let now = self.clock.now();
        let claimed = self.inbox.claim(worker, BATCH, now, now + CLAIM).await?;
        let n_claimed = claimed.len();
        if n_claimed > 0 {
            self.apply(worker, claimed).instrument(tracing::info_span!("apply deliveries")).await?;
        }
        Ok(n_claimed)
    }

    async fn apply(&self, worker: Uuid, claimed: Vec<ClaimedDelivery>) -> Result<(), StoreError> {
        let mut sightings: Vec<Sighting> = Vec::new();
        let mut outcomes = Vec::with_capacity(claimed.len());
        for ClaimedDelivery { id, body } in claimed {
            let outcome = match self.reader.read(&body) {
                Ok(Told::Users(users)) => {
                    sightings.extend(users);
                    DeliveryOutcome::Applied
                }
                Ok(Told::Nothing(reason)) => DeliveryOutcome::Ignored(reason),
                Err(err) => {
                    tracing::warn!(delivery = %id, reason = %err, "a delivery cannot be applied");
                    DeliveryOutcome::Failed(err.to_string())
                }
            };
            outcomes.push((id, outcome));
        }
        if !sightings.is_empty() {
            let seen: Vec<ZammadUserId> = sightings.iter().map(|it| it.user.id).collect();
            self.zammad_users.record(sightings).await?;
            self.people.find_among(seen).await?;
        }
        self.inbox.settle(worker, outcomes, self.clock.now()).await
    }

    /// Drops what was applied or ignored a week ago; a captured delivery that is sent again after that tells nothing new.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn forget(&self) -> Result<(), StoreError> {
        let before: OffsetDateTime = self.clock.now() - RETENTION;
        while self.inbox.forget(before, FORGET_AT_ONCE).await? == FORGET_AT_ONCE {}
        Ok(())
    }
}

/// Why there is no answer about deliveries.
#[derive(Debug, thiserror::Error)]
pub enum DeliveriesError {
    /// Only administrators look at deliveries.
    #[error("the caller is no administrator")]
    Forbidden,
    /// There is no such delivery.
    #[error("there is no such delivery")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Shows administrators what became of deliveries.
pub struct Deliveries {
    /// Where they are kept.
    pub inbox: Arc<dyn Inbox>,
}

impl Deliveries {
    /// Whether `caller` may look at deliveries.
    ///
    /// # Errors
    ///
    /// [`DeliveriesError::Forbidden`].
    pub fn check(caller: &Caller) -> Result<(), DeliveriesError> {
        if caller.is_admin { Ok(()) } else { Err(DeliveriesError::Forbidden) }
    }

    /// The deliveries before `before`, the latest first, only those in `state` if there is one.
    ///
    /// # Errors
    ///
    /// See [`DeliveriesError`].
    pub async fn list(
        &self,
        caller: &Caller,
        state: Option<DeliveryState>,
        before: Option<DeliveryId>,
        size: PageSize,
    ) -> Result<Page<Delivery, DeliveryId>, DeliveriesError> {
        Self::check(caller)?;
        let deliveries = self.inbox.list(state, before, size.with_one_more()).await?;
        Ok(Page::new(deliveries, size, |it| it.id))
    }

    /// Has a delivery applied once more, whatever became of it.
    ///
    /// # Errors
    ///
    /// See [`DeliveriesError`].
    pub async fn replay(&self, caller: &Caller, delivery: DeliveryId) -> Result<(), DeliveriesError> {
        Self::check(caller)?;
        if self.inbox.replay(delivery).await? { Ok(()) } else { Err(DeliveriesError::NotFound) }
    }
}
