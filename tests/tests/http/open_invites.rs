//! A plan has only so many open invites, where seats are no bound.

use serde_json::json;
use time::Duration;

use crate::{
    client::Invite,
    world::{Engine, World, engines},
};

engines!(capped: open_invites_are_capped);

impl World {
    /// One server under which a plan has three open invites at most.
    async fn capped(engine: Engine) -> Self {
        Self::with(engine, &[("LIMITS__OPEN_INVITES_PER_PLAN", "3")]).await
    }
}

async fn open_invites_are_capped(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    world.admin().sets(&json!({"pending_invites_hold_seats": false})).await;
    let mut invites = Vec::new();
    for _ in 0..3 {
        invites.push(ann.invites(&plan).await);
    }
    let n_minted = world.zammad.tokens().len();
    for caller in [&ann, &world.admin(), &world.service()] {
        caller.post(&path).await.problem(409, "too_many_invites");
    }
    assert_eq!(world.zammad.tokens().len(), n_minted, "the helpdesk was not asked");

    let again = |id: &str| format!("{path}/{id}/resend");
    let resent = Invite::of(&ann.post(&again(&invites[0].id)).await.ok(201));
    ann.post(&again(&invites[0].id)).await.problem(409, "too_many_invites");
    ann.delete(&format!("{path}/{}", resent.id)).await.ok(204);
    ann.post(&again(&invites[0].id)).await.ok(201);
    ann.post(&path).await.problem(409, "too_many_invites");

    // One that is accepted, or has expired, is not open.
    world.user("bob").accepts(&invites[1].code).await.ok(200);
    ann.invites(&plan).await;
    world.advance(Duration::days(2));
    ann.invites(&plan).await;

    // That there is no seat is said first.
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 2})).await.ok(200);
    ann.post(&path).await.problem(409, "plan_full");
}
