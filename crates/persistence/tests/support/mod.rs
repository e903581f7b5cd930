//! What the tests of every engine need.

use std::sync::Arc;

use family_plan_persistence::Database;
use family_plan_testkit::{SequentialIds, Stores};

/// Few, so that tasks wait for one another here, too.
pub(crate) const MAX_CONNECTIONS: u32 = 6;

pub(crate) fn stores(database: &Database) -> Stores {
    let ids = Arc::new(SequentialIds::default());
    Stores {
        plans: Arc::new(database.plans(ids.clone())),
        users: Arc::new(database.users()),
        settings: Arc::new(database.settings(ids)),
    }
}
