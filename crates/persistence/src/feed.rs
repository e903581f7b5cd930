//! [`EventFeed`] in a SQL database.
//!
//! Events are saved without a place in the feed, since nobody knows in which order transactions will commit. Places are
//! given to those that have committed, under a lock: whoever holds it sees every place that was given before, and gives
//! the next ones. So places become visible in their order.

use async_trait::async_trait;
use family_plan_domain::{
    FeedEvent, FeedPlace, Lane,
    ports::{EventFeed, StoreError},
};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{CaseStatement, Expr},
};
use uuid::Uuid;

use crate::{
    Database,
    entity::{event, event_feed},
    error::SqlError,
    outbox::enqueue::{self, Entry},
    retry::retried,
};

/// How many events one transaction gives places to at most: the statement that does has a branch for each.
const MAX_EXTENSION: usize = 250;

/// Keeps the feed in a SQL database.
#[derive(Clone, Debug)]
pub struct SqlEventFeed {
    database: Database,
}

impl SqlEventFeed {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn extend_once(&self, limit: usize) -> Result<usize, SqlError> {
        let transaction = self.database.begin().await?;
        let extended = extend(transaction.connection(), limit).await;
        transaction.finish(extended).await
    }

    /// Looks without the lock, since mostly there is none.
    async fn has_new_events(&self) -> Result<bool, SqlError> {
        let new: Option<Uuid> = event::Entity::find()
            .select_only()
            .column(event::Column::Id)
            .filter(event::Column::Sequence.is_null())
            .limit(1)
            .into_tuple()
            .one(self.database.reader())
            .await?;
        Ok(new.is_some())
    }

    async fn extend_if_new(&self, limit: usize) -> Result<usize, SqlError> {
        let mut n_extended = 0;
        if self.has_new_events().await? {
            while n_extended < limit {
                let limit = MAX_EXTENSION.min(limit - n_extended);
                let n_more = retried(|| self.extend_once(limit)).await?;
                n_extended += n_more;
                if n_more < limit {
                    break;
                }
            }
        }
        Ok(n_extended)
    }

    async fn page(&self, after: FeedPlace, limit: u64) -> Result<Vec<FeedEvent>, SqlError> {
        let rows = event::Entity::find()
            .filter(event::Column::Sequence.gt(after.0))
            .order_by_asc(event::Column::Sequence)
            .limit(limit)
            .all(self.database.reader())
            .await?;
        rows.into_iter().map(placed).collect()
    }
}

/// Waits for whoever else extends the feed, and answers the last place that was given. On a Galera cluster, where row
/// locks do not travel, the row that both write makes one of them fail, and try again.
pub(crate) async fn lock(transaction: &DatabaseTransaction) -> Result<i64, SqlError> {
    let feed = event_feed::Entity::find_by_id(event_feed::ID).lock_exclusive().one(transaction).await?;
    Ok(feed.ok_or_else(|| DbErr::RecordNotFound("the feed".to_owned()))?.last_sequence)
}

async fn extend(transaction: &DatabaseTransaction, limit: usize) -> Result<usize, SqlError> {
    use event::Column::{At, Id, Kind, PlanId, Revision, Sequence};

    let last = lock(transaction).await?;
    // Saves of one plan follow one another, so that whoever sees one in a statement sees those before it; the ids of one
    // save go up. By revision first, so that no limit takes a later one and leaves an earlier one behind.
    let new: Vec<(Uuid, Option<Uuid>, String, i64)> = event::Entity::find()
        .select_only()
        .columns([Id, PlanId, Kind, At])
        .filter(Sequence.is_null())
        .order_by_asc(Revision)
        .order_by_asc(Id)
        .limit(limit as u64)
        .into_tuple()
        .all(transaction)
        .await?;
    if new.is_empty() {
        return Ok(0);
    }
    let places = || (last + 1..).zip(&new);
    let sequence =
        places().fold(CaseStatement::new(), |case, (place, (id, ..))| case.case(Id.eq(*id), place));
    event::Entity::update_many()
        .col_expr(Sequence, sequence.into())
        .filter(Id.is_in(new.iter().map(|(id, ..)| *id)))
        .exec(transaction)
        .await?;
    let n_new = i64::try_from(new.len()).unwrap_or(i64::MAX);
    event_feed::Entity::update_many()
        .col_expr(event_feed::Column::LastSequence, Expr::val(last + n_new))
        .filter(event_feed::Column::Id.eq(event_feed::ID))
        .exec(transaction)
        .await?;
    let mut entries = Vec::new();
    for (endpoint, filter) in enqueue::filters(transaction).await? {
        for (sequence, (_, plan, kind, at)) in places() {
            if enqueue::wants(&filter, kind) {
                let lane = Lane::of(plan.map(Into::into)).0;
                entries.push(Entry { endpoint, sequence, lane, due_at: *at });
            }
        }
    }
    enqueue::enqueue(transaction, &entries).await?;
    Ok(new.len())
}

/// A row of the feed.
pub(crate) fn placed(row: event::Model) -> Result<FeedEvent, SqlError> {
    let place = FeedPlace(row.sequence.unwrap_or_default());
    Ok(FeedEvent { place, event: row.try_into()? })
}

#[async_trait]
impl EventFeed for SqlEventFeed {
    async fn extend(&self, limit: usize) -> Result<usize, StoreError> {
        Ok(self.extend_if_new(limit).await?)
    }

    async fn read(&self, after: FeedPlace, limit: usize) -> Result<Vec<FeedEvent>, StoreError> {
        Ok(self.page(after, limit as u64).await?)
    }
}
