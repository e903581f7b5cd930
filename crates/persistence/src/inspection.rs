//! What a database server is like, and what of that the service cannot or should not live with. Writes nothing.

use family_plan_domain::ports::StoreError;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use time::OffsetDateTime;

use crate::{
    Database, Engine,
    error::{InColumn, SqlError},
    instant::from_millis,
};

const POSTGRES: &str = "
    SELECT current_setting('server_version') AS version,
        current_setting('server_encoding') AS encoding,
        CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT) AS now,
        pg_is_in_recovery() AS is_replica,
        current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off' AS is_durable,
        CAST(current_setting('max_connections') AS BIGINT)
            - CAST(current_setting('superuser_reserved_connections') AS BIGINT) AS connections,
        COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE) AS may_create,
        (SELECT has_table_privilege(it, 'SELECT') AND has_table_privilege(it, 'INSERT')
            AND has_table_privilege(it, 'UPDATE') AND has_table_privilege(it, 'DELETE')
            FROM to_regclass('plans') AS it WHERE it IS NOT NULL) AS may_write";

const MYSQL: &str = "
    SELECT VERSION() AS version,
        CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS now,
        CAST(@@GLOBAL.read_only AS SIGNED) AS is_read_only,
        CAST(@@GLOBAL.innodb_flush_log_at_trx_commit AS SIGNED) AS flushes,
        CAST(@@GLOBAL.max_connections AS SIGNED) AS connections,
        CAST(@@GLOBAL.max_allowed_packet AS SIGNED) AS packet,
        CAST(@@GLOBAL.default_storage_engine AS CHAR) AS storage";

const SQLITE: &str = "SELECT sqlite_version() AS version";
/// Says `ok`, or the first thing that is wrong.
const SQLITE_CHECK: &str = "PRAGMA quick_check(1)";

const MARIADB_SINCE: (u32, u32) = (10, 6);
const MYSQL_SINCE: (u32, u32) = (8, 0);

/// What the service will ask of a database.
#[derive(Clone, Copy, Debug)]
pub struct Demands {
    /// How many connections one process opens at most.
    pub connections: u32,
    /// The largest value that is written, in bytes.
    pub value_bytes: usize,
}

/// What a database is like.
#[derive(Debug)]
pub struct Inspection {
    /// The version of its engine, in the engine's own words.
    pub version: String,
    /// What its clock says; `None` when it has none but this machine's.
    pub now: Option<OffsetDateTime>,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
}

/// Something that is wrong with a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Whether the service cannot work with it, or only should not.
    pub is_fatal: bool,
    /// What is wrong, and how to mend it.
    pub text: String,
}

impl Database {
    /// Looks what it is like, for a service that demands this of it.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn inspect(&self, demands: Demands) -> Result<Inspection, StoreError> {
        let inspected = match self.engine() {
            Engine::Sqlite => self.inspect_sqlite().await,
            Engine::Postgres => self.inspect_postgres(demands).await,
            Engine::MySql => self.inspect_mysql(demands).await,
        };
        Ok(inspected?)
    }

    async fn inspect_sqlite(&self) -> Result<Inspection, SqlError> {
        let SqliteFacts { version } = self.facts(SQLITE).await?;
        let SqliteCheck { quick_check } = self.facts(SQLITE_CHECK).await?;
        let is_damaged = quick_check != "ok";
        let damage = || format!("the file is damaged ({quick_check}); restore it from a backup");
        let flaws = is_damaged.then(|| fatal(damage()));
        Ok(Inspection { version, now: None, flaws: flaws.into_iter().collect() })
    }

    async fn inspect_postgres(&self, demands: Demands) -> Result<Inspection, SqlError> {
        let facts: PostgresFacts = self.facts(POSTGRES).await?;
        let now = from_millis(facts.now).in_column("now")?;
        Ok(Inspection { flaws: facts.flaws(demands), version: facts.version, now: Some(now) })
    }

    async fn inspect_mysql(&self, demands: Demands) -> Result<Inspection, SqlError> {
        let facts: MySqlFacts = self.facts(MYSQL).await?;
        let now = from_millis(facts.now).in_column("now")?;
        Ok(Inspection { flaws: facts.flaws(demands), version: facts.version, now: Some(now) })
    }

    async fn facts<T: FromQueryResult>(&self, sql: &str) -> Result<T, SqlError> {
        let statement = Statement::from_string(self.reader().get_database_backend(), sql);
        let row = self.reader().query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("what the database is like".to_owned()))?;
        Ok(T::from_query_result(&row, "")?)
    }
}

