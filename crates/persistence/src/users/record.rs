//! Writing what is newly known about a user.

use family_plan_domain::{Edit, UserEdit};
use sea_orm::{
    ActiveValue::{self, NotSet, Set},
    ConnectionTrait, EntityTrait, QueryTrait,
    sea_query::{InsertStatement, OnConflict},
};

use crate::{Database, entity::user, error::SqlError, plan_writes, retry::retried};

/// Does the same each time, so that a deadlock is nothing that a caller need know of.
pub(super) async fn record(database: &Database, edit: &UserEdit) -> Result<(), SqlError> {
    let upsert = upsert(edit);
    if database.notes_plan_writes() && edit.individual_plan != Edit::Keep {
        return retried(|| record_noting(database, edit, &upsert)).await;
    }
    let _permit = database.write_permit().await;
    retried(|| async { Ok(database.reader().execute(&upsert).await.map(drop)?) }).await
}

async fn record_noting(
    database: &Database,
    edit: &UserEdit,
    upsert: &InsertStatement,
) -> Result<(), SqlError> {
    let transaction = database.begin().await?;
    let connection = transaction.connection();
    let recorded = async {
        connection.execute(upsert).await?;
        plan_writes::note_of(connection, &edit.id).await
    }
    .await;
    transaction.finish(recorded).await
}

pub(super) fn upsert(edit: &UserEdit) -> InsertStatement {
    use user::Column;

    let row = user::ActiveModel {
        id: Set(edit.id.to_string()),
        email: value(&edit.email),
        name: value(&edit.name),
        individual_plan: value(&edit.individual_plan),
        zammad_user_id: NotSet,
        verified_email: value(&edit.verified_email),
        zammad_unlinked_at: NotSet,
    };
    let told = [
        (Column::Email, row.email.is_set()),
        (Column::Name, row.name.is_set()),
        (Column::IndividualPlan, row.individual_plan.is_set()),
        (Column::VerifiedEmail, row.verified_email.is_set()),
    ];
    let told: Vec<_> = told.into_iter().filter_map(|(column, is_told)| is_told.then_some(column)).collect();

    let mut on_conflict = OnConflict::column(Column::Id);
    if told.is_empty() {
        on_conflict.do_nothing_on([Column::Id]);
    } else {
        on_conflict.update_columns(told);
    }
    user::Entity::insert(row).on_conflict(on_conflict).into_query()
}

fn value<T: ToString>(edit: &Edit<T>) -> ActiveValue<Option<String>> {
    match edit {
        Edit::Keep => NotSet,
        Edit::Set(value) => Set(value.as_ref().map(ToString::to_string)),
    }
}
