//! One of the statements that save a decision.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityName, EntityTrait, Iterable, QueryTrait, UpdateMany,
    sea_query::{DynIden, Expr, InsertStatement, IntoIden, Query, TableRef, UnionType, UpdateStatement},
};

/// Writes rows of one table.
pub(super) enum Write {
    Insert(NewRows),
    /// Somebody else was first unless there are so many rows to update.
    Update(Box<UpdateStatement>, usize),
}

impl Write {
    pub(super) fn insert<A: ActiveModelTrait>(rows: impl IntoIterator<Item = A>) -> Self {
        Self::Insert(NewRows::new(rows))
    }

    pub(super) fn update<E: EntityTrait>(update: UpdateMany<E>, n_rows: usize) -> Self {
        Self::Update(Box::new(update.into_query()), n_rows)
    }
}

/// Rows to insert into a table.
pub(super) struct NewRows {
    table: TableRef,
    columns: Vec<DynIden>,
    rows: Vec<Vec<Expr>>,
}

impl NewRows {
    /// All of `rows` have the same columns.
    fn new<A: ActiveModelTrait>(rows: impl IntoIterator<Item = A>) -> Self {
        let mut columns = Vec::new();
        let rows = rows.into_iter().map(|mut row| {
            columns.clear();
            let values = <A::Entity as EntityTrait>::Column::iter().filter_map(|column| {
                let ActiveValue::Set(value) = row.take(column) else {
                    return None;
                };
                columns.push(column.into_iden());
                Some(column.save_as(Expr::val(value)))
            });
            values.collect()
        });
        let rows = rows.collect();
        Self { table: A::Entity::default().table_ref(), columns, rows }
    }

    /// Inserts them.
    pub(super) fn insert(self) -> InsertStatement {
        let mut insert = Query::insert();
        insert.into_table(self.table).columns(self.columns).values_from_panic(self.rows).take()
    }

    /// Inserts them if there is a row in `guard`, a table that has at most one.
    pub(super) fn insert_if_any(self, guard: &'static str) -> InsertStatement {
        let mut selects = self.rows.into_iter().map(|row| Query::select().exprs(row).from(guard).take());
        let mut rows = selects.next().unwrap_or_default();
        rows.unions(selects.map(|it| (UnionType::All, it)));
        let mut insert = Query::insert();
        insert.into_table(self.table).columns(self.columns);
        insert.select_from(rows).expect("there is a value for each column").take()
    }
}
