//! Sweeping tokens: what no invite needs goes, all else stays, and what a person deletes at the helpdesk counts.

use family_plan_zammad_simulator::{ADMIN_LOGIN, AGENT_LOGIN, Failure, NewToken, Operation};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio::time::timeout;

use crate::{
    client::{Caller, Invite, text},
    waiting::eventually,
    world::{Engine, World, engines},
};

/// Longer than the server takes from one look to the next.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(4);

const EVERY_SECOND: (&str, &str) = ("ZAMMAD__SWEEP_SECONDS", "1");

engines!(sweeping:
    tokens_that_no_invite_needs_are_deleted,
    an_invite_whose_token_somebody_deleted_is_revoked,
);

impl World {
    /// One server, which sweeps whenever its clock is a second further.
    async fn sweeping(engine: Engine) -> Self {
        Self::with(engine, &[EVERY_SECOND]).await
    }
}

/// Waits until the server has looked at the helpdesk's accounts and swept once, which it does when it starts.
async fn started(world: &World) {
    world.zammad.wait_for_requests(Operation::ListTokens, 2).await;
}

/// Moves the clock until there were `count` requests for `operation`.
async fn moved_until(world: &World, operation: Operation, count: usize) {
    world.advance(Duration::SECOND);
    // A sweep that was under way when the clock moved has ended no second ago.
    while timeout(PATIENCE, world.zammad.wait_for_requests(operation, count)).await.is_err() {
        world.advance(Duration::SECOND);
    }
}

/// Lets a sweep happen from its beginning to its end, which the beginning of the next one tells.
async fn swept(world: &World) {
    for _ in 0..2 {
        let n_lists = world.zammad.request_count(Operation::ListTokens);
        moved_until(world, Operation::ListTokens, n_lists + 1).await;
    }
}

fn name(invite: &Invite) -> String {
    format!("FamilyPlanInvite {}", invite.id)
}

/// The names of the tokens there are besides those that the simulator starts with, sorted.
fn names(world: &World) -> Vec<String> {
    let mut names: Vec<String> = world.zammad.tokens().into_iter().skip(2).map(|it| it.name).collect();
    names.sort_unstable();
    names
}

fn sorted(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_unstable();
    names
}

/// The name of a token for an invite whose id was made at `instant`, the `n`th of them.
fn orphan(instant: OffsetDateTime, n: usize) -> String {
    let millis = instant.unix_timestamp() * 1_000;
    format!("FamilyPlanInvite {:08x}-{:04x}-7000-8000-{n:012x}", millis >> 16, millis & 0xffff)
}

/// A token of the account that mints.
fn minted(world: &World, name: &str, at: OffsetDateTime) -> NewToken {
    NewToken::new(world.zammad.user(AGENT_LOGIN).unwrap().id, name).created_at(at)
}

async fn state(by: &Caller, plan: &str, invite: &Invite) -> String {
    let invites = by.all(&format!("/v1/plans/{plan}/invites"), 100).await;
    text(invites.iter().find(|it| it["id"] == invite.id.as_str()).unwrap(), "state")
}

async fn tokens_that_no_invite_needs_are_deleted(world: &World) {
    let (ann, eve) = (world.user("ann"), world.user("eve"));
    world.admin().sets(&json!({"user_limit": 20})).await;
    let (plan, closed) = (ann.opens("The Hills").await, eve.opens("The Dales").await);
    let open = ann.invites(&plan).await;
    let used = ann.invites(&plan).await;
    world.user("bob").accepts(&used.code).await.ok(200);
    let revoked = ann.invites(&plan).await;
    ann.delete(&format!("/v1/plans/{plan}/invites/{}", revoked.id)).await.ok(204);
    ann.invites_with(&plan, &json!({"expires_in_seconds": 60})).await;
    let resent = ann.invites(&plan).await;
    let again = ann.post(&format!("/v1/plans/{plan}/invites/{}/resend", resent.id)).await.ok(201);
    eve.invites(&closed).await;
    eve.delete(&format!("/v1/plans/{closed}")).await.ok(204);

    let now = world.now();
    let old = now - Duration::HOUR;
    let add = |name: &str, at| world.zammad.add_token(minted(world, name, at)).name;
    // Nobody can be at issuing these any more.
    add(&orphan(old, 1), old);
    add("FamilyPlanInvite 6b1f2f4e-6a5c-4f0e-9c39-0a7a54b1c111", old);
    add(&orphan(old, 1), old);
    let others = [
        // Somebody may be issuing them.
        add(&orphan(now, 2), now),
        add(&orphan(old, 3), now),
        add(&orphan(now, 4), old),
        // They are no invites'.
        add("FamilyPlanInvite x", old),
        add("FamilyPlanInvite", old),
        add(&orphan(old, 5).to_lowercase(), old),
        add(&format!("{} (copy)", orphan(old, 6)), old),
        add(&orphan(old, 7).replace('-', ""), old),
        add("backup", old),
        // They are another account's.
        world
            .zammad
            .add_token(
                NewToken::new(world.zammad.user(ADMIN_LOGIN).unwrap().id, orphan(old, 8)).created_at(old),
            )
            .name,
    ];
    world.advance(Duration::MINUTE);
    swept(world).await;
    let needed = [name(&open), name(&Invite::of(&again))];
    assert_eq!(names(world), sorted(others.into_iter().chain(needed)));

    // Nothing became of the invites themselves.
    assert_eq!(state(&ann, &plan, &open).await, "open");
    assert_eq!(state(&ann, &plan, &used).await, "used");
    world.user("cid").accepts(&open.code).await.ok(200);
    swept(world).await;
    assert!(!names(world).contains(&name(&open)));
}

