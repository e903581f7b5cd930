//! Sweeping the tokens that no invite needs out of the helpdesk, and revoking the invites whose token somebody deleted
//! there.

use std::{collections::HashSet, error::Error, sync::Arc};

use family_plan_domain::{
    InviteId, Lease, Origin, PlanId, RegisteredToken, RevokeReason, Sweep,
    ports::{Clock, HelpDeskError, Ids, InviteRegister, IssuedTokens, Plans, SaveError, StoreError, Sweeps},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    SaveFailure,
    attempts::Attempts,
    heartbeat::{Interrupted, lease_from, update, with_heartbeat},
};

/// How many invites are looked up in one step.
const BATCH: usize = 1_000;
const DELETIONS_AT_ONCE: usize = 4;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Tokens that were deleted.
    pub deleted: usize,
    /// Invites that were revoked.
    pub revoked: usize,
}

/// Why a sweep ended before its time. What it did counts, and the next one does the rest.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The helpdesk did not do what it was asked.
    #[error(transparent)]
    HelpDesk(#[from] HelpDeskError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process is stopping, or another took over.
    #[error("the sweep was interrupted")]
    Interrupted,
}

impl From<Interrupted> for SweepError {
    fn from(err: Interrupted) -> Self {
        match err {
            Interrupted::TakenOver => Self::Interrupted,
            Interrupted::Store(err) => Self::Store(err),
        }
    }
}

/// Sweeps the tokens of invites.
pub struct SweepTokens {
    /// The tokens in the helpdesk.
    pub tokens: Arc<dyn IssuedTokens>,
    /// Which invites need theirs.
    pub register: Arc<dyn InviteRegister>,
    /// Where plans are kept.
    pub plans: Arc<dyn Plans>,
    /// The record of sweeps.
    pub sweeps: Arc<dyn Sweeps>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// How old a token must be before nobody can be in the middle of issuing its invite any more.
    pub settled_after: Duration,
    /// Ends a sweep before its time.
    pub stop: CancellationToken,
}

impl SweepTokens {
    /// Sweeps, unless somebody is at it, or the last sweep ended less than `every` ago. Answers what was done.
    ///
    /// # Errors
    ///
    /// See [`SweepError`].
    pub async fn run_if_due(&self, every: Duration) -> Result<Option<Swept>, SweepError> {
        let holder = self.ids.next();
        let mut record = self.sweeps.load().await?;
        // Not before: a load may take its time, and a lease that began back then could be over already.
        let now = self.clock.now();
        if !record.begin(Lease { holder, until: lease_from(now) }, now - every, now) {
            return Ok(None);
        }
        match self.sweeps.save(record).await {
            Ok(()) => (),
            Err(SaveError::Stale) => return Ok(None),
            Err(SaveError::Store(err)) => return Err(err.into()),
        }
        let sweep = self.sweep(holder).instrument(tracing::info_span!("sweep tokens"));
        let sweeping = with_heartbeat(sweep, || self.extend(holder));
        let outcome = tokio::select! {
            () = self.stop.cancelled() => {
                // Nobody need wait for the lease to end, nor for the next sweep to be due.
                let over = Lease { holder, until: self.clock.now() };
                self.update(|it| it.extend(over)).await?;
                return Err(SweepError::Interrupted);
            }
            outcome = sweeping => outcome.map_err(SweepError::from).flatten(),
        };
        // Also after a failure: what is wrong now is wrong in a moment, too.
        let now = self.clock.now();
        self.update(|it| it.finish(holder, now)).await?;
        outcome.map(Some)
    }

    async fn sweep(&self, holder: Uuid) -> Result<Swept, SweepError> {
        let began_at = self.clock.now();
        // Before the list: whoever has an invite by now has its token there, whatever the clocks say.
        let record = self.sweeps.load().await?;
        let with_token = self.with_token(&record, began_at).await?;
        let list = self.tokens.list().await?;
        let named: HashSet<InviteId> = list.tokens.iter().map(|it| it.invite).collect();

        let (unneeded, unknown) = self.give_up(&named).await?;
        let is_litter = |token: &RegisteredToken| {
            unneeded.contains(&token.invite)
                || unknown.contains(&token.invite) && self.is_settled(token, began_at)
        };
        let litter: Vec<RegisteredToken> = list.tokens.into_iter().filter(is_litter).collect();
        let deleted = self.delete(litter).await?;

        let mut revoked = 0;
        if let Some(account) = list.account {
            self.update(|it| {
                it.meet(account, began_at);
                it.lease.is_some_and(|it| it.holder == holder)
            })
            .await?;
            // An account that was not met before has no tokens of what was issued so far.
            if record.account.is_none_or(|it| it == account) {
                revoked = self.revoke_unless(&named, with_token).await?;
            }
        }
        Ok(Swept { deleted, revoked })
    }