#[derive(FromQueryResult)]
struct SqliteFacts {
    version: String,
}

#[derive(FromQueryResult)]
struct SqliteCheck {
    quick_check: String,
}

#[derive(FromQueryResult)]
struct PostgresFacts {
    version: String,
    encoding: String,
    now: i64,
    is_replica: bool,
    is_durable: bool,
    connections: i64,
    may_create: bool,
    /// `None` when the tables are not there yet.
    may_write: Option<bool>,
}

impl PostgresFacts {
    fn flaws(&self, demands: Demands) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        if self.encoding != "UTF8" {
            let encoding = &self.encoding;
            flaws.push(fatal(format!("its encoding is {encoding}; make it with ENCODING 'UTF8'")));
        }
        if self.is_replica {
            flaws.push(fatal(
                "it is a replica that only reads; name the primary in FAMILY_PLAN__DATABASE__URL",
            ));
        }
        match (self.may_write, self.may_create) {
            (Some(false), _) => {
                flaws.push(fatal("the user may not write to the tables; let it own them (REASSIGN OWNED)"));
            }
            (None, false) => flaws.push(fatal("the user may not make tables; let it own the database")),
            _ => (),
        }
        if !self.is_durable {
            flaws.push(warning(
                "what was answered can be lost when it crashes; turn fsync and synchronous_commit on",
            ));
        }
        flaws.extend(too_few(self.connections, demands));
        flaws
    }
}

#[derive(FromQueryResult)]
struct MySqlFacts {
    version: String,
    now: i64,
    is_read_only: i64,
    flushes: i64,
    connections: i64,
    packet: i64,
    storage: String,
}

impl MySqlFacts {
    fn flaws(&self, demands: Demands) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        let is_mariadb = self.version.contains("MariaDB");
        let (name, since) = if is_mariadb { ("MariaDB", MARIADB_SINCE) } else { ("MySQL", MYSQL_SINCE) };
        if numbers(&self.version).is_some_and(|it| it < since) {
            flaws.push(fatal(format!("{name} {}.{} is the oldest that will do", since.0, since.1)));
        }
        if self.is_read_only != 0 {
            flaws.push(fatal(
                "it only reads; name the primary in FAMILY_PLAN__DATABASE__URL, or turn read_only off",
            ));
        }
        if self.storage != "InnoDB" {
            let storage = &self.storage;
            flaws.push(fatal(format!("new tables would be {storage}; set default_storage_engine to InnoDB")));
        }
        if self.flushes != 1 {
            flaws.push(warning(
                "what was answered can be lost when it crashes; set innodb_flush_log_at_trx_commit to 1",
            ));
        }
        if usize::try_from(self.packet).is_ok_and(|it| it <= demands.value_bytes) {
            let (packet, wanted) = (self.packet, demands.value_bytes);
            flaws.push(warning(format!(
                "max_allowed_packet is {packet} bytes, and webhooks' deliveries may have {wanted}; raise it, or lower \
                 FAMILY_PLAN__ZAMMAD__WEBHOOK_BODY_LIMIT_BYTES"
            )));
        }
        flaws.extend(too_few(self.connections, demands));
        flaws
    }
}

