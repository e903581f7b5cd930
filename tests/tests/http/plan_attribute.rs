//! What the people at the helpdesk see of a customer's plan.

use family_plan_server::configuration::Sources;
use family_plan_zammad_simulator::{Config, Failure, Operation, Simulator};
use serde_json::{Value, json};
use time::Duration;

use crate::{
    client::{Caller, http_client},
    jwt::hs256,
    links::{customer, link, pull, unlink},
    program::Serving,
    waiting::eventually,
    world::{Database, Engine, World, clock_and_zammad, engines, settings},
};

const NAME: &str = "plan_code";
const CONFIGURED: (&str, &str) = ("ZAMMAD__PLAN_ATTRIBUTE", NAME);

engines!(telling_plans:
    the_helpdesk_sees_the_plan_in_force_whatever_changes_it,
    what_the_helpdesk_did_not_take_is_told_again,
    a_full_pull_repairs_what_somebody_wrote_there,
);

impl World {
    /// One server, which tells plans to a helpdesk that has an attribute for them.
    async fn telling_plans(engine: Engine) -> Self {
        let (clock, zammad) = clock_and_zammad(Config::default());
        assert!(zammad.add_user_attribute(NAME));
        Self::with_zammad(engine, &[CONFIGURED], clock, zammad).await
    }
}