    /// The open invites that were issued since the account mints whose tokens were swept last. Replicas that have not
    /// heard of it yet go on with the former one for a while.
    async fn with_token(
        &self,
        record: &Sweep,
        now: OffsetDateTime,
    ) -> Result<Vec<(PlanId, InviteId)>, StoreError> {
        let since = record.account_since.map(|it| it + self.settled_after);
        let mut invites: Vec<(PlanId, InviteId)> = Vec::new();
        loop {
            let after = invites.last().map(|(_, invite)| *invite);
            let page = self.register.with_token(since, after, BATCH, now).await?;
            if page.is_empty() {
                return Ok(invites);
            }
            invites.extend(page);
        }
    }

    async fn give_up(
        &self,
        named: &HashSet<InviteId>,
    ) -> Result<(HashSet<InviteId>, HashSet<InviteId>), StoreError> {
        let named: Vec<InviteId> = named.iter().copied().collect();
        let (mut unneeded, mut unknown) = (HashSet::new(), HashSet::new());
        for invites in named.chunks(BATCH) {
            let given_up = self.register.give_up_tokens(invites.to_vec(), self.clock.now()).await?;
            unneeded.extend(given_up.unneeded);
            unknown.extend(given_up.unknown);
        }
        Ok((unneeded, unknown))
    }

    /// Whether nobody can be in the middle of issuing the token's invite. Both clocks must say so where both are known;
    /// a token of unknown age stays.
    fn is_settled(&self, token: &RegisteredToken, now: OffsetDateTime) -> bool {
        let ages = [token.created_at, made_at(token.invite)];
        let mut known = ages.into_iter().flatten().peekable();
        known.peek().is_some() && known.all(|it| self.settled_after <= now - it)
    }

    async fn delete(&self, litter: Vec<RegisteredToken>) -> Result<usize, HelpDeskError> {
        let deletions = litter.into_iter().map(|token| async {
            let invite = token.invite;
            match self.tokens.delete(token).await {
                Ok(()) => Ok(1),
                Err(HelpDeskError::Rejected(cause)) => {
                    tracing::warn!(%invite, error = &*cause as &dyn Error, "a token stays in the helpdesk");
                    Ok(0)
                }
                Err(err) => Err(err),
            }
        });
        let deletions = stream::iter(deletions).buffer_unordered(DELETIONS_AT_ONCE);
        deletions.try_fold(0, |sum, n| async move { Ok(sum + n) }).await
    }

    async fn revoke_unless(
        &self,
        named: &HashSet<InviteId>,
        invites: Vec<(PlanId, InviteId)>,
    ) -> Result<usize, SweepError> {
        let mut n_revoked = 0;
        for (plan, invite) in invites.into_iter().filter(|(_, invite)| !named.contains(invite)) {
            n_revoked += usize::from(self.revoke(plan, invite).await?);
        }
        Ok(n_revoked)
    }

    /// False when it is not open any more, or when others were first again and again.
    async fn revoke(&self, plan: PlanId, invite: InviteId) -> Result<bool, SweepError> {
        let mut attempts = Attempts::default();
        loop {
            let now = self.clock.now();
            let Some(mut loaded) = self.plans.load_with_invite(plan, invite, now).await? else {
                return Ok(false);
            };
            loaded.plan.revoke(invite, RevokeReason::TokenDeleted, now);
            if loaded.plan.changes().is_empty() {
                return Ok(false);
            }
            let origin = Origin { actor: None, request_id: None, at: now };
            let Err(err) = self.plans.save(&loaded.plan, &origin).await else {
                return Ok(true);
            };
            match attempts.again_after(err).await {
                Ok(()) => (),
                Err(SaveFailure::Conflict | SaveFailure::Superseded) => return Ok(false),
                Err(SaveFailure::Store(err)) => return Err(err.into()),
            }
        }
    }

    async fn extend(&self, holder: Uuid) -> Result<(), Interrupted> {
        let lease = Lease { holder, until: lease_from(self.clock.now()) };
        self.update(|it| it.extend(lease)).await
    }

    async fn update(&self, change: impl Fn(&mut Sweep) -> bool) -> Result<(), Interrupted> {
        update(&*self.sweeps, change).await
    }
}

/// When an invite's id was made, which is just before its token was; version 7 tells.
fn made_at(invite: InviteId) -> Option<OffsetDateTime> {
    let (seconds, nanos) = Uuid::from(invite).get_timestamp()?.to_unix();
    let made_at = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
    Some(made_at + Duration::nanoseconds(i64::from(nanos)))
}
