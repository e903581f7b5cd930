//! People leave, the limit changes, the helpdesk fails, and time passes.

use anyhow::{Context, ensure};
use family_plan_zammad_simulator::Failure;
use reqwest::Method;
use serde_json::json;
use time::Duration;

use super::{Browser, accept, chapter, issue, step, text};
use crate::demo::{
    people::{ADA, ALICE, CARA, FAY, GUS},
    world::World,
};

pub(super) async fn detaching(world: &World, plan: &str, cara_link: &str) -> anyhow::Result<()> {
    chapter("Somebody leaves");
    let alice = Browser::of(world, ALICE)?;
    alice.delete(&format!("v1/plans/{plan}/members/alice")).await?.refused(409, "owner_cannot_leave")?;
    step("  ", "Refusal: the owner", "409 owner_cannot_leave: Alice may hand the plan over, or close it");

    step("10", "Start of detachment", "DELETE /v1/plans/…/members/cara, by Alice");
    let detachment = alice.delete(&format!("v1/plans/{plan}/members/cara")).await?.expect(200)?.json()?;
    let invite = text(&detachment, "invite_id")?;
    step("11", "Detachment", &format!("Cara came by invite {invite}"));
    ensure!(detachment["invite_state"] == "open");
    step(
        "12",
        "Resetting the invite",
        "unused again until its original expiry, holding no seat; for Cara it is 403 invite_barred",
    );
    accept(world, cara_link, CARA).await?.refused(403, "invite_barred")?;
    ensure!(detachment["plan_in_force"] == json!({"kind": "individual", "code": "free"}));
    step("13", "End of detachment", "Cara's own plan, “free”, is in force again; an event says so");
    Ok(())
}

pub(super) async fn changing_settings(world: &World, plan: &str) -> anyhow::Result<()> {
    chapter("An administrator changes the limit");
    let ada = Browser::of(world, ADA)?;
    let page = ada.open(&format!("{}admin/settings", world.service_url)).await?.expect(200)?;
    ensure!(page.text.contains("<h1>Settings</h1>"), "{}", page.text);
    let mut settings = ada.get("v1/settings").await?.expect(200)?.json()?;
    settings["user_limit"] = 3.into();
    let preview = ada.post("v1/settings/preview", Some(settings)).await?.expect(200)?.json()?;
    ensure!(preview == json!({"plans_over_limit": 1, "people_over_limit": 1}), "{preview}");
    step(
        "15",
        "Settings in the admin",
        "GET /admin/settings, by Ada; a preview tells her that with limit 3 one plan has a person too many",
    );
    limit_everybody_to(world, 3).await?;
    let alice = Browser::of(world, ALICE)?;
    let problem = alice.post(&format!("v1/plans/{plan}/invites"), None).await?.refused(409, "plan_full")?;
    ensure!(problem["limit"] == 3 && problem["used"] == 4);
    step("16", "Dynamic access", "limit 3: the very next invite is refused; the 4 people in the plan stay");
    limit_everybody_to(world, 6).await?;
    let link = issue(world, plan).await?;
    accept(world, &link, FAY).await?.expect(200)?;
    step("16", "Dynamic access", "limit 6: the very next invite is issued, and Fay joins by it");
    Ok(())
}

pub(super) async fn failing_helpdesk(world: &World, plan: &str) -> anyhow::Result<()> {
    chapter("Zammad is down");
    world.zammad.fail(Failure::Html502);
    let alice = Browser::of(world, ALICE)?;
    let answer = alice.post(&format!("v1/plans/{plan}/invites"), None).await?;
    answer.refused(503, "zammad_unavailable")?;
    let retry_after = answer.retry_after.context("Retry-After is missing")?;
    let seats = alice.get(&format!("v1/plans/{plan}/seats")).await?.expect(200)?.json()?;
    ensure!(seats["held"] == 0);
    step(
        "4 ",
        "Token generation",
        &format!("fails: 503 zammad_unavailable, Retry-After: {retry_after}; no seat is held"),
    );
    alice.delete(&format!("v1/plans/{plan}/members/dan")).await?.expect(200)?;
    world.zammad.recover();
    step("  ", "Meanwhile", "Dan is detached all the same: only issuing needs Zammad");
    Ok(())
}

pub(super) async fn expiring(world: &World, plan: &str) -> anyhow::Result<()> {
    chapter("Two days pass");
    let link = issue(world, plan).await?;
    world.clock.move_by(Duration::days(2));
    let page = Browser::of(world, GUS)?.open(&link).await?;
    ensure!(page.status == 410 && page.text.contains("expired"), "{} {}", page.status, page.text);
    accept(world, &link, GUS).await?.refused(410, "invite_expired")?;
    step(
        "8 ",
        "Token validity",
        "expired: 410 invite_expired, and a page that says so; its seat is free again",
    );
    world.keep_link(&issue(world, plan).await?);
    Ok(())
}

async fn limit_everybody_to(world: &World, limit: u32) -> anyhow::Result<()> {
    let ada = Browser::of(world, ADA)?;
    let current = ada.get("v1/settings").await?.expect(200)?;
    let etag = current.etag.clone().context("the settings have no ETag")?;
    let mut settings = current.json()?;
    settings["user_limit"] = limit.into();
    ada.call(Method::PUT, "v1/settings", Some(settings), Some(&etag)).await?.expect(200)?;
    Ok(())
}
