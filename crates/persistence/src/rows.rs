//! Selecting the columns of several tables at once, and reading them again.

use sea_orm::{
    EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryResult,
    sea_query::{Expr, Keyword, SelectStatement},
};

use crate::error::SqlError;

/// How many rows one statement writes at most: SQLite takes 32 766 values, PostgreSQL and MySQL twice that.
pub(crate) const MAX_ROWS: usize = 1_000;

/// Selects every column of the table that the statement calls `table`, for [`read`].
pub(crate) fn select<E: EntityTrait>(query: &mut SelectStatement, table: &'static str) {
    for column in E::Column::iter() {
        query.expr_as(Expr::col((table, column)), prefix(table) + column.as_str());
    }
}

/// Selects nothing instead, in a statement that follows another in a union, which has the names.
pub(crate) fn leave_out<E: EntityTrait>(query: &mut SelectStatement) {
    query.exprs(E::Column::iter().map(|_| Keyword::Null));
}

/// Reads what was [selected](select) of `table`: `Option<Model>` where it need not have a row.
pub(crate) fn read<M: FromQueryResult>(row: &QueryResult, table: &'static str) -> Result<M, SqlError> {
    Ok(M::from_query_result(row, &prefix(table))?)
}

fn prefix(table: &'static str) -> String {
    format!("{table}_")
}