fn too_few(connections: i64, demands: Demands) -> Option<Flaw> {
    let wanted = demands.connections;
    (connections < i64::from(wanted)).then(|| {
        warning(format!(
            "it takes {connections} connections, and each process may open {wanted}; raise max_connections, or lower \
             FAMILY_PLAN__DATABASE__MAX_CONNECTIONS"
        ))
    })
}

/// The first two numbers of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(|it: char| !it.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn fatal(text: impl Into<String>) -> Flaw {
    Flaw { is_fatal: true, text: text.into() }
}

fn warning(text: impl Into<String>) -> Flaw {
    Flaw { is_fatal: false, text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMANDS: Demands = Demands { connections: 10, value_bytes: 5 * 1_024 * 1_024 };

    fn postgres() -> PostgresFacts {
        PostgresFacts {
            version: "17.2".to_owned(),
            encoding: "UTF8".to_owned(),
            now: 0,
            is_replica: false,
            is_durable: true,
            connections: 97,
            may_create: true,
            may_write: None,
        }
    }

    fn mysql() -> MySqlFacts {
        MySqlFacts {
            version: "10.11.6-MariaDB-0+deb12u1".to_owned(),
            now: 0,
            is_read_only: 0,
            flushes: 1,
            connections: 151,
            packet: 16 * 1_024 * 1_024,
            storage: "InnoDB".to_owned(),
        }
    }

    /// Whether each flaw is fatal, and a word of its text.
    fn judged(flaws: &[Flaw], expected: &[(bool, &str)]) {
        assert_eq!(flaws.len(), expected.len(), "{flaws:?}");
        for (flaw, (is_fatal, word)) in flaws.iter().zip(expected) {
            assert_eq!(flaw.is_fatal, *is_fatal, "{flaw:?}");
            assert!(flaw.text.contains(word), "{flaw:?}");
        }
    }

    #[test]
    fn nothing_is_wrong_with_the_usual_settings() {
        judged(&postgres().flaws(DEMANDS), &[]);
        judged(&PostgresFacts { may_create: false, may_write: Some(true), ..postgres() }.flaws(DEMANDS), &[]);
        judged(&mysql().flaws(DEMANDS), &[]);
        judged(&MySqlFacts { version: "8.4.3".to_owned(), ..mysql() }.flaws(DEMANDS), &[]);
    }

    #[test]
    fn each_setting_of_postgresql_that_matters_is_looked_at() {
        let latin = PostgresFacts { encoding: "LATIN1".to_owned(), is_replica: true, ..postgres() };
        judged(&latin.flaws(DEMANDS), &[(true, "encoding"), (true, "primary")]);
        let reader = PostgresFacts { may_write: Some(false), is_durable: false, ..postgres() };
        judged(&reader.flaws(DEMANDS), &[(true, "write"), (false, "fsync")]);
        let small = PostgresFacts { may_create: false, connections: 9, ..postgres() };
        judged(&small.flaws(DEMANDS), &[(true, "make tables"), (false, "max_connections")]);
    }

    #[test]
    fn each_setting_of_mysql_that_matters_is_looked_at() {
        let old = MySqlFacts { version: "10.5.29-MariaDB".to_owned(), is_read_only: 1, ..mysql() };
        judged(&old.flaws(DEMANDS), &[(true, "MariaDB 10.6"), (true, "read_only")]);
        let old = MySqlFacts { version: "5.7.44".to_owned(), storage: "MyISAM".to_owned(), ..mysql() };
        judged(&old.flaws(DEMANDS), &[(true, "MySQL 8.0"), (true, "InnoDB")]);
        let small = MySqlFacts { flushes: 2, packet: 5 * 1_024 * 1_024, connections: 9, ..mysql() };
        let expected = [
            (false, "innodb_flush_log_at_trx_commit"),
            (false, "max_allowed_packet"),
            (false, "max_connections"),
        ];
        judged(&small.flaws(DEMANDS), &expected);
    }
}
