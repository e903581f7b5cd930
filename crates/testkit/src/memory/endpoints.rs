//! Endpoints.

use async_trait::async_trait;
use family_plan_domain::{
    Endpoint, EndpointId, KeptAnswer,
    ports::{Endpoints, SaveError, SaveOnceError, StoreError},
};
use time::{Duration, OffsetDateTime};

use super::{MemoryStore, State};

impl State {
    fn replace(&mut self, endpoint: Endpoint) -> Result<(), SaveError> {
        let stored = self.endpoints.get_mut(&endpoint.id).filter(|it| it.revision == endpoint.revision);
        let stored = stored.ok_or(SaveError::Stale)?;
        *stored = Endpoint {
            revision: endpoint.revision + 1,
            created_at: stored.created_at,
            last_success_at: stored.last_success_at,
            ..endpoint
        };
        Ok(())
    }
}

#[async_trait]
impl Endpoints for MemoryStore {
    async fn add(&self, endpoint: Endpoint) -> Result<(), StoreError> {
        self.state().endpoints.insert(endpoint.id, endpoint);
        Ok(())
    }

    async fn add_once(&self, endpoint: Endpoint, answer: KeptAnswer) -> Result<(), SaveOnceError> {
        let mut state = self.state();
        state.answer(&answer)?;
        state.endpoints.insert(endpoint.id, endpoint);
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Endpoint>, StoreError> {
        Ok(self.state().endpoints.values().cloned().collect())
    }

    async fn find(&self, endpoint: EndpointId) -> Result<Option<Endpoint>, StoreError> {
        Ok(self.state().endpoints.get(&endpoint).cloned())
    }

    async fn save(&self, endpoint: Endpoint) -> Result<(), SaveError> {
        self.state().replace(endpoint)
    }

    async fn save_once(&self, endpoint: Endpoint, answer: KeptAnswer) -> Result<(), SaveOnceError> {
        let mut state = self.state();
        let mut changed = state.clone();
        changed.replace(endpoint)?;
        changed.answer(&answer)?;
        *state = changed;
        Ok(())
    }

    async fn note_success(&self, endpoint: EndpointId, at: OffsetDateTime) -> Result<(), StoreError> {
        if let Some(stored) = self.state().endpoints.get_mut(&endpoint)
            && stored.last_success_at.is_none_or(|it| it + Duration::MINUTE <= at)
        {
            stored.last_success_at = Some(at);
        }
        Ok(())
    }

    async fn remove(&self, endpoint: EndpointId) -> Result<bool, StoreError> {
        let mut state = self.state();
        state.outgoing.retain(|(it, _), _| *it != endpoint);
        state.lanes.retain(|(it, _), _| *it != endpoint);
        Ok(state.endpoints.remove(&endpoint).is_some())
    }
}
