//! What an operator sets: a TOML file, then the environment over it; every mistake is named at once.

mod auth;
mod limits;
mod reader;
mod sections;

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use config::{Config, Environment, File, FileFormat};
use family_plan_error_reporting::ReportingConfig;
use family_plan_traces::TracesConfig;

use self::reader::Reader;
pub use self::sections::{
    DatabaseConfiguration, EventsConfiguration, LogConfiguration, LogFormat, ServerConfiguration,
    WebhookConfiguration, ZammadConfiguration,
};
pub use self::{
    auth::AuthConfiguration,
    limits::{LimitsConfiguration, Rates},
};
use crate::service::Links;

/// What environment variables begin with: `FAMILY_PLAN__SERVER__LISTEN` is `listen` in the section `server`.
const PREFIX: &str = "FAMILY_PLAN";
const SEPARATOR: &str = "__";

/// Everything that `serve` needs.
#[derive(Debug)]
pub struct Configuration {
    /// The server itself.
    pub server: ServerConfiguration,
    /// Where things are.
    pub links: Links,
    /// The database.
    pub database: DatabaseConfiguration,
    /// Who may ask.
    pub auth: AuthConfiguration,
    /// The helpdesk.
    pub zammad: ZammadConfiguration,
    /// Telling endpoints of events.
    pub events: EventsConfiguration,
    /// How much of what is enough.
    pub limits: LimitsConfiguration,
    /// Where failures are reported, if they are.
    pub sentry: Option<ReportingConfig>,
    /// Where traces are sent, if they are.
    pub traces: Option<TracesConfig>,
    /// The log.
    pub log: LogConfiguration,
}

/// What is wrong with the configuration: everything.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has mistakes:\n{}", list(.0))]
pub struct Mistakes(Vec<Mistake>);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The name as the environment has it.
    pub name: String,
    /// What it must be. Never the value, which may be a secret.
    pub requirement: String,
}

impl Mistakes {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Mistake] {
        &self.0
    }
}

fn list(mistakes: &[Mistake]) -> String {
    let lines = mistakes.iter().map(|it| format!("  {} {}", it.name, it.requirement));
    lines.collect::<Vec<_>>().join("\n")
}

/// The values that were set, by where they came from.
#[derive(Debug)]
pub struct Sources(Config);

/// Why the sources cannot be read. Never quotes the file, which can hold secrets.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableSources {
    /// The file is not there, or not to be read.
    #[error("the configuration file {} cannot be read", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// The file is no TOML.
    #[error("the configuration file {} is no TOML: see line {line}", .path.display())]
    NoToml {
        /// The file.
        path: PathBuf,
        /// The first line that cannot be read, from 1.
        line: usize,
    },
    /// The environment cannot be read.
    #[error("the environment cannot be read")]
    Environment(#[from] config::ConfigError),
}

impl Sources {
    /// The file, if one is named, and the environment.
    ///
    /// # Errors
    ///
    /// When the file is not there or no TOML.
    pub fn read(file: Option<&Path>) -> Result<Self, UnreadableSources> {
        let environment = Environment::with_prefix(PREFIX).prefix_separator(SEPARATOR).separator(SEPARATOR);
        Self::read_with(file, environment)
    }

    /// The file, if one is named, and these variables in the stead of the environment.
    ///
    /// # Errors
    ///
    /// When the file is not there or no TOML.
    pub fn read_from(
        file: Option<&Path>,
        variables: std::collections::HashMap<String, String>,
    ) -> Result<Self, UnreadableSources> {
        let environment = Environment::with_prefix(PREFIX)
            .prefix_separator(SEPARATOR)
            .separator(SEPARATOR)
            .source(Some(variables));
        Self::read_with(file, environment)
    }

    fn read_with(file: Option<&Path>, environment: Environment) -> Result<Self, UnreadableSources> {
        let mut sources = Config::builder();
        if let Some(file) = file {
            let text = fs::read_to_string(file).map_err(|err| UnreadableSources::File(file.into(), err))?;
            if let Err(err) = toml::from_str::<toml::Table>(&text) {
                let before = err.span().map_or("", |it| text.get(..it.start).unwrap_or_default());
                let line = before.lines().count().max(1);
                return Err(UnreadableSources::NoToml { path: file.into(), line });
            }
            sources = sources.add_source(File::from_str(&text, FileFormat::Toml));
        }
        Ok(Self(sources.add_source(environment).build()?))
    }

    /// Everything that `serve` needs.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], all of them.
    pub fn configuration(self) -> Result<Configuration, Mistakes> {
        self.check(|reader| {
            let server = sections::server(reader);
            let links = sections::links(reader);
            let database = sections::database(reader);
            let auth = auth::auth(reader, links.as_ref());
            let zammad = sections::zammad(reader);
            let events = sections::events(reader);
            let limits = limits::limits(reader);
            let sentry = sections::sentry(reader, server.as_ref());
            let traces = sections::traces(reader, links.as_ref());
            let log = sections::log(reader);
            reader.finish();
            let auth = auth?;
            let provider = auth.sign_in.as_ref().map(|it| it.provider.clone());
            Some(Configuration {
                server: server?,
                links: Links { provider, ..links? },
                database: database?,
                auth,
                zammad: zammad?,
                limits,
                events,
                sentry,
                traces,
                log,
            })
        })
    }

    /// What `migrate` needs.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], all of them.
    pub fn database(self) -> Result<DatabaseConfiguration, Mistakes> {
        self.check(sections::database)
    }

    /// What `health` needs: the address that the server listens at.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], all of them.
    pub fn listen(self) -> Result<SocketAddr, Mistakes> {
        self.check(|reader| Some(sections::listen(reader)))
    }

    /// What `zammad check` needs.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], all of them.
    pub fn zammad(self) -> Result<ZammadConfiguration, Mistakes> {
        self.check(sections::zammad)
    }

    /// What `zammad sync` needs.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], all of them.
    pub fn database_and_zammad(self) -> Result<(DatabaseConfiguration, ZammadConfiguration), Mistakes> {
        self.check(|reader| {
            let (database, zammad) = (sections::database(reader), sections::zammad(reader));
            Some((database?, zammad?))
        })
    }

    /// What `token` needs.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], all of them.
    pub fn auth(self) -> Result<AuthConfiguration, Mistakes> {
        self.check(|reader| auth::auth(reader, None))
    }

    fn check<T>(self, read: impl FnOnce(&mut Reader) -> Option<T>) -> Result<T, Mistakes> {
        let mut reader = Reader::new(self.0);
        let read = read(&mut reader);
        match read {
            Some(read) if reader.mistakes.is_empty() => Ok(read),
            _ => Err(Mistakes(reader.mistakes)),
        }
    }
}
