//! Work that one replica at a time does.

use time::OffsetDateTime;
use uuid::Uuid;

/// Who does a piece of work, and until when that counts: whoever is killed meanwhile loses it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who: an id that a process makes for each run.
    pub holder: Uuid,
    /// From then on anybody may take over.
    pub until: OffsetDateTime,
}

impl Lease {
    /// Whether it keeps others from the work.
    #[must_use]
    pub fn is_in_force(&self, now: OffsetDateTime) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    #[test]
    fn a_lease_is_over_from_the_very_millisecond_of_its_end() {
        let until = datetime!(2026-03-03 12:00 UTC);
        let lease = Lease { holder: Uuid::from_u128(1), until };
        assert!(lease.is_in_force(until - Duration::MILLISECOND));
        assert!(!lease.is_in_force(until));
        assert!(!lease.is_in_force(until + Duration::MILLISECOND));
    }
}