/// What the people at the helpdesk see of a user.
fn line(world: &World, zammad_user: u64) -> String {
    let users = world.zammad.users();
    let user = users.iter().find(|it| it.id == zammad_user).unwrap();
    user.details.get(NAME).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Waits until they see these.
async fn shown<const N: usize>(world: &World, expected: [(u64, &str); N]) {
    let what = format!("{expected:?}");
    eventually(&what, async || expected.iter().all(|(id, text)| line(world, *id) == *text)).await;
}

/// Somebody of the helpdesk who stands for `user`, who has a plan alone.
async fn known(world: &World, user: &str) -> u64 {
    let service = world.service();
    service.put(&format!("/v1/users/{user}"), &json!({"individual_plan": "free"})).await.ok(200);
    let id = customer(world, &format!("{user}@example.org"));
    link(&service, user, id).await.ok(200);
    id
}

async fn the_helpdesk_sees_the_plan_in_force_whatever_changes_it(world: &World) {
    let service = world.service();
    let (ann, bob) = (known(world, "ann").await, known(world, "bob").await);
    shown(world, [(ann, "individual: free"), (bob, "individual: free")]).await;

    let owner = world.user("ann");
    let plan = owner.opens("The Hills").await;
    world.joins("bob", &owner, &plan).await;
    let family = format!("family: The Hills ({plan})");
    shown(world, [(ann, &family), (bob, &family)]).await;

    owner.patch(&format!("/v1/plans/{plan}"), &json!({"name": "The Dales"})).await.ok(200);
    service.put("/v1/users/bob", &json!({"individual_plan": "pro"})).await.ok(200);
    let family = format!("family: The Dales ({plan})");
    shown(world, [(ann, &family), (bob, &family)]).await;

    owner.detaches(&plan, "bob").await.ok(200);
    unlink(&service, "ann").await;
    shown(world, [(ann, ""), (bob, "individual: pro")]).await;

    // Another one stands for her, and the one from before for somebody else.
    let other = customer(world, "ann.hill@example.org");
    link(&service, "ann", other).await.ok(200);
    link(&service, "cid", ann).await.ok(200);
    service.put("/v1/users/cid", &json!({"individual_plan": "basic"})).await.ok(200);
    service.put("/v1/users/bob", &json!({"individual_plan": null})).await.ok(200);
    shown(world, [(other, &family), (ann, "individual: basic"), (bob, "")]).await;

    owner.delete(&format!("/v1/plans/{plan}")).await.ok(204);
    shown(world, [(other, "individual: free")]).await;
}

async fn what_the_helpdesk_did_not_take_is_told_again(world: &World) {
    world.zammad.fail_on(&[Operation::UpdateUser], Failure::TooManyRequests { retry_after: None });
    let bob = known(world, "bob").await;
    // More often than it tries at once.
    eventually("it is tried again", async || {
        world.advance(Duration::SECOND);
        3 < world.zammad.request_count(Operation::UpdateUser)
    })
    .await;
    world.zammad.recover();
    eventually("the plan is told", async || {
        world.advance(Duration::SECOND);
        line(world, bob) == "individual: free"
    })
    .await;
}

async fn a_full_pull_repairs_what_somebody_wrote_there(world: &World) {
    let (ann, bob) = (known(world, "ann").await, known(world, "bob").await);
    shown(world, [(ann, "individual: free"), (bob, "individual: free")]).await;
    let nobody = customer(world, "nobody@example.org");
    for id in [ann, nobody] {
        world.zammad.edit_user(id, |it| drop(it.details.insert(NAME.to_owned(), json!("gold"))));
    }
    world.zammad.edit_user(bob, |it| drop(it.details.insert(NAME.to_owned(), Value::Null)));
    pull(world).await;
    shown(world, [(ann, "individual: free"), (bob, "individual: free")]).await;
    assert_eq!(line(world, nobody), "gold", "of whom nothing is known, nothing is told");
    // What is right is left alone.
    world.zammad.forget_requests();
    for _ in 0..2 {
        world.advance(Duration::MINUTE);
        pull(world).await;
    }
    assert_eq!(world.zammad.request_count(Operation::UpdateUser), 0);
}

mod restarted {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_plan_is_told_after_a_restart_when_the_helpdesk_was_down_before() {
        let mut world = World::telling_plans(Engine::Sqlite).await;
        world.zammad.fail(Failure::Html502);
        let bob = known(&world, "bob").await;
        let cid = known(&world, "cid").await;
        world.zammad.wait_for_requests(Operation::UpdateUser, 1).await;
        world.restart_with(&[]).await;
        assert_eq!(line(&world, bob), "");
        world.zammad.recover();
        world.restart_with(&[]).await;
        eventually("the plans are told", async || {
            world.advance(Duration::SECOND);
            [bob, cid].iter().all(|it| line(&world, *it) == "individual: free")
        })
        .await;
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_was_there_before_the_attribute_is_told_by_a_full_pull() {
        let (clock, zammad) = clock_and_zammad(Config::default());
        let mut world = World::with_zammad(Engine::Sqlite, &[], clock, zammad).await;
        let (ann, bob) = (known(&world, "ann").await, known(&world, "bob").await);
        let plan = world.user("ann").opens("The Hills").await;
        assert!(world.zammad.add_user_attribute(NAME));
        pull(&world).await;
        world.service().put("/v1/users/bob", &json!({"individual_plan": "pro"})).await.ok(200);
        pull(&world).await;
        assert_eq!(world.zammad.request_count(Operation::UpdateUser), 0, "nobody asked for that");

        world.restart_with(&[CONFIGURED]).await;
        pull(&world).await;
        let family = format!("family: The Hills ({plan})");
        shown(&world, [(ann, &family), (bob, "individual: pro")]).await;
        world.end().await;
    }
}

mod misconfigured {
    use super::*;

    #[test]
    fn a_name_that_no_attribute_can_have_is_refused() {
        let zammad = Simulator::start(&Config::default()).unwrap();
        for name in
            ["plan_id", "plan_ids", "Plan", "plan code", "plan-code", "id", "email", "note", "42", "plän"]
        {
            let mut settings = settings("sqlite://x.db", &zammad);
            settings.insert("FAMILY_PLAN__ZAMMAD__PLAN_ATTRIBUTE".to_owned(), name.to_owned());
            let mistakes =
                Sources::read_from(None, settings).unwrap().configuration().unwrap_err().to_string();
            let told: Vec<&str> = mistakes.lines().skip(1).collect();
            assert_eq!(told.len(), 1, "{mistakes}");
            assert!(told[0].contains("FAMILY_PLAN__ZAMMAD__PLAN_ATTRIBUTE"), "{mistakes}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_attribute_that_is_missing_is_logged_and_breaks_nothing_else() {
        let database = Database::create(Engine::Sqlite).await;
        let zammad = Simulator::start(&Config::default()).unwrap();
        let mut environment = settings(&database.url, &zammad);
        for (name, value) in [("LOG__FORMAT", "json"), CONFIGURED] {
            environment.insert(format!("FAMILY_PLAN__{name}"), value.to_owned());
        }
        let server = Serving::start(&environment).await;
        let anonymous = Caller::anonymous(http_client(), server.base.clone());
        let service = anonymous.with_token(hs256(&service_claims()));
        let id = zammad.user("petra.novak@example.net").unwrap().id;
        service.put("/v1/users/bob", &json!({"individual_plan": "free"})).await.ok(200);
        link(&service, "bob", id).await.ok(200);
        zammad.wait_for_requests(Operation::UpdateUser, 1).await;
        let bob = anonymous.claiming(&crate::client::claims("bob"));
        let plan = bob.opens("The Hills").await;
        bob.invites(&plan).await;
        assert_eq!(anonymous.get("/health/ready").await.ok(200)["status"], "ok");
        let written = server.stop().await;
        let is_told = |it: &str| it.contains("does not take a user's plan") && it.contains(NAME);
        assert!(written.lines().any(is_told), "{written}");
        assert!(!written.contains("\"ERROR\""), "{written}");
        database.dispose().await;
    }

    fn service_claims() -> Value {
        let mut claims = crate::client::claims("billing");
        claims["roles"] = json!([crate::client::SERVICE]);
        claims
    }
}
