//! Saving a decision in one statement, on PostgreSQL, where a statement can consist of several that write.
//!
//! It costs one round trip to the server instead of five or six, and the plan's row is locked for as long as the server
//! takes, and not for as long as we do.

use sea_orm::{
    ConnectionTrait,
    sea_query::{
        CommonTableExpression, Expr, ExprTrait, Query, SelectStatement, SubQueryStatement, UpdateStatement,
        WithClause,
    },
};

use super::write::Write;
use crate::{
    entity::plan,
    error::{InColumn, SqlError},
};

/// The plan's row, if nobody else was first.
const BUMPED: &str = "bumped";
const N_BUMPED: &str = "n_bumped";
const IS_WHOLE: &str = "is_whole";

/// Carries `bump` out, and `writes` if it updated a row.
///
/// Every part sees what was there when the statement began. That is what was decided upon: whatever else changes a plan
/// would have changed its revision.
pub(super) async fn save(
    connection: &impl ConnectionTrait,
    mut bump: UpdateStatement,
    writes: Vec<Write>,
) -> Result<(), SqlError> {
    bump.returning_col(plan::Column::Id);
    let mut with = WithClause::new();
    with.cte(part(BUMPED.to_owned(), bump));
    let mut is_whole = Expr::Constant(true.into());
    for (position, write) in writes.into_iter().enumerate() {
        let name = format!("write_{position}");
        match write {
            Write::Insert(rows) => with.cte(part(name, rows.insert_if_any(BUMPED))),
            Write::Update(mut update, n_rows) => {
                // A join: without a row there, there is none to update.
                update.from(BUMPED).returning(Query::returning().expr(Expr::Constant(1.into())));
                let n_rows = i64::try_from(n_rows).in_column(N_BUMPED)?;
                is_whole = is_whole.and(count(name.clone()).eq(count(BUMPED.to_owned()).mul(n_rows)));
                with.cte(part(name, *update))
            }
        };
    }
    // What is not whole must not be: the division fails, and the statement with it. It takes somebody who writes past the
    // plan's revision, so that trying again would not help.
    let is_whole = Expr::val(1).div(is_whole.cast_as("integer"));
    let outcome =
        Query::select().expr_as(count(BUMPED.to_owned()), N_BUMPED).expr_as(is_whole, IS_WHOLE).take();
    let row = connection.query_one(&outcome.with(with)).await.map_err(SqlError::or_taken)?;
    let n_bumped: i64 = row.map_or(Ok(0), |it| it.try_get("", N_BUMPED))?;
    if n_bumped == 1 { Ok(()) } else { Err(SqlError::Stale) }
}

fn part(name: String, query: impl Into<SubQueryStatement>) -> CommonTableExpression {
    let mut part = CommonTableExpression::new();
    part.table_name(name).query(query);
    part
}

fn count(part: String) -> Expr {
    let count: SelectStatement = Query::select().expr(Expr::cust("COUNT(*)")).from(part).take();
    count.into()
}
