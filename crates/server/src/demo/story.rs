//! The story, step by step; each step is checked as it is told.

use anyhow::{Context, ensure};
use family_plan_zammad_simulator::{Failure, Operation};
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

use super::{
    browser::{Answer, Browser},
    people::{ADA, ALICE, BILLING, BOB, CARA, DAN, EVE, FAY, GUS, Person},
    world::World,
};

/// Tells the whole story.
///
/// # Errors
///
/// When a step does not go as told; it names the step.
pub(super) async fn tell(world: &World) -> anyhow::Result<()> {
    println!("family-plan at {}, a simulated Zammad at {}\n", world.service_url, world.zammad.url());
    let plan = opening(world).await.context("opening a plan")?;
    let link = inviting(world, &plan).await.context("inviting")?;
    accepting(world, &link).await.context("accepting")?;
    let cara_link = filling_up(world, &plan).await.context("filling the plan up")?;
    detaching(world, &plan, &cara_link).await.context("detaching")?;
    changing_settings(world, &plan).await.context("changing the settings")?;
    failing_helpdesk(world, &plan).await.context("the helpdesk failing")?;
    expiring(world, &plan).await.context("expiring")?;
    history(world, &plan).await.context("the history")?;
    println!("\nEverything went as told.");
    Ok(())
}

async fn opening(world: &World) -> anyhow::Result<String> {
    chapter("A subscriber opens a plan");
    let settings = Browser::of(world, ADA)?.get("v1/settings").await?.expect(200)?.json()?;
    ensure!(settings["user_limit"] == 5 && settings["invite_ttl_seconds"] == 172_800);
    step(
        "14",
        "Settings",
        "one set of them: 5 seats a plan, the owner's included; invites live 172800 s (2 days)",
    );

    let billing = Browser::of(world, BILLING)?;
    for person in [BOB, CARA] {
        billing
            .call(
                Method::PUT,
                &format!("v1/users/{}", person.id),
                Some(json!({"individual_plan": "free"})),
                None,
            )
            .await?
            .expect(200)?;
    }
    let alice = Browser::of(world, ALICE)?;
    let plan = alice.post("v1/plans", Some(json!({"name": "The Hills"}))).await?.expect(201)?.json()?;
    ensure!(plan["used"] == 1 && plan["available"] == 4);
    step("  ", "Plan", "201: Alice owns “The Hills” and has the first of its 5 seats");
    text(&plan, "id")
}

async fn inviting(world: &World, plan: &str) -> anyhow::Result<String> {
    chapter("She invites somebody");
    let alice = Browser::of(world, ALICE)?;
    step("1 ", "Start of invite creation", &format!("POST /v1/plans/{plan}/invites"));
    let answer = alice.post(&format!("v1/plans/{plan}/invites"), None).await?.expect(201)?;
    let invite = answer.json()?;
    let seats = alice.get(&format!("v1/plans/{plan}/seats")).await?.expect(200)?.json()?;
    ensure!(seats["used"] == 1 && seats["held"] == 1);
    step(
        "2 ",
        "Capacity check",
        "1 seat used, 4 free: there is room; the invite holds a seat until it is used",
    );

    let name = format!("FamilyPlanInvite {}", text(&invite, "id")?);
    let tokens = world.zammad.tokens_named(&name);
    let [token] = &tokens[..] else {
        anyhow::bail!("Zammad should have one token named {name}, not {}", tokens.len());
    };
    ensure!(!answer.text.contains(&token.value), "the link must not carry Zammad's token");
    ensure!(token.permissions.is_empty(), "the token must open nothing");
    step(
        "4 ",
        "Token generation",
        &format!("Zammad minted “{name}”; it stays there, without any permission"),
    );

    let link = text(&invite, "url")?;
    step(
        "5 ",
        "End of invite creation",
        &format!("201, open until {}, and the link, shown once:", text(&invite, "expires_at")?),
    );
    println!("        {link}");
    Ok(link)
}

