//! Ids without chance.

use std::sync::atomic::{AtomicU64, Ordering};

use family_plan_domain::{InviteId, PlanId, ports::Ids};
use uuid::{Builder, Uuid};

use crate::START;

/// Counts, in the shape of UUID version 7: the same ids in every run, later ones after earlier ones.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl SequentialIds {
    /// The next id, for a plan.
    pub fn next_plan(&self) -> PlanId {
        self.next().into()
    }

    /// The next id, for an invite.
    pub fn next_invite(&self) -> InviteId {
        self.next().into()
    }
}

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::Relaxed);
        let start = u64::try_from(START.unix_timestamp()).expect("it is after 1970") * 1000;
        Builder::from_unix_timestamp_millis(start + n, &[0; 10]).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_and_of_version_7() {
        let ids = SequentialIds::default();
        let made: Vec<_> = (0..1000).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|one, next| one < next));
        assert!(made.iter().all(|it| it.get_version_num() == 7));
    }
}