async fn an_invite_whose_token_somebody_deleted_is_revoked(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let (deleted, kept) = (ann.invites(&plan).await, ann.invites(&plan).await);
    let reopened = ann.invites(&plan).await;
    world.user("bob").accepts(&reopened.code).await.ok(200);
    world.advance(Duration::minutes(10));
    swept(world).await;
    assert_eq!(names(world), sorted([name(&deleted), name(&kept)]));
    ann.detaches(&plan, "bob").await.ok(200);
    assert_eq!(world.zammad.delete_tokens_named(&name(&deleted)), 1);
    let before = ann.events(&plan).await;
    swept(world).await;

    assert_eq!(state(&ann, &plan, &deleted).await, "revoked");
    assert_eq!(state(&ann, &plan, &kept).await, "open");
    assert_eq!(state(&ann, &plan, &reopened).await, "open", "its token was swept, and nobody deleted it");
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
    let events = ann.events(&plan).await;
    let [event] = &events[before.len()..] else { panic!("{events:?}") };
    let told = ["type", "reason", "actor", "request_id"].map(|it| event[it].clone());
    assert_eq!(told, [json!("invite.revoked"), json!("token_deleted"), Value::Null, Value::Null]);
    assert_eq!(event["data"]["invite_id"], deleted.id.as_str());
    world.user("cid").accepts(&deleted.code).await.problem(410, "invite_revoked");
    world.user("cid").accepts(&reopened.code).await.ok(200);

    world.user("dan").accepts(&kept.code).await.ok(200);
}