async fn accepting(world: &World, link: &str) -> anyhow::Result<()> {
    chapter("Bob opens the link");
    step("6 ", "Start of acceptance", "GET the link");
    let answer = Browser::anonymous(world)?.open(link).await?.expect(303)?;
    let login = answer.location.unwrap_or_default();
    ensure!(login.starts_with(&format!("{}/login?next=", world.site_url)), "{login}");
    step("7 ", "Authentication check", &format!("signed out, so 303 to {}", shortened(&login)));

    let bob = Browser::of(world, BOB)?;
    let page = bob.open(link).await?.expect(200)?;
    ensure!(
        page.text.contains("The Hills") && page.text.contains("Alice Hill") && page.text.contains("Bob Hill")
    );
    step("  ", "Invite page", "signed in as Bob: “Alice Hill invites you”, one button");
    let joined = bob.submit(link, &page).await?.expect(303)?;
    let me = bob.get("v1/me").await?.expect(200)?.json()?;
    ensure!(me["plan_in_force"]["kind"] == "family" && me["individual_plan"] == "free");
    step(
        "8 ",
        "Token validity",
        "valid: Bob is linked to the invite, it is used, the family's plan is in force for him",
    );
    ensure!(joined.location == Some(format!("{}/dashboard", world.site_url)));
    step("9 ", "Redirect afterwards", "303 to the dashboard");

    let code = link.rsplit('/').next().unwrap_or_default();
    Browser::of(world, GUS)?
        .post(&format!("v1/invites/{code}/accept"), None)
        .await?
        .refused(409, "invite_used")?;
    step("  ", "Refusal: used", "Gus found the same link: 409 invite_used");
    Ok(())
}

async fn filling_up(world: &World, plan: &str) -> anyhow::Result<String> {
    chapter("The plan fills up");
    let cara_link = issue(world, plan).await?;
    accept(world, &cara_link, CARA).await?.expect(200)?;
    for person in [DAN, EVE] {
        accept(world, &issue(world, plan).await?, person).await?.expect(200)?;
    }
    step("  ", "Seats", "Cara, Dan and Eve joined: 5 of 5 seats are used, after four acceptances");
    let minted = world.zammad.request_count(Operation::MintToken);
    let refused = Browser::of(world, ALICE)?.post(&format!("v1/plans/{plan}/invites"), None).await?;
    let problem = refused.refused(409, "plan_full")?;
    ensure!(problem["limit"] == 5 && problem["used"] == 5 && problem["held"] == 0);
    ensure!(world.zammad.request_count(Operation::MintToken) == minted, "Zammad must not be asked");
    step("3 ", "Full plan", "409 plan_full (limit 5, used 5, held 0); Zammad was not asked");
    Ok(cara_link)
}

async fn detaching(world: &World, plan: &str, cara_link: &str) -> anyhow::Result<()> {
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

async fn changing_settings(world: &World, plan: &str) -> anyhow::Result<()> {
    chapter("An administrator changes the limit");
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

async fn failing_helpdesk(world: &World, plan: &str) -> anyhow::Result<()> {
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

async fn expiring(world: &World, plan: &str) -> anyhow::Result<()> {
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
    ];
    let counts: Vec<String> = kinds.iter().map(|it| format!("{} {it}", count(it))).collect();
    step("  ", "History", &counts.join(", "));
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

async fn issue(world: &World, plan: &str) -> anyhow::Result<String> {
    let answer = Browser::of(world, ALICE)?.post(&format!("v1/plans/{plan}/invites"), None).await?;
    text(&answer.expect(201)?.json()?, "url")
}

async fn accept(world: &World, link: &str, person: Person) -> anyhow::Result<Answer> {
    let code = link.rsplit('/').next().unwrap_or_default();
    Browser::of(world, person)?.post(&format!("v1/invites/{code}/accept"), None).await
}

fn text(value: &Value, name: &str) -> anyhow::Result<String> {
    let text = value[name].as_str().with_context(|| format!("{name} is missing in {value}"))?;
    Ok(text.to_owned())
}

fn shortened(url: &str) -> String {
    url.chars().take(60).chain("…".chars()).collect()
}

fn chapter(title: &str) {
    println!("\n{title}");
}

fn step(part: &str, title: &str, told: &str) {
    println!("  ✓ {part} {title}: {told}");
}
