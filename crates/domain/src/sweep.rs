//! Sweeping the tokens of invites out of the helpdesk.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{InviteId, Lease};

/// A token in the helpdesk that bears the name of an invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredToken {
    /// What the helpdesk knows it by.
    pub id: i64,
    /// The invite that it is named after.
    pub invite: InviteId,
    /// When it was made, by the helpdesk's clock.
    pub created_at: Option<OffsetDateTime>,
}

/// Every such token of the account that mints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRegister {
    /// The account, if that could be found out.
    pub account: Option<ZammadAccount>,
    /// Its tokens that are named after invites; several may be named after the same one.
    pub tokens: Vec<RegisteredToken>,
}

/// Identifies an account whose tokens are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZammadAccount(pub i64);

/// The one record of sweeps. See [`Sweeps::save`](crate::ports::Sweeps::save).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Counts its saves.
    pub revision: i64,
    /// Who is at it.
    pub lease: Option<Lease>,
    /// When the last one ended, well or not.
    pub finished_at: Option<OffsetDateTime>,
    /// The account whose tokens were swept last.
    pub account: Option<ZammadAccount>,
    /// Since when it is that one, if it was another before: what was issued earlier has no token there.
    pub account_since: Option<OffsetDateTime>,
}

impl Sweep {
    /// Begins one, unless somebody else is at it or one ended after `unless_since`.
    pub fn begin(&mut self, lease: Lease, unless_since: OffsetDateTime, now: OffsetDateTime) -> bool {
        let is_held = self.lease.is_some_and(|it| it.is_in_force(now));
        if is_held || self.finished_at.is_some_and(|it| unless_since < it) {
            return false;
        }
        self.lease = Some(lease);
        true
    }

    /// Takes note that its holder is still at it; false when somebody else took over.
    pub fn extend(&mut self, lease: Lease) -> bool {
        let is_held = self.lease.is_some_and(|it| it.holder == lease.holder);
        if is_held {
            self.lease = Some(lease);
        }
        is_held
    }

    /// Takes note of whose tokens are listed.
    pub fn meet(&mut self, account: ZammadAccount, now: OffsetDateTime) {
        if self.account != Some(account) {
            self.account_since = self.account.map(|_| now);
            self.account = Some(account);
        }
    }

    /// Ends it; false when somebody else took over.
    pub fn finish(&mut self, holder: Uuid, now: OffsetDateTime) -> bool {
        if self.lease.is_none_or(|it| it.holder != holder) {
            return false;
        }
        self.lease = None;
        self.finished_at = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-03 12:00 UTC);

    /// For a minute.
    fn lease(holder: u128, now: OffsetDateTime) -> Lease {
        Lease { holder: Uuid::from_u128(holder), until: now + Duration::MINUTE }
    }

    #[test]
    fn one_at_a_time_sweeps() {
        let mut sweep = Sweep::default();
        assert!(sweep.begin(lease(1, NOW), NOW, NOW));
        let before = sweep.clone();
        let late = NOW + Duration::MINUTE - Duration::MILLISECOND;
        assert!(!sweep.begin(lease(2, late), NOW, late));
        assert_eq!(sweep, before);
    }

    #[test]
    fn an_interrupted_sweep_is_taken_over() {
        let mut sweep = Sweep::default();
        assert!(sweep.begin(lease(1, NOW), NOW, NOW));
        let later = NOW + Duration::MINUTE;
        assert!(sweep.begin(lease(2, later), NOW, later));
        assert!(!sweep.finish(Uuid::from_u128(1), later));
        assert_eq!(sweep.lease, Some(lease(2, later)));
        assert!(sweep.finish(Uuid::from_u128(2), later));
        assert_eq!((sweep.lease, sweep.finished_at), (None, Some(later)));
        assert!(!sweep.finish(Uuid::from_u128(2), later), "it has ended");
    }

    #[test]
    fn a_recent_sweep_will_do() {
        let mut sweep = Sweep { finished_at: Some(NOW), ..Sweep::default() };
        let now = NOW + Duration::MINUTE;
        assert!(!sweep.begin(lease(1, now), NOW - Duration::MILLISECOND, now));
        assert!(sweep.begin(lease(1, now), NOW, now));
    }

    #[test]
    fn only_the_tokens_of_another_account_than_before_are_incomplete() {
        let mut sweep = Sweep::default();
        sweep.meet(ZammadAccount(3), NOW);
        assert_eq!((sweep.account, sweep.account_since), (Some(ZammadAccount(3)), None));
        sweep.meet(ZammadAccount(4), NOW);
        sweep.meet(ZammadAccount(4), NOW + Duration::HOUR);
        assert_eq!((sweep.account, sweep.account_since), (Some(ZammadAccount(4)), Some(NOW)));
        let back = NOW + Duration::DAY;
        sweep.meet(ZammadAccount(3), back);
        assert_eq!((sweep.account, sweep.account_since), (Some(ZammadAccount(3)), Some(back)));
    }
}
