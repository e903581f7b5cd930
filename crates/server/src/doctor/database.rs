//! Whether the database can be used, and is as this version needs it.

use std::{fs, path::Path};

use family_plan_application::{EndpointSecrets, Readability};
use family_plan_domain::{Endpoint, ports::Endpoints};
use family_plan_persistence::{Database, Demands, Engine, Flaw};
use secrecy::ExposeSecret;

use super::clock::Clocks;
use crate::{
    check_up::{Line, with_causes},
    configuration::{DatabaseConfiguration, ServerConfiguration},
};

/// What the engine that the URL names is called.
pub(super) fn engine(configuration: &DatabaseConfiguration) -> &'static str {
    match configuration.url.expose_secret().split_once(':') {
        Some(("sqlite", _)) => "SQLite",
        Some(("mysql" | "mariadb", _)) => "MariaDB or MySQL",
        _ => "PostgreSQL",
    }
}

pub(super) async fn lines(
    configuration: &DatabaseConfiguration,
    webhook_limit: usize,
    server: &ServerConfiguration,
    clocks: &Clocks,
) -> Vec<Line> {
    let url = configuration.url.expose_secret();
    if let Some(file) = Database::sqlite_file(url) {
        let lines = file_lines(&file, url.contains("mode=rwc"));
        if !lines.is_empty() {
            return lines;
        }
    }
    let database = match Database::connect_read_only(url).await {
        Ok(database) => database,
        Err(err) => return vec![Line::broken("connection", format!("{}; {REACHING}", with_causes(&err)))],
    };
    let mut lines = vec![Line::works("connection", "it answers")];
    let demands = Demands { connections: configuration.max_connections, value_bytes: webhook_limit };
    match database.inspect(demands).await {
        Ok(inspection) => {
            lines.push(Line::works("version", inspection.version));
            lines.extend(inspection.flaws.into_iter().map(flaw));
            if let Some(now) = inspection.now {
                clocks.note("database", now);
            }
        }
        Err(err) => lines.push(Line::broken("version", with_causes(&err))),
    }
    match database.pending_migrations().await {
        Ok(pending) if pending.is_empty() => {
            lines.push(Line::works("schema", "is up to date"));
            lines.push(endpoints(&database, server, clocks).await);
        }
        Ok(pending) => {
            let migrates = database.engine() == Engine::Sqlite || configuration.auto_migrate;
            lines.push(lacking(pending.len(), migrates));
        }
        Err(err) => lines.push(Line::broken("schema", format!("{}; {LATER_VERSION}", with_causes(&err)))),
    }
    // It is gone with the process anyway.
    let _ = database.close().await;
    lines
}

const REACHING: &str = "check FAMILY_PLAN__DATABASE__URL: host and port, user, password, the database's name";
const LATER_VERSION: &str = "where a migration is missing, a later version was at this database: run that one, or restore \
                             a backup from before";

/// What is wrong with a file, or that there is none yet; nothing when the database in it can be looked at.
fn file_lines(file: &Path, makes: bool) -> Vec<Line> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (file_shown, folder_shown) = (file.display(), folder.display());
    if !folder.is_dir() {
        let mend = "make it, and let it belong to the user who serves";
        return vec![Line::broken("folder", format!("{folder_shown} is not there; {mend}"))];
    }
    if !is_writable(folder) {
        let mend = "SQLite keeps its log beside the file; let the folder belong to the user who serves";
        return vec![Line::broken("folder", format!("{folder_shown} cannot be written to; {mend}"))];
    }
    if !file.exists() {
        return vec![if makes {
            Line::works("file", format!("{file_shown} is not there yet; `serve` makes it"))
        } else {
            let mend = "append ?mode=rwc to FAMILY_PLAN__DATABASE__URL, and `serve` makes it";
            Line::broken("file", format!("{file_shown} is not there; {mend}"))
        }];
    }
    if fs::File::options().append(true).open(file).is_err() {
        let mend = "let it belong to the user who serves";
        return vec![Line::broken("file", format!("{file_shown} cannot be written to; {mend}"))];
    }
    Vec::new()
}

/// Whether this process may write there, whatever the reason.
fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
}

fn flaw(Flaw { is_fatal, text }: Flaw) -> Line {
    if is_fatal { Line::broken("settings", text) } else { Line::warning("settings", text) }
}

fn lacking(n: usize, migrates: bool) -> Line {
    let lacks = if n == 1 { "lacks 1 migration".to_owned() } else { format!("lacks {n} migrations") };
    if migrates {
        Line::warning("schema", format!("{lacks}; `serve` applies what is missing as it starts"))
    } else {
        let mend = "run `family-plan migrate`, or set FAMILY_PLAN__DATABASE__AUTO_MIGRATE=true";
        Line::broken("schema", format!("{lacks}; {mend}"))
    }
}

/// Whether the endpoints can be told of events with the keys that there are.
async fn endpoints(database: &Database, server: &ServerConfiguration, clocks: &Clocks) -> Line {
    const SUBJECT: &str = "endpoints";
    let endpoints = match database.endpoints().list().await {
        Ok(endpoints) => endpoints,
        Err(err) => return Line::broken(SUBJECT, with_causes(&err)),
    };
    let secrets = EndpointSecrets::new(&server.secret_key, &server.previous_secret_keys);
    let now = clocks.now();
    let counted = |wanted| endpoints.iter().filter(|it| secrets.readability(it, now) == wanted).count();
    let (n, n_unreadable, n_earlier) =
        (endpoints.len(), counted(Readability::Unreadable), counted(Readability::Earlier));
    let n_disabled = endpoints.iter().filter(|it: &&Endpoint| it.disabled.is_some()).count();
    if 0 < n_unreadable {
        let mend =
            "add the key they were sealed with to FAMILY_PLAN__SERVER__PREVIOUS_SECRET_KEYS, or rotate them";
        return Line::broken(SUBJECT, format!("the secrets of {n_unreadable} of {n} cannot be read; {mend}"));
    }
    if 0 < n_earlier {
        let mend = "they are sealed with the new one when the endpoint is told of an event";
        let need = "still need a key of FAMILY_PLAN__SERVER__PREVIOUS_SECRET_KEYS";
        return Line::warning(SUBJECT, format!("the secrets of {n_earlier} of {n} {need}; {mend}"));
    }
    if 0 < n_disabled {
        let mend = "`GET /v1/webhook-endpoints` says why; `PATCH` enables them again";
        return Line::warning(SUBJECT, format!("{n_disabled} of {n} are told nothing; {mend}"));
    }
    Line::works(SUBJECT, format!("the secrets of all {n} can be read"))
}
