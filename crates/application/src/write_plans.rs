//! Telling the helpdesk which plan its users are in.

use std::{error::Error, sync::Arc};

use family_plan_domain::{
    Person, ZammadUserId, plan_line,
    ports::{Clock, HelpDeskError, HelpDeskUsers, PlanWrite, PlanWrites, StoreError, Users},
};
use futures_util::future::try_join_all;
use time::Duration;
use tracing::Instrument;

/// All of a batch are told at once.
const BATCH: usize = 4;
/// After a refusal; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::seconds(5);
const LONGEST_PAUSE: Duration = Duration::hours(1);
/// While the helpdesk is out of reach.
const LONGEST_OUTAGE_PAUSE: Duration = Duration::minutes(1);

/// Writes the plan in force to the users of the helpdesk who are to be told it.
pub struct WritePlans {
    /// Who is to be told.
    pub plan_writes: Arc<dyn PlanWrites>,
    /// The helpdesk.
    pub help_desk: Arc<dyn HelpDeskUsers>,
    /// Where users are kept.
    pub users: Arc<dyn Users>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Longer than the helpdesk takes, and as long as those wait that a killed process had taken on.
    pub claimed_for: Duration,
}

impl WritePlans {
    /// Tells a few of those who are due; answers how many were tried. Whom the helpdesk cannot be told of now is due
    /// again later.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn run(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let writes = self.plan_writes.claim(BATCH, now, now + self.claimed_for).await?;
        if writes.is_empty() {
            return Ok(0);
        }
        let n_writes = writes.len();
        let zammad_users = writes.iter().map(|it| it.zammad_user).collect();
        let people = self.users.of_zammad_users(zammad_users).await?;
        try_join_all(writes.into_iter().map(|write| {
            let person = people.iter().find(|it| it.user.zammad_user_id == Some(write.zammad_user));
            self.write(write, person).instrument(tracing::info_span!("write plan"))
        }))
        .await?;
        Ok(n_writes)
    }

    async fn write(&self, write: PlanWrite, person: Option<&Person>) -> Result<(), StoreError> {
        let zammad_user = write.zammad_user;
        let err = match self.help_desk.write_plan_line(zammad_user, plan_line(person)).await {
            // Of somebody who is gone, nobody need be told.
            Ok(_is_there) => {
                if !self.plan_writes.finish(write).await? {
                    // The plan changed meanwhile, and what was written just now may have overtaken somebody who knew.
                    self.plan_writes.enqueue(vec![zammad_user], self.clock.now()).await?;
                }
                return Ok(());
            }
            Err(err) => err,
        };
        log_failure(zammad_user, &err);
        let due_at = self.clock.now() + pause_after(&err, write.attempts);
        self.plan_writes.postpone(write, due_at).await
    }
}

/// An outage passes for everybody at once; what is refused again and again is asked for less and less.
fn pause_after(err: &HelpDeskError, n_attempts: u32) -> Duration {
    match err {
        HelpDeskError::Unavailable { retry_after, .. } => {
            let asked_for = retry_after.and_then(|it| Duration::try_from(it).ok()).unwrap_or_default();
            asked_for.clamp(FIRST_PAUSE, LONGEST_OUTAGE_PAUSE)
        }
        HelpDeskError::Rejected(_) => LONGEST_PAUSE.min(FIRST_PAUSE * 2_i32.pow(n_attempts.min(10))),
    }
}

fn log_failure(zammad_user: ZammadUserId, err: &HelpDeskError) {
    let zammad_user = zammad_user.0;
    let error = err as &dyn Error;
    if matches!(err, HelpDeskError::Rejected(_)) {
        tracing::warn!(zammad_user, error, "the helpdesk does not take a user's plan");
    } else {
        tracing::info!(zammad_user, error, "the helpdesk cannot be told a user's plan now");
    }
}
