//! Requests that may be sent again.

use async_trait::async_trait;
use family_plan_domain::{
    BodyDigest, Claimed, KeptAnswer, KeyDigest, KeyedRequest, Lease,
    ports::{IdempotencyKeys, SaveOnceError, StoreError},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{MemoryStore, State};

#[derive(Clone)]
pub(super) struct StoredKey {
    body: BodyDigest,
    holder: Uuid,
    answer: Option<String>,
    expires_at: OffsetDateTime,
}

impl StoredKey {
    fn told(&self, request: &KeyedRequest) -> Claimed {
        if self.body != request.body {
            return Claimed::OtherBody;
        }
        self.answer.clone().map_or(Claimed::Running, Claimed::Answered)
    }

    fn is_held_by(&self, holder: Uuid) -> bool {
        self.holder == holder && self.answer.is_none()
    }
}

impl State {
    pub(super) fn answer(&mut self, answer: &KeptAnswer) -> Result<(), SaveOnceError> {
        let held = self.idempotency_keys.get_mut(&answer.key).filter(|it| it.is_held_by(answer.holder));
        let stored = held.ok_or(SaveOnceError::Superseded)?;
        stored.answer = Some(answer.text.clone());
        stored.expires_at = answer.until;
        Ok(())
    }
}

#[async_trait]
impl IdempotencyKeys for MemoryStore {
    async fn claim(
        &self,
        request: KeyedRequest,
        lease: Lease,
        now: OffsetDateTime,
    ) -> Result<Claimed, StoreError> {
        let mut state = self.state();
        if let Some(stored) = state.idempotency_keys.get(&request.key).filter(|it| now < it.expires_at) {
            return Ok(stored.told(&request));
        }
        let claimed =
            StoredKey { body: request.body, holder: lease.holder, answer: None, expires_at: lease.until };
        state.idempotency_keys.insert(request.key, claimed);
        Ok(Claimed::Fresh)
    }

    async fn release(&self, key: KeyDigest, holder: Uuid) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.idempotency_keys.get(&key).is_some_and(|it| it.is_held_by(holder)) {
            state.idempotency_keys.remove(&key);
        }
        Ok(())
    }

    async fn forget(&self, now: OffsetDateTime, limit: usize) -> Result<usize, StoreError> {
        let mut state = self.state();
        let over = state.idempotency_keys.iter().filter(|(_, it)| it.expires_at <= now);
        let over: Vec<KeyDigest> = over.map(|(key, _)| *key).take(limit).collect();
        for key in &over {
            state.idempotency_keys.remove(key);
        }
        Ok(over.len())
    }
}
