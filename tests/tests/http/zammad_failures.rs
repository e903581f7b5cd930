//! The helpdesk fails in every way it can: no invite, no seat, no token is left over, and all else goes on.

use std::{collections::HashSet, time::Duration};

use family_plan_zammad_simulator::{Config, Failure, Operation};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Caller, Invite, text},
    world::{Engine, World, clock_and_zammad, engines, on_sqlite},
};

/// How long a test waits for what must happen in the end. Nothing is timed by it.
const PATIENCE: Duration = Duration::from_mins(2);

const MINT: &[Operation] = &[Operation::MintToken];

/// Waits until no tokens but these are left. Each look goes through the server, so that it gets on meanwhile.
async fn left(world: &World, expected: &[String]) {
    let looking = async {
        while tokens(world) != expected {
            world.anonymous().get("/health/live").await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    assert!(found.is_ok(), "{:?} are left, not {expected:?}", tokens(world));
}

/// The tokens of invites.
fn tokens(world: &World) -> Vec<String> {
    let names = world.zammad.tokens().into_iter().map(|it| it.name);
    names.filter(|it| it.starts_with("FamilyPlanInvite")).collect()
}

/// Shows the server that the helpdesk works: after too many failures in a row it would leave it alone for a while.
async fn works_again(owner: &Caller, plan: &str) {
    let invite = owner.invites(plan).await;
    owner.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.ok(204);
}

/// The bodies of the requests that asked for a token.
fn mints(world: &World) -> Vec<Value> {
    let requests = world.zammad.requests().into_iter().filter(|it| it.operation == Operation::MintToken);
    requests.map(|it| serde_json::from_str(&it.body).unwrap()).collect()
}

mod everywhere {
    use super::*;

    engines!(a_failure_leaves_nothing_behind, all_else_goes_on_while_the_helpdesk_hangs);

    async fn a_failure_leaves_nothing_behind(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let before = (ann.plan(&plan).await, ann.events(&plan).await);
        for failure in [Failure::Html502, Failure::Forbidden] {
            world.zammad.fail_on(MINT, failure);
            let answer = ann.post(&format!("/v1/plans/{plan}/invites")).await;
            assert!(matches!(answer.status, 502 | 503), "{answer:?}");
            assert_eq!((ann.plan(&plan).await, ann.events(&plan).await), before);
        }
        world.zammad.recover();
        assert_eq!(tokens(world), Vec::<String>::new());
        ann.invites(&plan).await;
    }

    async fn all_else_goes_on_while_the_helpdesk_hangs(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let invites = [ann.invites(&plan).await, ann.invites(&plan).await];
        world.zammad.fail(Failure::Hang);
        world.user("bob").accepts(&invites[0].code).await.ok(200);
        ann.detaches(&plan, "bob").await.ok(200);
        world.user("cid").accepts(&invites[0].code).await.ok(200);
        for list in ["", "/seats", "/members", "/invites", "/events"] {
            ann.get(&format!("/v1/plans/{plan}{list}")).await.ok(200);
        }
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", invites[1].id)).await.ok(204);
        world.admin().sets(&json!({"user_limit": 7})).await;
        ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "x"})).await.ok(200);
        ann.delete(&format!("/v1/plans/{plan}")).await.ok(204);
        world.user("bob").opens("The Dales").await;
    }
}

mod each {
    use super::*;

    on_sqlite!(
        a_helpdesk_that_cannot_be_reached_is_unavailable,
        a_helpdesk_that_hangs_is_unavailable,
        a_helpdesk_that_refuses_rejects,
        a_failure_that_passes_is_not_noticed,
        a_retry_after_is_passed_on,
        each_attempt_takes_a_fresh_name_and_opens_nothing,
        a_token_whose_answer_was_lost_is_deleted,
        a_resend_that_fails_revokes_nothing,
        a_failure_never_shows_its_cause,
    );

    async fn refused(world: &World, failure: Failure, status: u16, code: &str) -> Answer {
        let ann = world.user("ann");
        let plan = match ann.get("/v1/me").await.ok(200)["family_plan"]["plan_id"].as_str() {
            Some(plan) => plan.to_owned(),
            None => ann.opens("The Hills").await,
        };
        let before = (ann.plan(&plan).await, ann.events(&plan).await);
        world.zammad.fail_on(MINT, failure);
        let answer = ann.post(&format!("/v1/plans/{plan}/invites")).await;
        answer.problem(status, code);
        world.zammad.recover();
        assert_eq!((ann.plan(&plan).await, ann.events(&plan).await), before, "{failure:?}");
        works_again(&ann, &plan).await;
        answer
    }

    async fn a_helpdesk_that_cannot_be_reached_is_unavailable(world: &World) {
        let failures = [
            Failure::InternalError,
            Failure::Html502,
            Failure::Html503,
            Failure::TooManyRequests { retry_after: None },
            Failure::ConnectionReset,
        ];
        for failure in failures {
            let answer = refused(world, failure, 503, "zammad_unavailable").await;
            let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!(0 < pause, "{failure:?}");
        }
        assert_eq!(tokens(world).len(), failures.len(), "each time, one was minted afterwards");
    }

