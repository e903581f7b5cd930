//! A plan is opened, and people join it until it is full.

use anyhow::ensure;
use family_plan_zammad_simulator::Operation;
use reqwest::Method;
use serde_json::json;

use super::{Browser, accept, chapter, issue, step, text};
use crate::demo::{
    people::{ADA, ALICE, BILLING, BOB, CARA, DAN, EVE, GUS},
    world::World,
};

pub(super) async fn opening(world: &World) -> anyhow::Result<String> {
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

pub(super) async fn inviting(world: &World, plan: &str) -> anyhow::Result<String> {
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

pub(super) async fn accepting(world: &World, link: &str) -> anyhow::Result<()> {
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

pub(super) async fn filling_up(world: &World, plan: &str) -> anyhow::Result<String> {
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

fn shortened(url: &str) -> String {
    url.chars().take(60).chain("…".chars()).collect()
}
