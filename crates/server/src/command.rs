//! What can be asked of the binary.

use std::{error::Error, path::PathBuf, sync::Arc};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use family_plan_error_reporting::Reporting;
use family_plan_traces::Traces;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    configuration::{LogConfiguration, Sources},
    demo, doctor, import, openapi_document, probe, serve,
    system::{SystemClock, SystemIds},
    telemetry,
    token::{TokenRequest, sign},
    zammad_command::ZammadCommand,
};

/// Family plans: who may share a subscription, through invites that a Zammad helpdesk mints.
#[derive(Debug, Parser)]
#[command(name = "family-plan", version)]
pub struct Arguments {
    /// A TOML file with the configuration; the environment (`FAMILY_PLAN__…`) goes over it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the pages.
    Serve,
    /// Walk through the whole story with a simulated Zammad, then stay up to be tried.
    Demo(DemoArguments),
    /// Bring the database's schema up to date.
    Migrate,
    /// Take over everything that is in another database, of whatever engine, into the configured one.
    Import(ImportArguments),
    /// Look at everything that the service needs, and say what is wrong and how to mend it. Changes nothing.
    Doctor,
    /// Ask the server that runs on this machine whether it can serve.
    Health,
    /// Print the OpenAPI document.
    Openapi,
    /// Pull Zammad's users, or check what works with it.
    #[command(subcommand)]
    Zammad(ZammadCommand),
    /// Print a development token, signed with the configured HS256 secret.
    Token(TokenRequest),
}

#[derive(Debug, Args)]
struct DemoArguments {
    /// End after the story, with exit code 0 if every step went as told.
    #[arg(long)]
    once: bool,
    /// The port to listen at; 0 takes any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

#[derive(Debug, Args)]
struct ImportArguments {
    /// The URL of the database to take over. It is only read; no server may be running on it.
    #[arg(long, value_name = "URL")]
    from: String,
}

impl Arguments {
    /// Does what was asked.
    ///
    /// # Errors
    ///
    /// When it cannot be done; the text is for the operator.
    pub async fn run(self) -> anyhow::Result<()> {
        let sources = || Sources::read(self.config.as_deref());
        match self.command {
            Command::Serve => serve_until_told(sources()?).await,
            Command::Demo(arguments) => demo::run(arguments.once, arguments.port).await,
            Command::Migrate => migrate(sources()?).await,
            Command::Import(ImportArguments { from }) => import::run(sources()?, &from).await,
            Command::Doctor => doctor::run(sources()?).await,
            Command::Health => probe::run(sources()?).await,
            Command::Openapi => {
                print!("{}", openapi_document()?);
                Ok(())
            }
            Command::Zammad(command) => Box::pin(command.run(sources()?)).await,
            Command::Token(request) => {
                println!("{}", sign(&sources()?.auth()?.identity, &request)?);
                Ok(())
            }
        }
    }
}

async fn serve_until_told(sources: Sources) -> anyhow::Result<()> {
    let mut configuration = sources.configuration()?;
    // Dropped last, however this ends: what is not reported yet is reported then.
    let reporting = configuration.sentry.take().map(Reporting::begin).transpose()?;
    let traces = configuration.traces.take().map(Traces::begin).transpose()?;
    telemetry::begin(&configuration.log, reporting.as_ref(), traces.as_ref());
    let stop = Stop::listen()?;
    let mut running = match serve::start(configuration, Arc::new(SystemClock), Arc::new(SystemIds)).await {
        Ok(running) => running,
        Err(err) => {
            tracing::error!(error = &err as &dyn Error, "the server does not start");
            return Err(err.into());
        }
    };
    tracing::info!(address = %running.address, "listening");
    tokio::select! {
        failed = running.failed() => return failed.context("the server failed"),
        () = stop.wanted() => (),
    }
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// Ctrl-C, or what a supervisor sends.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// From now on neither ends the process by itself.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be waited for");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Returns when one of them has come.
    pub(crate) async fn wanted(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
        }
    }
}

async fn migrate(sources: Sources) -> anyhow::Result<()> {
    telemetry::begin(&LogConfiguration::default(), None, None);
    let applied = serve::migrate(&sources.database()?).await?;
    if applied.is_empty() {
        println!("The schema is up to date.");
    } else {
        for name in applied {
            println!("Applied {name}.");
        }
    }
    Ok(())
}
