//! Taking over everything that is in another database, whatever the engines.

use family_plan_domain::ports::StoreError;
use sea_orm::{
    AccessMode, ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    IsolationLevel, Iterable, ModelTrait, PaginatorTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder,
    QuerySelect, Select, TransactionOptions, TransactionTrait,
};

use crate::{
    Database, Engine,
    entity::{
        delivery, endpoint, event, event_feed, idempotency_key, invite, membership, outgoing_event,
        outgoing_lane, plan, plan_write, settings, sweep, sync, user, zammad_user,
    },
    error::SqlError,
};

/// How many rows are held at a time.
const ROWS: u64 = 500;
/// A delivery can be as large as what a server takes in one statement.
const DELIVERIES: u64 = 1;

/// How many rows of which table were taken over.
pub type Transferred = Vec<(String, u64)>;

impl Database {
    /// Whether nothing has happened in it since its schema was made.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn is_blank(&self) -> Result<bool, StoreError> {
        let database = self.reader();
        let n_rows = async {
            let n_users = user::Entity::find().count(database).await?;
            let n_events = event::Entity::find().count(database).await?;
            let n_others = zammad_user::Entity::find().count(database).await?
                + delivery::Entity::find().count(database).await?
                + endpoint::Entity::find().count(database).await?;
            Ok::<_, SqlError>(n_users + n_events + n_others)
        };
        Ok(n_rows.await? == 0)
    }

    /// Takes over every row of `other`, as it is at one moment: all of them, or none. Both must have the schema of this
    /// version, and this one must be [blank](Self::is_blank).
    ///
    /// # Errors
    ///
    /// When one of the databases fails.
    pub async fn take_over(&self, other: &Self) -> Result<Transferred, StoreError> {
        Ok(self.take_over_all(other).await?)
    }

    async fn take_over_all(&self, other: &Self) -> Result<Transferred, SqlError> {
        // On SQLite every transaction is a snapshot.
        let has_levels = other.engine() != Engine::Sqlite;
        let options = TransactionOptions {
            isolation_level: has_levels.then_some(IsolationLevel::RepeatableRead),
            access_mode: has_levels.then_some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        let from = other.reader().begin_with_options(options).await?;
        let to = self.begin().await?;
        let transferred = every_table(&from, to.connection()).await;
        let transferred = to.finish(transferred).await?;
        from.rollback().await?;
        Ok(transferred)
    }
}

/// In an order in which nothing refers to what is not there yet.
async fn every_table(from: &DatabaseTransaction, to: &DatabaseTransaction) -> Result<Transferred, SqlError> {
    Ok(vec![
        table::<settings::Entity>(from, to, ROWS).await?,
        table::<user::Entity>(from, to, ROWS).await?,
        table::<plan::Entity>(from, to, ROWS).await?,
        table::<invite::Entity>(from, to, ROWS).await?,
        table::<membership::Entity>(from, to, ROWS).await?,
        table::<event::Entity>(from, to, ROWS).await?,
        table::<event_feed::Entity>(from, to, ROWS).await?,
        table::<idempotency_key::Entity>(from, to, ROWS).await?,
        table::<endpoint::Entity>(from, to, ROWS).await?,
        table::<outgoing_event::Entity>(from, to, ROWS).await?,
        table::<outgoing_lane::Entity>(from, to, ROWS).await?,
        table::<zammad_user::Entity>(from, to, ROWS).await?,
        table::<plan_write::Entity>(from, to, ROWS).await?,
        table::<delivery::Entity>(from, to, DELIVERIES).await?,
        table::<sync::Entity>(from, to, ROWS).await?,
        table::<sweep::Entity>(from, to, ROWS).await?,
    ])
}

/// In the place of the row that some tables have from the beginning.
async fn table<E>(
    from: &DatabaseTransaction,
    to: &DatabaseTransaction,
    n_at_once: u64,
) -> Result<(String, u64), SqlError>
where
    E: EntityTrait<ActiveModel: Send>,
    E::Model: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
{
    E::delete_many().exec(to).await?;
    let mut n_rows = 0;
    let mut rest = vec![from_the_first::<E>()];
    while let Some(part) = rest.last() {
        let rows = part.clone().limit(n_at_once).all(from).await?;
        let Some(last) = rows.last() else {
            rest.pop();
            continue;
        };
        rest = after(last);
        n_rows += rows.len() as u64;
        let rows = rows.into_iter().map(|it| it.into_active_model().reset_all());
        E::insert_many(rows).exec_without_returning(to).await?;
    }
    Ok((E::default().table_name().to_owned(), n_rows))
}

/// All rows, in the order of the primary key.
fn from_the_first<E: EntityTrait>() -> Select<E> {
    keys::<E>().fold(E::find(), QueryOrder::order_by_asc)
}

/// The rows after `last`, in parts, the next ones at the end: those that have the first columns of the primary key in
/// common with it, and more in the next column. Each is one range of the key, which every engine finds without looking at
/// what is before; a comparison of whole keys is not.
fn after<M: ModelTrait>(last: &M) -> Vec<Select<M::Entity>> {
    let n_keys = keys::<M::Entity>().count();
    let parts = (0..n_keys).map(|n_same| {
        keys::<M::Entity>().take(n_same + 1).enumerate().fold(from_the_first(), |part, (n, key)| {
            let value = last.get(key);
            part.filter(if n < n_same { key.eq(value) } else { key.gt(value) })
        })
    });
    parts.collect()
}

fn keys<E: EntityTrait>() -> impl Iterator<Item = E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait};
    use uuid::Uuid;

    use super::*;

    /// Which rows come after one, without the names of the table.
    fn ranges(last: &impl ModelTrait) -> Vec<String> {
        let parts = after(last).into_iter().map(|it| it.build(DbBackend::Sqlite).to_string());
        parts
            .map(|it| {
                let (_, range) = it.split_once(" WHERE ").unwrap();
                let words = range.split(' ').map(|it| it.rsplit('.').next().unwrap().replace('"', ""));
                words.collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    #[test]
    fn a_page_begins_where_the_last_one_ended() {
        let last = plan_write::Model { zammad_user_id: 7, due_at: 1, attempts: 0 };
        assert_eq!(ranges(&last), ["zammad_user_id > 7 ORDER BY zammad_user_id ASC"]);
    }

    #[test]
    fn a_page_of_a_key_of_two_columns_does_so_too() {
        let last = outgoing_lane::Model {
            endpoint_id: Uuid::nil(),
            lane: Uuid::max(),
            due_at: 1,
            claimed_by: None,
            version: 1,
            failures: 0,
            failing_since: None,
        };
        let (nil, max) = (Uuid::nil(), Uuid::max());
        assert_eq!(
            ranges(&last),
            [
                format!("endpoint_id > '{nil}' ORDER BY endpoint_id ASC, lane ASC"),
                format!("endpoint_id = '{nil}' AND lane > '{max}' ORDER BY endpoint_id ASC, lane ASC"),
            ]
        );
    }
}
