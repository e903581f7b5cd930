//! What is remembered of those who are limited: no more than fits, and nothing that no longer matters.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use governor::{
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};

/// How many are remembered at most: some megabytes. When more are limited at once, the rest is not, since no limit per
/// address helps against somebody who has so many.
pub(super) const CAPACITY: usize = 100_000;

/// Whether a request counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key<K> {
    /// It does.
    Spend(K),
    /// It is only asked whether it could.
    Look(K),
}

/// When each key's budget is whole again.
pub(super) struct Store<K>(Mutex<HashMap<K, Nanos>>);

impl<K> Default for Store<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K> Store<K> {
    fn entries(&self) -> MutexGuard<'_, HashMap<K, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> StateStore for Store<K> {
    type Key = Key<K>;

    fn measure_and_replace<T, F, E>(&self, key: &Key<K>, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut entries = self.entries();
        let (Key::Spend(subject) | Key::Look(subject)) = key;
        let (answer, next) = measure(entries.get(subject).copied())?;
        if matches!(key, Key::Spend(_)) {
            if let Some(entry) = entries.get_mut(subject) {
                *entry = next;
            } else if entries.len() < CAPACITY {
                entries.insert(subject.clone(), next);
            }
        }
        Ok(answer)
    }
}

impl<K: Clone + Eq + Hash> ShrinkableKeyedStateStore<Key<K>> for Store<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.entries().retain(|_, it| drop_below < *it);
    }

    fn len(&self) -> usize {
        self.entries().len()
    }

    fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }
}
