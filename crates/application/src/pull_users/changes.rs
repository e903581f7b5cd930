//! Reading what changed among the helpdesk's users.

use std::{collections::HashSet, num::NonZeroU32};

use family_plan_domain::SyncKind;
use time::OffsetDateTime;

use super::{OVERLAP, Pull, PullError};

impl Pull<'_> {
    /// Reads what changed since `known_until`; false when the helpdesk cannot tell.
    ///
    /// Whoever changes meanwhile moves to the end, and those after them to an earlier page; so each page begins anew where
    /// the last one ended, and pages are only counted within one instant.
    pub(super) async fn pull_changes(&self, known_until: OffsetDateTime) -> Result<bool, PullError> {
        let mut since = known_until - OVERLAP;
        let mut page = NonZeroU32::MIN;
        let mut last = HashSet::new();
        loop {
            let asked_at = self.context.clock.now();
            let Some(changed) = self.context.help_desk.changed_since(since, page).await? else {
                return Ok(false);
            };
            let latest = changed.users.iter().map(|it| it.user.updated_at).max();
            let listed = self.take_over(changed.users, asked_at).await?;
            self.context.people.find_among(listed.clone()).await?;
            let listed: HashSet<_> = listed.into_iter().collect();
            let n_new = listed.difference(&last).count() as u64;
            self.with_progress(|it| {
                // Not what is dated ahead of its time: nothing that changes before then would be read any more.
                it.known_until = it.known_until.max(latest.map(|it| it.min(asked_at)));
                if it.run.kind == SyncKind::Incremental {
                    it.run.users_seen += n_new;
                }
            });
            self.checkpoint().await?;
            if changed.is_last {
                return Ok(true);
            }
            if NonZeroU32::MIN < page && listed == last {
                // It does not count pages, and would give this one for ever.
                return Ok(false);
            }
            last = listed;
            match latest.filter(|it| since < *it) {
                Some(latest) => (since, page) = (latest, NonZeroU32::MIN),
                None => page = page.saturating_add(1),
            }
        }
    }
}
