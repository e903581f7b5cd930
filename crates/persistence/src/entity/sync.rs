//! The row of `zammad_syncs`.

use family_plan_domain::{Sync, SyncKind, SyncRun};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    entity::prelude::*,
};

use crate::{
    entity::lease,
    error::{InColumn, SqlError},
    instant::{from_millis, to_millis},
};

/// The id of the only row.
pub(crate) const ID: i32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "zammad_syncs")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i32,
    pub(crate) revision: i64,
    pub(crate) requested: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) started_at: Option<i64>,
    pub(crate) next_page: Option<i64>,
    pub(crate) users_seen: Option<i64>,
    pub(crate) users_changed: Option<i64>,
    pub(crate) users_vanished: Option<i64>,
    pub(crate) lease_holder: Option<Uuid>,
    pub(crate) lease_until: Option<i64>,
    pub(crate) finished_at: Option<i64>,
    pub(crate) full_finished_at: Option<i64>,
    pub(crate) last_error: Option<String>,
    pub(crate) known_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Sync {
    type Error = SqlError;

    fn try_from(row: Model) -> Result<Self, SqlError> {
        let requested = row.requested.as_deref().map(kind).transpose();
        let run = row.kind.as_deref().map(|it| run(it, &row)).transpose()?;
        let lease = lease::read(row.lease_holder, row.lease_until);
        let finished_at = row.finished_at.map(from_millis).transpose();
        let full_finished_at = row.full_finished_at.map(from_millis).transpose();
        let known_until = row.known_until.map(from_millis).transpose();
        Ok(Self {
            revision: row.revision,
            requested: requested.in_column("zammad_syncs.requested")?,
            run,
            lease: lease.in_column("zammad_syncs.lease_until")?,
            finished_at: finished_at.in_column("zammad_syncs.finished_at")?,
            full_finished_at: full_finished_at.in_column("zammad_syncs.full_finished_at")?,
            last_error: row.last_error,
            known_until: known_until.in_column("zammad_syncs.known_until")?,
        })
    }
}

fn run(name: &str, row: &Model) -> Result<SyncRun, SqlError> {
    let started_at = row.started_at.ok_or("it is null").in_column("zammad_syncs.started_at")?;
    Ok(SyncRun {
        kind: kind(name).in_column("zammad_syncs.kind")?,
        started_at: from_millis(started_at).in_column("zammad_syncs.started_at")?,
        next_page: count(row.next_page, "zammad_syncs.next_page")?,
        users_seen: count(row.users_seen, "zammad_syncs.users_seen")?,
        users_changed: count(row.users_changed, "zammad_syncs.users_changed")?,
        users_vanished: count(row.users_vanished, "zammad_syncs.users_vanished")?,
    })
}

fn kind(name: &str) -> Result<SyncKind, &'static str> {
    SyncKind::parse(name).ok_or("it is no kind of pull")
}

fn count<T>(value: Option<i64>, column: &'static str) -> Result<T, SqlError>
where
    T: TryFrom<i64, Error = std::num::TryFromIntError>,
{
    T::try_from(value.ok_or("it is null").in_column(column)?).in_column(column)
}

/// The row as the next save writes it.
impl TryFrom<Sync> for ActiveModel {
    type Error = SqlError;

    fn try_from(sync: Sync) -> Result<Self, SqlError> {
        let run = sync.run.as_ref();
        let count = |of: fn(&SyncRun) -> u64| run.map(|it| i64::try_from(of(it))).transpose();
        Ok(Self {
            id: NotSet,
            revision: Set(sync.revision + 1),
            requested: Set(sync.requested.map(|it| it.as_str().to_owned())),
            kind: Set(run.map(|it| it.kind.as_str().to_owned())),
            started_at: Set(run.map(|it| to_millis(it.started_at))),
            next_page: Set(run.map(|it| it.next_page.into())),
            users_seen: Set(count(|it| it.users_seen).in_column("zammad_syncs.users_seen")?),
            users_changed: Set(count(|it| it.users_changed).in_column("zammad_syncs.users_changed")?),
            users_vanished: Set(count(|it| it.users_vanished).in_column("zammad_syncs.users_vanished")?),
            lease_holder: Set(sync.lease.map(|it| it.holder)),
            lease_until: Set(sync.lease.map(|it| to_millis(it.until))),
            finished_at: Set(sync.finished_at.map(to_millis)),
            full_finished_at: Set(sync.full_finished_at.map(to_millis)),
            last_error: Set(sync.last_error),
            known_until: Set(sync.known_until.map(to_millis)),
        })
    }
}
