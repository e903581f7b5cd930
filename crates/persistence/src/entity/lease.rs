//! Leases, which take two columns.

use family_plan_domain::Lease;
use time::error::ComponentRange;
use uuid::Uuid;

use crate::instant::from_millis;

/// Both are there or neither is, as the tables check.
pub(crate) fn read(holder: Option<Uuid>, until: Option<i64>) -> Result<Option<Lease>, ComponentRange> {
    let lease = holder.zip(until).map(|(holder, until)| Ok(Lease { holder, until: from_millis(until)? }));
    lease.transpose()
}
