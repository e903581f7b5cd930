//! The record of pulls.

use family_plan_domain::{Lease, Sync, SyncKind, SyncRun, SyncSchedule, ports::SaveError};
use time::Duration;
use uuid::Uuid;

use super::Stores;
use crate::START;

const NEVER: SyncSchedule = SyncSchedule { incremental: None, full: None };

pub(super) fn lease(holder: u128) -> Lease {
    Lease { holder: Uuid::from_u128(holder), until: START + Duration::MINUTE }
}

pub async fn nothing_was_pulled_at_first(stores: Stores) {
    assert_eq!(stores.syncs.load().await.unwrap(), Sync::new());
}

pub async fn every_field_of_the_record_comes_back(stores: Stores) {
    let at = |n| START + Duration::milliseconds(n);
    let full = Sync {
        revision: 0,
        requested: Some(SyncKind::Full),
        run: Some(SyncRun {
            kind: SyncKind::Incremental,
            started_at: at(1),
            next_page: u32::MAX,
            users_seen: 1 << 40,
            users_changed: 2,
            users_vanished: 3,
        }),
        lease: Some(Lease { holder: Uuid::from_u128(7), until: at(2) }),
        finished_at: Some(at(3)),
        full_finished_at: Some(at(4)),
        last_error: Some("ß 🎈 'quoted'".to_owned()),
        known_until: Some(at(5)),
    };
    let other = Sync {
        requested: Some(SyncKind::Incremental),
        run: full.run.clone().map(|it| SyncRun { kind: SyncKind::Full, users_vanished: 0, ..it }),
        lease: None,
        ..full.clone()
    };
    for (revision, sync) in (0..).zip([full, other, Sync::new()]) {
        let sync = Sync { revision, ..sync };
        stores.syncs.save(sync.clone()).await.unwrap();
        let saved = Sync { revision: revision + 1, ..sync };
        assert_eq!(stores.syncs.load().await.unwrap(), saved);
    }
}

pub async fn the_record_is_replaced_once_per_revision(stores: Stores) {
    let mut one = stores.syncs.load().await.unwrap();
    let mut other = one.clone();
    one.request(SyncKind::Full);
    other.request(SyncKind::Incremental);
    stores.syncs.save(one.clone()).await.unwrap();
    for stale in [one.clone(), other, Sync { revision: 2, ..Sync::new() }] {
        assert!(matches!(stores.syncs.save(stale).await, Err(SaveError::Stale)));
    }
    assert_eq!(stores.syncs.load().await.unwrap(), Sync { revision: 1, ..one });
}

pub async fn long_errors_are_cut(stores: Stores) {
    let mut sync = stores.syncs.load().await.unwrap();
    sync.request(SyncKind::Full);
    assert!(sync.begin(lease(1), NEVER, START).is_some());
    assert!(sync.finish(Uuid::from_u128(1), Err("🎈\0".repeat(300)), START));
    stores.syncs.save(sync).await.unwrap();
    let kept = stores.syncs.load().await.unwrap().last_error;
    assert_eq!(kept, Some("🎈 ".repeat(250)));
}