    async fn a_helpdesk_that_hangs_is_unavailable(world: &World) {
        refused(world, Failure::Hang, 503, "zammad_unavailable").await;
        // What hung without an effect goes on once the helpdesk recovers, and nobody is there any more.
        let n_attempts = mints(world).len();
        assert!(0 < n_attempts);
    }

    async fn a_helpdesk_that_refuses_rejects(world: &World) {
        let failures = [
            Failure::Unauthorized,
            Failure::Forbidden,
            Failure::MaskedUnprocessable,
            Failure::TokenAccessDisabled,
            Failure::GarbageBody,
            Failure::EmptyBody,
        ];
        for failure in failures {
            refused(world, failure, 502, "zammad_rejected").await;
        }
        assert_eq!(tokens(world).len(), failures.len(), "each time, one was minted afterwards");
    }

    async fn a_failure_that_passes_is_not_noticed(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        for failure in [Failure::Html502, Failure::ConnectionReset, Failure::InternalError] {
            world.zammad.fail_next_on(1, MINT, failure);
            ann.invites(&plan).await;
        }
        world.zammad.fail_on(MINT, Failure::Slow(Duration::from_millis(1)));
        ann.invites(&plan).await;
        assert_eq!((ann.seats(&plan).await, tokens(world).len()), ((5, 1, 4), 4));
    }

    async fn a_retry_after_is_passed_on(world: &World) {
        let failure = Failure::TooManyRequests { retry_after: Some(77) };
        let answer = refused(world, failure, 503, "zammad_unavailable").await;
        assert_eq!(answer.header("retry-after"), Some("77"));
    }

    async fn each_attempt_takes_a_fresh_name_and_opens_nothing(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.fail_next_on(1, MINT, Failure::Html502);
        let first = ann.invites(&plan).await;
        world.zammad.fail_on(MINT, Failure::Html502);
        ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(503, "zammad_unavailable");
        world.zammad.recover();
        let second = ann.invites(&plan).await;
        let mints = mints(world);
        let names: HashSet<String> = mints.iter().map(|it| text(it, "name")).collect();
        assert_eq!(names.len(), mints.len(), "{mints:?}");
        for mint in &mints {
            assert_eq!(mint["permission"], json!([]));
            assert_eq!(mint.get("label"), None);
            assert!(text(mint, "name").starts_with("FamilyPlanInvite "));
        }
        let mut minted = tokens(world);
        minted.sort_unstable();
        let mut expected = [first, second].map(|it| format!("FamilyPlanInvite {}", it.id));
        expected.sort_unstable();
        assert_eq!(minted, expected);
        for token in world.zammad.tokens().iter().filter(|it| minted.contains(&it.name)) {
            assert!(token.permissions.is_empty());
        }
    }

    async fn a_token_whose_answer_was_lost_is_deleted(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.fail_next_on(1, MINT, Failure::ResetAfterEffect);
        let invite = ann.invites(&plan).await;
        left(world, &[format!("FamilyPlanInvite {}", invite.id)]).await;
        world.user("bob").accepts(&invite.code).await.ok(200);
    }

    async fn a_resend_that_fails_revokes_nothing(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let invite = ann.invites(&plan).await;
        world.zammad.fail_on(MINT, Failure::Forbidden);
        let path = format!("/v1/plans/{plan}/invites/{}/resend", invite.id);
        ann.post(&path).await.problem(502, "zammad_rejected");
        world.user("bob").accepts(&invite.code).await.ok(200);
    }

    async fn a_failure_never_shows_its_cause(world: &World) {
        for (failure, status, code) in [
            (Failure::Html502, 503, "zammad_unavailable"),
            (Failure::ConnectionReset, 503, "zammad_unavailable"),
            (Failure::GarbageBody, 502, "zammad_rejected"),
            (Failure::MaskedUnprocessable, 502, "zammad_rejected"),
        ] {
            let answer = refused(world, failure, status, code).await;
            let zammad = world.zammad.address().to_string();
            for secret in ["nginx", "Error ID", "user_access_token", "reqwest", zammad.as_str()] {
                assert!(!answer.body.contains(secret), "{secret}: {}", answer.body);
            }
        }
    }
}

