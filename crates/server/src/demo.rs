//! The whole story over real HTTP, with nothing else installed: a simulated Zammad, a SQLite file in a temporary
//! folder, and a stand-in for the site that people sign in at.

mod browser;
mod clock;
mod people;
mod site;
mod story;
mod world;

use anyhow::Context;

use self::world::World;
use crate::{command::Stop, configuration::LogConfiguration, telemetry};

/// Tells the story, and then stays up to be tried, unless it is only to be told once.
///
/// # Errors
///
/// When a step of the story does not go as told.
pub async fn run(once: bool, port: u16) -> anyhow::Result<()> {
    // The story speaks for itself: only what should not happen is logged besides.
    let log = LogConfiguration { filter: "off".to_owned(), ..LogConfiguration::default() };
    telemetry::begin(&log, None, None);
    let stop = Stop::listen()?;
    let world = World::start(port).await.context("the demo does not start")?;
    let told = tokio::select! {
        told = tell(&world, once) => told,
        () = stop.wanted() => Ok(()),
    };
    world.stop().await;
    told
}

async fn tell(world: &World, once: bool) -> anyhow::Result<()> {
    story::tell(world).await?;
    if !once {
        invite_to_try(world);
        std::future::pending::<()>().await;
    }
    Ok(())
}

fn invite_to_try(world: &World) {
    let admin = people::ADA.token_for(&world.keys);
    println!(
        "\nThe server stays up, two days ahead as the story left it; end it with Ctrl-C.\n\
         \n  API in the browser  {service}docs\
         \n  Sign in as anybody  {site}/login?next={service}docs\
         \n  The invite page     {link}\
         \n  The settings page   {service}admin/settings, for Ada: {site}/login?next={service}admin/settings\
         \n\nAsk as an administrator:\n\
         \n  curl -H 'Authorization: Bearer {admin}' {service}v1/plans\n",
        service = world.service_url,
        site = world.site_url,
        link = world.last_link(),
    );
}
