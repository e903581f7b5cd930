//! Looking at what happened, to whichever plan.

use std::sync::Arc;

use family_plan_domain::{
    FeedPlace,
    ports::{EventFeed, StoreError},
};

use crate::{Caller, EventPage, PageSize};

/// How many events get their places in one call.
const BATCH: usize = 1_000;

/// Why there are no events to be seen.
#[derive(Debug, thiserror::Error)]
pub enum ReadFeedError {
    /// Only administrators and services see what happens to all plans.
    #[error("the caller may not see the events of all plans")]
    Forbidden,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells those who look after all plans what happened.
pub struct ReadFeed {
    /// The events in one order.
    pub feed: Arc<dyn EventFeed>,
}

impl ReadFeed {
    /// Whether `caller` may see the events of all plans.
    ///
    /// # Errors
    ///
    /// [`ReadFeedError::Forbidden`].
    pub fn check(caller: &Caller) -> Result<(), ReadFeedError> {
        if caller.may_act_for_others() { Ok(()) } else { Err(ReadFeedError::Forbidden) }
    }

    /// A page of events, those after `after`, in an order that never changes. Whatever was saved before the call is
    /// there.
    ///
    /// # Errors
    ///
    /// See [`ReadFeedError`].
    pub async fn run(
        &self,
        caller: &Caller,
        after: Option<FeedPlace>,
        size: PageSize,
    ) -> Result<EventPage<FeedPlace>, ReadFeedError> {
        Self::check(caller)?;
        while self.feed.extend(BATCH).await? == BATCH {}
        let after = after.unwrap_or(FeedPlace::START);
        let events = self.feed.read(after, size.with_one_more()).await?;
        let events = events.into_iter().map(|it| (it.place, it.event)).collect();
        Ok(EventPage::new(events, size, after))
    }
}