mod quantities {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn each_token_costs_no_request_unless_it_is_deleted() {
        let world = World::sweeping(Engine::Sqlite).await;
        started(&world).await;
        let now = world.now();
        let old = now - Duration::HOUR;
        let litter = (0..50).map(|n| minted(&world, &orphan(old, n), old));
        let under_way = (0..9_950).map(|n| minted(&world, &orphan(now, n), now));
        let others = (0..10_000).map(|n| minted(&world, &format!("backup {n}"), old));
        world.zammad.seed_tokens(litter.chain(under_way).chain(others).collect::<Vec<_>>());
        for n_deleted in [50, 0] {
            world.zammad.forget_requests();
            swept(&world).await;
            assert_eq!(names(&world).len(), 19_950);
            assert_eq!(world.zammad.request_count(Operation::DeleteToken), n_deleted);
            // One list for the sweep, and one for the next one, which shows that it has ended.
            assert_eq!(world.zammad.requests().len(), 2 + n_deleted);
        }
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn servers_share_the_work() {
        let mut world = World::sweeping(Engine::Sqlite).await;
        world.start_another().await.unwrap();
        world.zammad.wait_for_requests(Operation::ListTokens, 3).await;
        let old = world.now() - Duration::HOUR;
        let litter: Vec<NewToken> = (0..50).map(|n| minted(&world, &orphan(old, n), old)).collect();
        world.zammad.seed_tokens(litter);
        world.zammad.forget_requests();
        swept(&world).await;
        assert_eq!(world.zammad.request_count(Operation::DeleteToken), 50);
        assert_eq!(world.zammad.requests().len(), 52);
        assert_eq!(names(&world), Vec::<String>::new());
        world.end().await;
    }
}

mod failures {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_failure_left_behind_goes_with_the_next_sweep() {
        let world = World::sweeping(Engine::Sqlite).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let open = ann.invites(&plan).await;
        world.advance(Duration::minutes(10));
        let old = world.now() - Duration::HOUR;
        swept(&world).await;
        let litter: Vec<NewToken> = (0..20).map(|n| minted(&world, &orphan(old, n), old)).collect();
        world.zammad.seed_tokens(litter);
        let deletion = [Operation::DeleteToken];
        world.zammad.fail_on(&deletion, Failure::TooManyRequests { retry_after: None });
        world.zammad.fail_next_on(2, &deletion, Failure::Html502);
        world.zammad.fail_next_on(1, &deletion, Failure::ResetAfterEffect);
        moved_until(&world, Operation::DeleteToken, 6).await;
        world.zammad.recover();
        swept(&world).await;
        assert_eq!(names(&world), [name(&open)]);
        assert_eq!(state(&ann, &plan, &open).await, "open");
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_list_that_cannot_be_read_revokes_nothing() {
        let world = World::sweeping(Engine::Sqlite).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let open = ann.invites(&plan).await;
        world.advance(Duration::minutes(10));
        swept(&world).await;
        let before = (world.zammad.tokens().len(), ann.events(&plan).await);
        for failure in [
            Failure::GarbageBody,
            Failure::EmptyBody,
            Failure::Forbidden,
            Failure::Unauthorized,
            Failure::TooManyRequests { retry_after: None },
        ] {
            world.zammad.fail_on(&[Operation::ListTokens], failure);
            swept(&world).await;
            world.zammad.recover();
        }
        swept(&world).await;
        assert_eq!((world.zammad.tokens().len(), ann.events(&plan).await), before);
        assert_eq!(state(&ann, &plan, &open).await, "open");
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_token_whose_invite_is_just_being_issued_stays() {
        let changes = [EVERY_SECOND, ("ZAMMAD__DEADLINE_SECONDS", "100")];
        let world = World::with(Engine::Sqlite, &changes).await;
        started(&world).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.fail_on(&[Operation::MintToken], Failure::HangAfterEffect);
        let sweeping = async {
            eventually("a token", async || names(&world).len() == 1).await;
            world.advance(Duration::minutes(6));
            swept(&world).await;
            assert_eq!(names(&world).len(), 1);
            world.zammad.recover();
        };
        let (invite, ()) = tokio::join!(ann.invites(&plan), sweeping);
        swept(&world).await;
        assert_eq!(names(&world), [name(&invite)]);
        world.user("bob").accepts(&invite.code).await.ok(200);
        world.end().await;
    }
}

mod accounts {
    use super::*;

    /// A world whose open invite was swept by, as it is after ten minutes.
    async fn with_open_invite() -> (World, String, Invite) {
        let world = World::sweeping(Engine::Sqlite).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let invite = ann.invites(&plan).await;
        world.advance(Duration::minutes(10));
        swept(&world).await;
        (world, plan, invite)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn invites_outlive_the_token_that_the_service_mints_with() {
        let (mut world, plan, invite) = with_open_invite().await;
        let owner = world.zammad.user(AGENT_LOGIN).unwrap().id;
        let token = NewToken::new(owner, "family-plan, anew").permission("user_preferences.access_token");
        let token = world.zammad.add_token(token).value;
        world.restart_with(&[("ZAMMAD__MINT_TOKEN", &token)]).await;
        swept(&world).await;
        assert_eq!(state(&world.user("ann"), &plan, &invite).await, "open");
        assert_eq!(world.zammad.delete_tokens_named(&name(&invite)), 1);
        swept(&world).await;
        assert_eq!(state(&world.user("ann"), &plan, &invite).await, "revoked", "it is still looked for");
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn invites_outlive_the_account_that_the_service_mints_with() {
        let (mut world, plan, invite) = with_open_invite().await;
        let token = world.zammad.admin_token();
        world.restart_with(&[("ZAMMAD__MINT_TOKEN", token)]).await;
        swept(&world).await;
        // By then, every replica has heard of the new account.
        world.advance(Duration::minutes(10));
        let ann = world.user("ann");
        let (deleted, kept) = (ann.invites(&plan).await, ann.invites(&plan).await);
        world.zammad.delete_tokens_named(&name(&deleted));
        world.advance(Duration::minutes(10));
        swept(&world).await;
        assert_eq!(state(&ann, &plan, &invite).await, "open", "its token is where nobody looks any more");
        assert_eq!(state(&ann, &plan, &kept).await, "open");
        assert_eq!(state(&ann, &plan, &deleted).await, "revoked");
        world.user("bob").accepts(&invite.code).await.ok(200);
        world.end().await;
    }
}
