//! Saving what was decided about a plan.

use family_plan_domain::{KeptAnswer, Origin, Plan, plan_lines_changed_by, ports::Ids};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, sea_query::UpdateStatement};

use super::{at_once, decision::Decision, write::Write};
use crate::{Database, Engine, entity::plan, error::SqlError, idempotency_keys, plan_writes};

pub(super) async fn save(
    database: &Database,
    ids: &dyn Ids,
    plan: &Plan,
    origin: &Origin,
) -> Result<(), SqlError> {
    if plan.changes().is_empty() {
        return Ok(());
    }
    let decision = Decision { plan, origin, ids, notes_plan_writes: database.notes_plan_writes() };
    if can_be_at_once(database, &decision) {
        at_once::save(database.reader(), decision.bump_revision(), decision.writes()?).await?;
    } else {
        let transaction = database.begin().await?;
        let saved = one_by_one(transaction.connection(), &decision).await;
        transaction.finish(saved).await?;
    }
    database.tell_of_events();
    Ok(())
}

pub(super) async fn save_once(
    database: &Database,
    ids: &dyn Ids,
    plan: &Plan,
    origin: &Origin,
    answer: &KeptAnswer,
) -> Result<(), SqlError> {
    let transaction = database.begin().await?;
    let saved = async {
        if !plan.changes().is_empty() {
            let decision = Decision { plan, origin, ids, notes_plan_writes: database.notes_plan_writes() };
            one_by_one(transaction.connection(), &decision).await?;
        }
        // Comes last: whoever sends the request again then waits for as short a time as can be.
        idempotency_keys::answer(transaction.connection(), answer).await
    };
    let saved = saved.await;
    transaction.finish(saved).await?;
    database.tell_of_events();
    Ok(())
}

/// More changes at once come of closing a large plan, which is rare: for each number of them the server would keep a
/// statement.
const AT_ONCE: usize = 16;

/// A plan's row cannot be made and found in the same statement.
fn can_be_at_once(database: &Database, decision: &Decision<'_>) -> bool {
    database.engine() == Engine::Postgres
        && !decision.notes_plan_writes
        && !decision.creates_the_plan()
        && decision.plan.changes().len() <= AT_ONCE
}

async fn one_by_one(transaction: &DatabaseTransaction, decision: &Decision<'_>) -> Result<(), SqlError> {
    if decision.creates_the_plan() {
        plan::Entity::insert(plan::ActiveModel::from(decision.plan))
            .exec_without_returning(transaction)
            .await
            .map_err(SqlError::or_taken)?;
    }
    update(transaction, decision.bump_revision(), 1).await?;
    for write in decision.writes()? {
        match write {
            Write::Insert(rows) => {
                transaction.execute(&rows.insert()).await.map_err(SqlError::or_taken)?;
            }
            Write::Update(statement, n_rows) => update(transaction, *statement, n_rows).await?,
        }
    }
    if decision.notes_plan_writes {
        let changed = plan_lines_changed_by(decision.plan);
        plan_writes::note(transaction, changed, decision.origin.at).await?;
    }
    Ok(())
}

/// Somebody else was first unless there are `n_rows` to update.
async fn update(
    transaction: &DatabaseTransaction,
    statement: UpdateStatement,
    n_rows: usize,
) -> Result<(), SqlError> {
    let updated = transaction.execute(&statement).await?;
    if updated.rows_affected() == n_rows as u64 { Ok(()) } else { Err(SqlError::Stale) }
}
