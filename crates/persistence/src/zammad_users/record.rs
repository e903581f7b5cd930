//! Taking over what is newer than what is known.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use family_plan_domain::{Sighting, ZammadUserId};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{CaseStatement, Expr, ExprTrait, Func, Keyword, OnConflict},
};

use crate::{
    Database, Engine,
    entity::zammad_user::{self, Column},
    error::SqlError,
    instant::to_millis,
    retry::retried,
    rows::MAX_ROWS,
};

pub(super) async fn record(database: &Database, sightings: Vec<Sighting>) -> Result<u64, SqlError> {
    let sightings = one_of_each(sightings);
    let mut n_newer = 0;
    for sightings in sightings.chunks(MAX_ROWS) {
        let _permit = database.write_permit().await;
        n_newer += retried(|| record_once(database, sightings)).await?;
    }
    Ok(n_newer)
}

/// By ascending id, so that those who record at the same time seldom lock the same rows in another order.
fn one_of_each(sightings: Vec<Sighting>) -> Vec<Sighting> {
    let mut newest: BTreeMap<ZammadUserId, Sighting> = BTreeMap::new();
    for sighting in sightings {
        match newest.entry(sighting.user.id) {
            Entry::Vacant(entry) => {
                entry.insert(sighting);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                if known.at < sighting.at {
                    known.at = sighting.at;
                }
                if known.user.updated_at < sighting.user.updated_at {
                    known.user = sighting.user;
                }
            }
        }
    }
    newest.into_values().collect()
}

async fn record_once(database: &Database, sightings: &[Sighting]) -> Result<u64, SqlError> {
    let known: HashMap<i64, i64> = zammad_user::Entity::find()
        .select_only()
        .column(Column::ZammadUserId)
        .column(Column::UpdatedAt)
        .filter(Column::ZammadUserId.is_in(sightings.iter().map(|it| it.user.id.0)))
        .into_tuple::<(i64, i64)>()
        .all(database.reader())
        .await?
        .into_iter()
        .collect();
    let is_newer = |it: &&Sighting| known.get(&it.user.id.0) < Some(&to_millis(it.user.updated_at));
    let n_newer = sightings.iter().filter(is_newer).count();

    zammad_user::Entity::insert_many(sightings.iter().map(zammad_user::ActiveModel::from))
        .on_conflict(keep_the_newest(database.engine()))
        .exec_without_returning(database.reader())
        .await?;
    Ok(n_newer as u64)
}

/// Decided by the database, row by row, where nobody else gets in between.
fn keep_the_newest(engine: Engine) -> OnConflict {
    let known = |column: Column| Expr::col((zammad_user::Entity, column));
    let heard = |column: Column| match engine {
        Engine::MySql => Expr::from(Func::cust("VALUES").arg(Expr::col(column))),
        Engine::Sqlite | Engine::Postgres => Expr::col(("excluded", column)),
    };
    let is_newer = heard(Column::UpdatedAt).gt(known(Column::UpdatedAt));
    let is_seen_later = heard(Column::SeenAt).gt(known(Column::SeenAt));
    let is_there_again = heard(Column::SeenAt).gt(known(Column::VanishedAt));
    let newest = |column| (column, when(is_newer.clone(), heard(column), known(column)));
    OnConflict::column(Column::ZammadUserId)
        .values([
            newest(Column::Email),
            newest(Column::Firstname),
            newest(Column::Lastname),
            newest(Column::Active),
            (Column::SeenAt, when(is_seen_later, heard(Column::SeenAt), known(Column::SeenAt))),
            (Column::VanishedAt, when(is_there_again, Keyword::Null.into(), known(Column::VanishedAt))),
            // Comes last: MySQL and MariaDB assign from left to right, and then no longer know what was.
            newest(Column::UpdatedAt),
        ])
        .to_owned()
}

fn when(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    CaseStatement::new().case(condition, then).finally(otherwise).into()
}
