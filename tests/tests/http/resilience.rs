//! The helpdesk hangs, or fails again and again: nobody but whoever issues an invite notices, and they soon.

use std::time::Duration;

use family_plan_zammad_simulator::{Config, Failure, NewTicket, NewUser, NewWebhook, Operation};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    client::{Answer, Caller},
    links::{link, own_id, unlink},
    waiting::eventually,
    world::{Engine, World, clock_and_zammad, engines},
};

/// What deliveries are signed with.
const SECRET: &str = "s3cr3t-t0k3n";
/// Far longer than an invite may take, and far shorter than waiting for what hangs.
const SOON: Duration = Duration::from_secs(20);

engines!(with_webhooks: all_that_needs_no_helpdesk_goes_on_while_it_hangs);

impl World {
    /// One server that has looked at its helpdesk, and takes what the helpdesk delivers.
    async fn with_webhooks(engine: Engine) -> Self {
        let (clock, zammad) = clock_and_zammad(Config::default());
        let changes = [("ZAMMAD__WEBHOOK_SECRETS", SECRET), ("ZAMMAD__TIMEZONE", "UTC")];
        let world = Self::with_zammad(engine, &changes, clock, zammad).await;
        let endpoint = format!("{}/v1/zammad/webhook", world.base(0));
        world.zammad.add_webhook(NewWebhook::to(endpoint).signed_with(SECRET));
        world.zammad.wait_for_requests(Operation::ListTokens, 1).await;
        world.zammad.wait_for_requests(Operation::ListUsers, 1).await;
        world
    }
}

async fn issue(by: &Caller, plan: &str) -> Answer {
    let answer = timeout(SOON, by.post(&format!("/v1/plans/{plan}/invites"))).await;
    answer.expect("the deadline is over")
}

/// The seconds that a refusal asks to wait for.
fn retry_after(answer: &Answer) -> u64 {
    answer.problem(503, "zammad_unavailable");
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn all_that_needs_no_helpdesk_goes_on_while_it_hangs(world: &World) {
    let (ann, admin) = (world.user("ann"), world.admin());
    let plan = ann.opens("The Hills").await;
    let (first, second) = (ann.invites(&plan).await, ann.invites(&plan).await);
    let customer = world.zammad.add_user(NewUser::customer("bob@example.com")).id;
    world.zammad.fail(Failure::Hang);
    let all_else = async {
        let ready = world.anonymous().get("/health/ready").await.ok(200);
        assert_eq!(ready["status"], "degraded", "{ready}");
        world.anonymous().get("/health/live").await.ok(200);
        let bob = world.user("bob");
        let preview = bob.get(&format!("/v1/invites/{}", first.code)).await.ok(200);
        assert_eq!(preview["verdict"], "accept");
        bob.in_browser().get(&first.page()).await.page(200);
        bob.accepts(&first.code).await.ok(200);
        world.zammad.add_ticket(NewTicket::of(customer));
        for delivery in world.zammad.wait_for_deliveries().await {
            assert_eq!(delivery.attempts[0].status, Some(202));
        }
        eventually("bob is found", async || own_id(&bob).await == customer).await;
        for path in [format!("/v1/zammad/users/{customer}"), "/v1/zammad/deliveries".to_owned()] {
            admin.get(&path).await.ok(200);
        }
        for list in ["", "/seats", "/members", "/invites", "/events"] {
            ann.get(&format!("/v1/plans/{plan}{list}")).await.ok(200);
        }
        ann.detaches(&plan, "bob").await.ok(200);
        world.user("cid").accepts(&first.code).await.ok(200);
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", second.id)).await.ok(204);
        link(&world.service(), "cid", 77).await.ok(200);
        unlink(&world.service(), "cid").await;
        admin.sets(&json!({"user_limit": 7})).await;
        admin.post("/v1/zammad/sync").await.ok(202);
        admin.get("/v1/zammad/sync").await.ok(200);
        world.user("eve").opens("The Dales").await;
    };
    let (refused, done) = tokio::join!(issue(&ann, &plan), timeout(SOON, all_else));
    retry_after(&refused);
    done.expect("something waits for the helpdesk");
    assert_eq!(ann.seats(&plan).await, (7, 2, 0));
    ann.delete(&format!("/v1/plans/{plan}")).await.ok(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helpdesk_that_fails_again_and_again_is_left_alone() {
    for failure in [Failure::Html502, Failure::ConnectionReset, Failure::Hang] {
        let world = World::with_webhooks(Engine::Sqlite).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.fail(failure);
        let n_mints = || world.zammad.request_count(Operation::MintToken);
        loop {
            let before = n_mints();
            retry_after(&issue(&ann, &plan).await);
            if n_mints() == before {
                break;
            }
            assert!(n_mints() <= 5, "{failure:?}");
        }
        let n_requests = world.zammad.requests().len();
        for _ in 0..5 {
            let seconds = retry_after(&issue(&ann, &plan).await);
            assert!((1..=15).contains(&seconds), "{failure:?}: {seconds}");
        }
        let ready = world.anonymous().get("/health/ready").await.ok(200);
        assert_eq!(ready["status"], "degraded");
        assert_eq!(world.zammad.requests().len(), n_requests, "{failure:?}");
        assert_eq!(ann.seats(&plan).await, (5, 1, 0));
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_helpdesk_refuses_is_no_reason_to_leave_it_alone() {
    let world = World::with_webhooks(Engine::Sqlite).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.zammad.fail_on(&[Operation::MintToken], Failure::Forbidden);
    for _ in 0..6 {
        issue(&ann, &plan).await.problem(502, "zammad_rejected");
    }
    world.zammad.recover();
    ann.invites(&plan).await;
    world.end().await;
}
