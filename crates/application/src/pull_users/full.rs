//! Reading all of the helpdesk's users.

use std::num::NonZeroU32;

use family_plan_domain::{Sighting, ZammadUserId};
use time::{OffsetDateTime, macros::datetime};

use super::{Progress, Pull, PullError};

/// How many users are looked for one by one between two checkpoints.
const MISSING_AT_ONCE: usize = 100;
const PEOPLE_AT_ONCE: usize = 1_000;
/// Nobody is seen later.
const EVER: OffsetDateTime = datetime!(9999-12-31 00:00 UTC);

impl Pull<'_> {
    /// Page by page, by ascending id; then those are looked for whom no page had.
    ///
    /// Whoever is deleted meanwhile moves those after them to an earlier page, so that one may be missed: they are found
    /// when they are looked for, or, if they were never seen, by the next full pull.
    pub(super) async fn pull_everybody(&self) -> Result<(), PullError> {
        let mut last: Option<ZammadUserId> = None;
        loop {
            let page = NonZeroU32::new(self.progress().run.next_page).unwrap_or(NonZeroU32::MIN);
            let asked_at = self.context.clock.now();
            let users = self.context.help_desk.page(page).await?;
            let greatest = users.iter().map(|it| it.user.id).max();
            // No users, or the same as before from a helpdesk that does not count pages.
            if greatest <= last {
                break;
            }
            last = greatest;
            let n_seen = self.take_over(users, asked_at).await?.len() as u64;
            self.with_progress(|it| {
                it.run.users_seen += n_seen;
                it.run.next_page += 1;
            });
            self.checkpoint().await?;
        }
        self.look_for_the_missing().await?;
        self.find_people().await?;
        self.catch_up().await
    }

    /// A listing alone does not prove that somebody is gone; asking for them does.
    async fn look_for_the_missing(&self) -> Result<(), PullError> {
        let started_at = self.progress().run.started_at;
        let mut after = None;
        loop {
            let missing =
                self.context.zammad_users.not_seen_since(started_at, after, MISSING_AT_ONCE).await?;
            let Some(last) = missing.last() else {
                return Ok(());
            };
            after = Some(*last);
            let looked_at = self.context.clock.now();
            let mut there = Vec::new();
            let mut gone = Vec::new();
            for id in missing {
                let asked_at = self.context.clock.now();
                match self.context.help_desk.find(id).await? {
                    Some(user) => there.push(Sighting { user, at: asked_at }),
                    None => gone.push(id),
                }
            }
            let (n_there, n_gone) = (there.len() as u64, gone.len() as u64);
            self.record(there).await?;
            self.context.zammad_users.vanish(gone, looked_at).await?;
            self.with_progress(|it| {
                it.run.users_seen += n_there;
                it.run.users_vanished += n_gone;
            });
            self.checkpoint().await?;
        }
    }

    /// Finds those of ours who are among the helpdesk's users. Not page by page: before the last one, an address may seem
    /// to be somebody's alone that is not.
    async fn find_people(&self) -> Result<(), PullError> {
        let mut after = None;
        loop {
            let users = self.context.zammad_users.not_seen_since(EVER, after, PEOPLE_AT_ONCE).await?;
            let Some(last) = users.last() else {
                return Ok(());
            };
            after = Some(*last);
            self.context.people.find_among(users).await?;
        }
    }

    /// Reads what changed after its page was read, where the helpdesk can tell.
    async fn catch_up(&self) -> Result<(), PullError> {
        let Progress { run, .. } = self.progress();
        self.with_progress(|it| it.known_until = it.known_until.max(Some(run.started_at)));
        self.pull_changes(run.started_at).await?;
        Ok(self.checkpoint().await?)
    }
}
