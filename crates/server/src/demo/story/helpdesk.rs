//! What comes from the helpdesk, who is who there, and what its people see.

use anyhow::{Context, ensure};
use family_plan_zammad_simulator::{NewTicket, NewUser};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Browser, chapter, seen, step, text};
use crate::demo::{
    people::{ADA, ALICE, BILLING, BOB},
    world::{PLAN_ATTRIBUTE, World},
};

pub(super) async fn beside(world: &World, plan: &str) -> anyhow::Result<()> {
    chapter("Beside the helpdesk");
    let bob = delivering(world).await.context("delivering")?;
    associating(world, bob).await.context("associating")?;
    showing(world, plan, bob).await.context("showing the plan")?;
    sweeping(world, plan).await.context("sweeping")
}

/// Answers who Bob is at the helpdesk.
async fn delivering(world: &World) -> anyhow::Result<u64> {
    let customer = NewUser::customer("bob@example.com").named("Bob", "Hill");
    let bob = world.zammad.add_user(customer).id;
    let ticket = world.zammad.add_ticket(NewTicket::of(bob).titled("May my sister join, too?"));
    let deliveries = world.zammad.wait_for_deliveries().await;
    let delivery = deliveries.last().and_then(|it| it.attempts.first()).context("nothing was delivered")?;
    ensure!(delivery.status == Some(202), "{:?}", delivery.status);
    let billing = Browser::of(world, BILLING)?;
    let path = format!("v1/zammad/users/{bob}");
    let known = seen("the user is known", async || {
        let answer = billing.get(&path).await?;
        if answer.status == 404 { Ok(None) } else { Ok(Some(answer.expect(200)?.json()?)) }
    })
    .await?;
    ensure!(known["email"] == "bob@example.com" && known["active"] == true, "{known}");
    step(
        "17",
        "Data flow from Zammad",
        &format!(
            "Bob opens ticket {}; its webhook is answered 202, and Zammad's user {bob} is known here: {} {}, {}",
            ticket.number,
            text(&known, "firstname")?,
            text(&known, "lastname")?,
            text(&known, "email")?,
        ),
    );

    let anonymous = Browser::anonymous(world)?;
    let mut forged = delivery.request.clone();
    forged.body = String::from_utf8(forged.body)?.replace("bob@example.com", "eve@example.com").into_bytes();
    anonymous.deliver(&forged).await?.refused(401, "webhook_signature_invalid")?;
    anonymous.deliver(&delivery.request).await?.expect(202)?;
    let listed = Browser::of(world, ADA)?.get("v1/zammad/deliveries").await?.expect(200)?.json()?;
    ensure!(listed["items"].as_array().is_some_and(|it| it.len() == 1), "{listed}");
    step(
        "18",
        "Webhook verification",
        "with another address in it, the same delivery is 401 webhook_signature_invalid; sent twice, it counts once",
    );
    Ok(bob)
}

async fn associating(world: &World, bob: u64) -> anyhow::Result<()> {
    let browser = Browser::of(world, BOB)?;
    seen("Bob is associated", async || {
        let me = browser.get("v1/me").await?.expect(200)?.json()?;
        Ok((me["zammad_user_id"] == bob).then_some(()))
    })
    .await?;
    step(
        "19",
        "Associating users",
        &format!(
            "nobody but user {bob} has the address that Bob has verified, so it is him: GET /v1/me says so"
        ),
    );
    let alice = world.zammad.add_user(NewUser::customer("a.hill@work.example").named("Alice", "Hill")).id;
    let linked = Browser::of(world, BILLING)?
        .call(
            Method::PUT,
            &format!("v1/users/{}/zammad-user", ALICE.id),
            Some(json!({"zammad_user_id": alice})),
            None,
        )
        .await?
        .expect(200)?
        .json()?;
    ensure!(linked["zammad_user_id"] == alice, "{linked}");
    step(
        "19",
        "Associating users",
        &format!(
            "Alice has another address there: the billing service says that she is user {alice}, by a PUT"
        ),
    );
    Ok(())
}

async fn showing(world: &World, plan: &str, bob: u64) -> anyhow::Result<()> {
    let known = Browser::of(world, BILLING)?.get(&format!("v1/zammad/users/{bob}")).await?;
    let known = known.expect(200)?.json()?;
    ensure!(known["user_id"] == "bob" && known["plan"]["plan_id"] == plan, "{known}");
    let expected = format!("family: The Hills ({plan})");
    seen("the plan is shown in Zammad", async || {
        let bob = world.zammad.user("bob@example.com").context("Bob is gone")?;
        Ok((bob.details.get(PLAN_ATTRIBUTE) == Some(&Value::from(expected.as_str()))).then_some(()))
    })
    .await?;
    step("  ", "Support agents", &format!("see beside Bob's ticket: “{expected}”"));
    Ok(())
}

async fn sweeping(world: &World, plan: &str) -> anyhow::Result<()> {
    let alice = Browser::of(world, ALICE)?;
    let invites = async |state: &str| -> anyhow::Result<Vec<String>> {
        let path = format!("v1/plans/{plan}/invites?state={state}");
        let page = alice.get(&path).await?.expect(200)?.json()?;
        let invites = page["items"].as_array().context("no invites")?;
        invites.iter().map(|it| Ok(format!("FamilyPlanInvite {}", text(it, "id")?))).collect()
    };
    let (used, open) = (invites("used").await?, invites("open").await?);
    let is_there = |name: &String| !world.zammad.tokens_named(name).is_empty();
    seen("the tokens are swept", async || Ok((!used.iter().any(is_there)).then_some(()))).await?;
    ensure!(open.iter().any(is_there), "the token of an open invite must stay");
    step(
        "  ",
        "Sweeping",
        &format!("the tokens of {} used invites are gone from Zammad; open ones keep theirs", used.len()),
    );
    Ok(())
}
