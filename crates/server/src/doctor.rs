//! `family-plan doctor`: looks at everything that the service needs. Changes nothing, sends nothing, tells no secret.

mod clock;
mod database;
mod identity;
mod links;
mod sentry;
mod settings;

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use reqwest::redirect::Policy;
use tokio::join;

use self::clock::Clocks;
use crate::{
    check_up::{Line, Mark, print, with_causes},
    configuration::{Configuration, LogConfiguration, Sources},
    system::SystemClock,
    telemetry,
    zammad_command::check,
};

/// How long anybody may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says how everything is, and fails when something does not work that the service needs.
pub(crate) async fn run(sources: Sources) -> anyhow::Result<()> {
    // What is wrong is printed; it need not be in the log as well.
    telemetry::begin(
        &LogConfiguration { filter: "off".to_owned(), ..LogConfiguration::default() },
        None,
        None,
    );
    let configuration = match sources.configuration() {
        Ok(configuration) => configuration,
        Err(mistakes) => {
            let lines = mistakes.all().iter().map(|it| Line::broken(&*it.name, &*it.requirement));
            print("Configuration", &lines.collect::<Vec<_>>());
            bail!("the configuration has mistakes; nothing else was looked at");
        }
    };
    let http = reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).build()?;
    let clocks = Clocks::new(Arc::new(SystemClock));
    let mut marks = Vec::new();
    // All sections are looked at together, which takes more room than a stack is for.
    for (heading, lines) in Box::pin(look(configuration, &http, &clocks)).await {
        print(&heading, &lines);
        marks.extend(lines.iter().map(|it| it.mark));
    }
    let n_warnings = marks.iter().filter(|it| **it == Mark::Warning).count();
    if marks.contains(&Mark::Broken) {
        bail!("not everything works that the service needs");
    }
    match n_warnings {
        0 => println!("Everything is as it should be."),
        1 => println!("Everything works that the service needs; 1 thing should be looked at."),
        n => println!("Everything works that the service needs; {n} things should be looked at."),
    }
    Ok(())
}

/// What there is to say, section by section. None of them waits for another.
async fn look(
    configuration: Configuration,
    http: &reqwest::Client,
    clocks: &Clocks,
) -> Vec<(String, Vec<Line>)> {
    let zammad_url = configuration.zammad.url.clone();
    let settings = settings::lines(&configuration);
    let Configuration { server, links, database, auth, zammad, sentry, .. } = configuration;
    let engine = database::engine(&database);
    let webhook_limit = zammad.webhook.body_limit;
    let zammad_clock = clocks.ask("Zammad", http, &zammad_url);
    let (database, zammad, (), identity, sentry, links) = join!(
        database::lines(&database, webhook_limit, &server, clocks),
        check::look(zammad),
        zammad_clock,
        identity::lines(&auth.identity, auth.sign_in.as_ref(), http, clocks),
        sentry::lines(sentry.as_ref(), http),
        links::lines(&links, http),
    );
    let zammad = zammad.unwrap_or_else(|err| vec![Line::broken("connection", with_causes(&*err))]);
    vec![
        ("Configuration".to_owned(), settings),
        (format!("Database ({engine})"), database),
        (format!("Zammad at {zammad_url}"), zammad),
        ("Identity provider".to_owned(), identity),
        ("Links".to_owned(), links),
        ("Sentry".to_owned(), sentry),
        ("Clock".to_owned(), clocks.lines()),
    ]
}