mod lost_answers {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_token_is_left_when_every_answer_is_lost() {
        for failure in [Failure::ResetAfterEffect, Failure::HangAfterEffect] {
            let world = World::on(Engine::Sqlite).await;
            let ann = world.user("ann");
            let plan = ann.opens("The Hills").await;
            world.zammad.fail_on(MINT, failure);
            ann.post(&format!("/v1/plans/{plan}/invites")).await.problem(503, "zammad_unavailable");
            let n_minted = mints(&world).len();
            assert!(0 < n_minted);
            left(&world, &[]).await;
            assert_eq!(ann.seats(&plan).await, (5, 1, 0));
            world.end().await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_plan_that_filled_up_meanwhile_gets_no_invite_and_leaves_no_token() {
        let world = World::with(Engine::Sqlite, &[("ZAMMAD__DEADLINE_SECONDS", "100")]).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.fail_on(MINT, Failure::Hang);
        let path = format!("/v1/plans/{plan}/invites");
        let filling = async {
            world.zammad.wait_for_requests(Operation::MintToken, 1).await;
            world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 1})).await.ok(200);
            world.zammad.recover();
        };
        let (answer, ()) = tokio::join!(ann.post(&path), filling);
        let problem = answer.problem(409, "plan_full");
        assert_eq!(
            (&problem["limit"], &problem["used"], &problem["held"]),
            (&json!(1), &json!(1), &json!(0))
        );
        left(&world, &[]).await;
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_plan_that_was_closed_meanwhile_gets_no_invite_and_leaves_no_token() {
        let world = World::with(Engine::Sqlite, &[("ZAMMAD__DEADLINE_SECONDS", "100")]).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.fail_on(MINT, Failure::Hang);
        let path = format!("/v1/plans/{plan}/invites");
        let closing = async {
            world.zammad.wait_for_requests(Operation::MintToken, 1).await;
            ann.delete(&format!("/v1/plans/{plan}")).await.ok(204);
            world.zammad.recover();
        };
        let (answer, ()) = tokio::join!(ann.post(&path), closing);
        answer.problem(404, "plan_not_found");
        left(&world, &[]).await;
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_caller_who_goes_away_leaves_an_invite_or_nothing() {
        let world = World::with(Engine::Sqlite, &[("ZAMMAD__DEADLINE_SECONDS", "100")]).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.fail_on(MINT, Failure::HangAfterEffect);
        let path = format!("/v1/plans/{plan}/invites");
        // A request is noted before it has its effect.
        let minted = async {
            world.zammad.wait_for_requests(Operation::MintToken, 1).await;
            while tokens(&world).is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            answer = ann.post(&path) => panic!("{answer:?}"),
            minted = tokio::time::timeout(PATIENCE, minted) => minted.expect("a token"),
        }
        assert_eq!(tokens(&world).len(), 1);
        world.zammad.recover();
        // Whatever became of it: in the end the register and the plan agree.
        let agree = async {
            loop {
                let invites = ann.all(&path, 100).await;
                let invites: Vec<String> =
                    invites.iter().map(|it| format!("FamilyPlanInvite {}", text(it, "id"))).collect();
                if invites == tokens(&world) {
                    break;
                }
            }
        };
        tokio::time::timeout(PATIENCE, agree).await.expect("a token without its invite");
        world.end().await;
    }
}

mod expiry_dates {
    use super::*;

    /// What the helpdesk is asked for, for an invite of so many seconds from 2026-01-15 09:30 UTC on.
    async fn expiry_date(config: Config, changes: &[(&str, &str)], seconds: u32) -> String {
        let (clock, zammad) = clock_and_zammad(config);
        let world = World::with_zammad(Engine::Sqlite, changes, clock, zammad).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let body = json!({"expires_in_seconds": seconds});
        let answer = ann.post_json(&format!("/v1/plans/{plan}/invites"), &body).await.ok(201);
        let invite = Invite::of(&answer);
        let token = &world.zammad.tokens_named(&format!("FamilyPlanInvite {}", invite.id))[0];
        let expires_at = crate::shapes::instant(&answer, "expires_at");
        assert!(expires_at < token.expires_at.unwrap(), "our own clock decides, not the helpdesk's day");
        let date = text(&mints(&world)[0], "expires_at");
        world.end().await;
        date
    }

    const TWO_DAYS: u32 = 172_800;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_date_is_that_of_the_expiry_and_one_day() {
        assert_eq!(expiry_date(Config::default(), &[], TWO_DAYS).await, "2026-01-18");
        assert_eq!(expiry_date(Config::default(), &[], 60).await, "2026-01-16");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_date_is_one_of_the_helpdesks_time_zone() {
        let kiritimati = || Config::default().timezone_default("Pacific/Kiritimati");
        // 23:30 and 00:30 there.
        assert_eq!(expiry_date(kiritimati(), &[], TWO_DAYS).await, "2026-01-18");
        assert_eq!(expiry_date(kiritimati(), &[], TWO_DAYS + 3600).await, "2026-01-19");
        let configured = [("ZAMMAD__TIMEZONE", "Pacific/Kiritimati")];
        assert_eq!(expiry_date(kiritimati(), &configured, TWO_DAYS + 3600).await, "2026-01-19");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_unknown_time_zone_costs_one_more_day() {
        let config = Config::default().without_timezone_default();
        assert_eq!(expiry_date(config, &[], TWO_DAYS).await, "2026-01-19");
    }
}

mod other_accounts {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_account_that_mints_can_be_another() {
        let (clock, zammad) = clock_and_zammad(Config::default());
        let token = zammad.admin_token();
        let changes = [("ZAMMAD__MINT_TOKEN", token)];
        let world = World::with_zammad(Engine::Sqlite, &changes, clock, zammad).await;
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        ann.invites(&plan).await;
        let requests = world.zammad.requests();
        let mint = requests.iter().find(|it| it.operation == Operation::MintToken).unwrap();
        assert!(mint.header("authorization").unwrap().contains(token));
        world.end().await;
    }
}
