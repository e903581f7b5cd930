//! The feed: what happened is in order already, and only waits to be in it.

use async_trait::async_trait;
use family_plan_domain::{
    FeedEvent, FeedPlace,
    ports::{EventFeed, StoreError},
};

use super::{MemoryStore, State};

impl State {
    /// The events that have their places, from the first on.
    pub(super) fn placed(&self) -> impl DoubleEndedIterator<Item = FeedEvent> {
        let events = (1..).map(FeedPlace).zip(&self.events[..self.n_placed]);
        events.map(|(place, event)| FeedEvent { place, event: event.clone() }).collect::<Vec<_>>().into_iter()
    }
}

#[async_trait]
impl EventFeed for MemoryStore {
    async fn extend(&self, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.state();
        let n_placed = state.n_placed;
        let n_new = limit.min(state.events.len() - n_placed);
        state.n_placed += n_new;
        let new: Vec<FeedEvent> = state.placed().skip(n_placed).collect();
        let endpoints: Vec<_> = state.endpoints.values().map(|it| (it.id, it.filter.clone())).collect();
        for (endpoint, filter) in endpoints {
            for event in new.iter().filter(|it| filter.wants(it.event.kind)) {
                state.enqueue(endpoint, event, event.event.at);
            }
        }
        Ok(n_new)
    }

    async fn read(&self, after: FeedPlace, limit: usize) -> Result<Vec<FeedEvent>, StoreError> {
        Ok(self.state().placed().filter(|it| after < it.place).take(limit).collect())
    }
}
