//! The story, chapter by chapter; each step is checked as it is told.

mod changing;
mod helpdesk;
mod joining;

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{
    browser::{Answer, Browser},
    people::{ALICE, Person},
    world::World,
};

/// How long what workers do may take, and how often to look.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// Tells the whole story.
///
/// # Errors
///
/// When a step does not go as told; it names the step.
pub(super) async fn tell(world: &World) -> anyhow::Result<()> {
    println!("family-plan at {}, a simulated Zammad at {}\n", world.service_url, world.zammad.url());
    let plan = joining::opening(world).await.context("opening a plan")?;
    let link = joining::inviting(world, &plan).await.context("inviting")?;
    joining::accepting(world, &link).await.context("accepting")?;
    let cara_link = joining::filling_up(world, &plan).await.context("filling the plan up")?;
    changing::detaching(world, &plan, &cara_link).await.context("detaching")?;
    changing::changing_settings(world, &plan).await.context("changing the settings")?;
    changing::failing_helpdesk(world, &plan).await.context("the helpdesk failing")?;
    changing::expiring(world, &plan).await.context("expiring")?;
    helpdesk::beside(world, &plan).await.context("beside the helpdesk")?;
    history(world, &plan).await.context("the history")?;
    println!("\nEverything went as told.");
    Ok(())
}

async fn history(world: &World, plan: &str) -> anyhow::Result<()> {
    chapter("What happened");
    let page = Browser::of(world, ALICE)?
        .get(&format!("v1/plans/{plan}/events?limit=100"))
        .await?
        .expect(200)?
        .json()?;
    let events = page["items"].as_array().context("no events")?;
    let count = |kind: &str| events.iter().filter(|it| it["type"] == kind).count();
    ensure!(count("member.joined") == 6 && count("member.detached") == 2, "{page}");
    let kinds = [
        "plan.created",
        "invite.created",
        "invite.accepted",
        "invite.revoked",
        "member.joined",
        "member.detached",
        "zammad_user.linked",
    ];
    let counts: Vec<String> = kinds.iter().map(|it| format!("{} {it}", count(it))).collect();
    step("  ", "History", &counts.join(", "));
    Ok(())
}

async fn issue(world: &World, plan: &str) -> anyhow::Result<String> {
    let answer = Browser::of(world, ALICE)?.post(&format!("v1/plans/{plan}/invites"), None).await?;
    text(&answer.expect(201)?.json()?, "url")
}

async fn accept(world: &World, link: &str, person: Person) -> anyhow::Result<Answer> {
    let code = link.rsplit('/').next().unwrap_or_default();
    Browser::of(world, person)?.post(&format!("v1/invites/{code}/accept"), None).await
}

/// Looks until `look` has found something: workers take a moment.
async fn seen<T>(what: &str, look: impl AsyncFn() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let looking = async {
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.with_context(|| format!("it never came about: {what}"))?
}

fn text(value: &Value, name: &str) -> anyhow::Result<String> {
    let text = value[name].as_str().with_context(|| format!("{name} is missing in {value}"))?;
    Ok(text.to_owned())
}

fn chapter(title: &str) {
    println!("\n{title}");
}

fn step(part: &str, title: &str, told: &str) {
    println!("  ✓ {part} {title}: {told}");
}
