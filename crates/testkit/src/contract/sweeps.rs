//! The record of sweeps.

use family_plan_domain::{Lease, Sweep, ZammadAccount, ports::SaveError};
use time::Duration;
use uuid::Uuid;

use super::Stores;
use crate::START;

pub async fn nothing_was_swept_at_first(stores: Stores) {
    assert_eq!(stores.sweeps.load().await.unwrap(), Sweep::default());
}

pub async fn every_field_of_the_record_comes_back(stores: Stores) {
    let at = |n| START + Duration::milliseconds(n);
    let full = Sweep {
        revision: 0,
        lease: Some(Lease { holder: Uuid::from_u128(7), until: at(1) }),
        finished_at: Some(at(2)),
        account: Some(ZammadAccount(i64::MAX)),
        account_since: Some(at(3)),
    };
    for (revision, sweep) in (0..).zip([full, Sweep::default()]) {
        let sweep = Sweep { revision, ..sweep };
        stores.sweeps.save(sweep.clone()).await.unwrap();
        let saved = Sweep { revision: revision + 1, ..sweep };
        assert_eq!(stores.sweeps.load().await.unwrap(), saved);
    }
}

pub async fn the_record_is_replaced_once_per_revision(stores: Stores) {
    let before = stores.sweeps.load().await.unwrap();
    let sweep = Sweep { finished_at: Some(START), ..before.clone() };
    stores.sweeps.save(sweep.clone()).await.unwrap();
    for stale in [sweep.clone(), before, Sweep { revision: 2, ..Sweep::default() }] {
        assert!(matches!(stores.sweeps.save(stale).await, Err(SaveError::Stale)));
    }
    assert_eq!(stores.sweeps.load().await.unwrap(), Sweep { revision: 1, ..sweep });
}
