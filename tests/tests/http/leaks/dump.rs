//! All that is in a database.

use std::fs;

use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, PgConnection, Row, SqliteConnection};

use super::captures::Capture;
use crate::world::{Database, Engine};

/// The columns that there are: their table, and their name.
const SQLITE: &str =
    "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'";
const SERVERS: &str = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ";

/// Every column of every table; and of SQLite every byte of its files, which have more than what is in force.
pub(super) async fn dump(database: &Database) -> Vec<Capture> {
    match database.engine() {
        Engine::Sqlite => {
            let read = async |sql: String| -> Vec<(String, String)> {
                rows::<SqliteConnection>(&database.url, sql).await
            };
            let mut captures = columns(read, SQLITE.to_owned(), |table, column| {
                format!(r#"SELECT '', coalesce(hex("{column}"), '') FROM "{table}""#)
            })
            .await;
            captures.extend(files(database));
            captures
        }
        Engine::Postgres => {
            let read = async |sql: String| rows::<PgConnection>(&database.url, sql).await;
            columns(read, format!("{SERVERS}'public'"), |table, column| {
                format!(
                    r#"SELECT '', coalesce(encode(convert_to("{column}"::text, 'UTF8'), 'hex'), '') FROM "{table}""#
                )
            })
            .await
        }
        Engine::Mariadb => {
            let read = async |sql: String| rows::<MySqlConnection>(&database.url, sql).await;
            columns(read, format!("{SERVERS}database()"), |table, column| {
                format!("SELECT '', coalesce(hex(`{column}`), '') FROM `{table}`")
            })
            .await
        }
    }
}

/// What is in the files that a SQLite database is in.
pub(super) fn files(database: &Database) -> Vec<Capture> {
    let mut captures = Vec::new();
    for entry in fs::read_dir(database.folder()).unwrap() {
        captures.push(Capture::new("files", fs::read(entry.unwrap().path()).unwrap()));
    }
    captures
}

async fn columns(
    read: impl AsyncFn(String) -> Vec<(String, String)>,
    list: String,
    all_of: impl Fn(&str, &str) -> String,
) -> Vec<Capture> {
    let mut captures = Vec::new();
    for (table, column) in read(list).await {
        let values = read(all_of(&table, &column)).await;
        let values: Vec<Vec<u8>> = values.iter().map(|(_, it)| bytes_of(it)).collect();
        captures.push(Capture::new(format!("database/{table}.{column}"), values.join(&b'\n')));
    }
    captures
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digit = |it: u8| u8::try_from(char::from(it).to_digit(16).unwrap()).unwrap();
    hex.as_bytes().chunks(2).map(|it| it.iter().fold(0, |byte, it| byte * 16 + digit(*it))).collect()
}

async fn rows<C: Connection>(url: &str, sql: String) -> Vec<(String, String)>
where
    for<'a> &'a mut C: Executor<'a, Database = C::Database>,
    for<'a> String: sqlx::Decode<'a, C::Database> + sqlx::Type<C::Database>,
    usize: sqlx::ColumnIndex<<C::Database as sqlx::Database>::Row>,
{
    let mut connection = C::connect(url).await.unwrap();
    let rows = connection.fetch_all(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|it| (it.get_unchecked(0), it.get_unchecked(1))).collect()
}
