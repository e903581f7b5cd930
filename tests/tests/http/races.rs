//! Many requests at once, at two servers that share a database: as if one had come after the other.

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    client::{Answer, Caller, Invite, text},
    invariants,
    world::{World, engines},
};

engines!(replicated:
    forty_users_want_four_seats,
    fifty_users_have_one_link,
    one_user_presses_the_button_many_times,
    accepting_races_revoking,
    accepting_races_lowering_the_limit,
    accepting_races_closing,
    one_user_has_links_to_many_plans,
    one_user_opens_many_plans,
    many_invites_are_issued_for_few_seats,
    one_member_is_detached_many_times,
    members_come_and_go,
);

/// The answer once it is decided: `conflict` only asks to try again.
async fn decided(request: impl AsyncFn() -> Answer) -> Answer {
    for _ in 0..50 {
        let answer = request().await;
        if answer.outcome() != "conflict" {
            return answer;
        }
        answer.problem(409, "conflict");
    }
    panic!("never decided")
}

async fn accept(caller: &Caller, code: &str) -> Answer {
    decided(async || caller.accepts(code).await).await
}

fn count(answers: &[Answer], outcome: &str) -> usize {
    answers.iter().filter(|it| it.outcome() == outcome).count()
}

/// A plan of `owner` and so many invites to it, which hold no seats.
async fn plan_with_invites(world: &World, owner: &str, n_invites: usize) -> (Caller, String, Vec<Invite>) {
    world.admin().sets(&json!({"pending_invites_hold_seats": false})).await;
    let ann = world.user(owner);
    let plan = ann.opens("The Hills").await;
    let mut invites = Vec::new();
    for n in 0..n_invites {
        invites.push(world.user_at(n, owner).invites(&plan).await);
    }
    (ann, plan, invites)
}

async fn forty_users_want_four_seats(world: &World) {
    let (ann, plan, invites) = plan_with_invites(world, "ann", 40).await;
    let answers = join_all(
        invites
            .iter()
            .enumerate()
            .map(async |(n, invite)| accept(&world.user_at(n, &format!("user{n}")), &invite.code).await),
    )
    .await;
    assert_eq!((count(&answers, "ok"), count(&answers, "plan_full")), (4, 36));
    let found = invariants::check(&ann, &plan).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(found.members.contains(&format!("user{n}")), answer.status == 200);
        if answer.status != 200 {
            let problem = answer.problem(409, "plan_full");
            assert_eq!((&problem["limit"], &problem["used"]), (&json!(5), &json!(5)));
        }
    }
}

async fn fifty_users_have_one_link(world: &World) {
    let (ann, plan, invites) = plan_with_invites(world, "ann", 1).await;
    let answers = join_all(
        (0..50).map(async |n| accept(&world.user_at(n, &format!("user{n}")), &invites[0].code).await),
    )
    .await;
    assert_eq!((count(&answers, "ok"), count(&answers, "invite_used")), (1, 49));
    let found = invariants::check(&ann, &plan).await;
    assert_eq!(found.members.len(), 2);
}

async fn one_user_presses_the_button_many_times(world: &World) {
    let (ann, plan, invites) = plan_with_invites(world, "ann", 1).await;
    let answers =
        join_all((0..20).map(async |n| accept(&world.user_at(n, "bob"), &invites[0].code).await)).await;
    let first = answers[0].ok(200);
    for answer in &answers {
        assert_eq!(answer.ok(200), first);
    }
    invariants::check(&ann, &plan).await;
}

async fn accepting_races_revoking(world: &World) {
    let (ann, plan, invites) = plan_with_invites(world, "ann", 8).await;
    world.admin().patch(&format!("/v1/plans/{plan}"), &json!({"user_limit": 100})).await.ok(200);
    for (n, invite) in invites.iter().enumerate() {
        let bob = world.user_at(n, &format!("user{n}"));
        let ann_too = world.user_at(n + 1, "ann");
        let path = format!("/v1/plans/{plan}/invites/{}", invite.id);
        let (accepted, revoked) =
            tokio::join!(accept(&bob, &invite.code), decided(async || ann_too.delete(&path).await));
        revoked.ok(204);
        let state = text(&ann.get(&format!("/v1/invites/{}", invite.code)).await.ok(200), "state");
        let expected = if accepted.status == 200 { "used" } else { "revoked" };
        assert_eq!(state, expected, "{accepted:?}");
        if accepted.status != 200 {
            accepted.problem(410, "invite_revoked");
        }
    }
    invariants::check(&ann, &plan).await;
}

async fn accepting_races_lowering_the_limit(world: &World) {
    let (ann, plan, invites) = plan_with_invites(world, "ann", 12).await;
    for (n, pair) in invites.chunks(2).enumerate() {
        // Room for one more; each other time through the settings.
        let used = usize::try_from(ann.seats(&plan).await.1).unwrap();
        world.admin().sets(&json!({"user_limit": used + 1})).await;
        let lower = async {
            let mut settings = world.admin().get("/v1/settings").await.ok(200);
            settings["user_limit"] = json!(used);
            let ada = world.admin().at(world.base(n));
            let put = async || {
                let request = ada.request(reqwest::Method::PUT, "/v1/settings").header("If-Match", "*");
                Answer::to(request.json(&settings)).await
            };
            decided(put).await.ok(200);
        };
        let (bob, cid) = (world.user_at(0, &format!("b{n}")), world.user_at(1, &format!("c{n}")));
        let (one, other, ()) = tokio::join!(accept(&bob, &pair[0].code), accept(&cid, &pair[1].code), lower);
        let joined = [one, other].iter().filter(|it| it.outcome() == "ok").count();
        assert!(joined <= 1);
        // From now on the lower limit counts, at both servers.
        for at in 0..2 {
            let late = world.user_at(at, &format!("late{n}{at}"));
            let answer = accept(&late, &pair[0].code).await;
            assert!(matches!(answer.outcome().as_str(), "plan_full" | "invite_used"), "{answer:?}");
        }
        let found = invariants::check(&ann, &plan).await;
        assert_eq!(found.members.len(), used + joined);
    }
}

async fn accepting_races_closing(world: &World) {
    for n in 0..6 {
        let owner = format!("owner{n}");
        let (ann, plan, invites) = plan_with_invites(world, &owner, 2).await;
        let users = [world.user_at(0, &format!("a{n}")), world.user_at(1, &format!("b{n}"))];
        let owner_too = world.user_at(n, &owner);
        let path = format!("/v1/plans/{plan}");
        let (one, other, closed) = tokio::join!(
            accept(&users[0], &invites[0].code),
            accept(&users[1], &invites[1].code),
            decided(async || owner_too.delete(&path).await)
        );
        closed.ok(204);
        for answer in [one, other] {
            assert!(matches!(answer.outcome().as_str(), "ok" | "invite_not_found"), "{answer:?}");
        }
        ann.get(&path).await.problem(404, "plan_not_found");
        for user in &users {
            assert!(user.get("/v1/me").await.ok(200)["family_plan"].is_null(), "everybody is out");
        }
        ann.opens("Anew").await;
    }
}

async fn one_user_has_links_to_many_plans(world: &World) {
    let mut invites = Vec::new();
    for n in 0..8 {
        let owner = world.user_at(n, &format!("owner{n}"));
        let plan = owner.opens("The Hills").await;
        invites.push((owner.invites(&plan).await, plan));
    }
    let answers = join_all(
        invites
            .iter()
            .enumerate()
            .map(async |(n, (invite, _))| accept(&world.user_at(n, "bob"), &invite.code).await),
    )
    .await;
    assert_eq!((count(&answers, "ok"), count(&answers, "already_in_plan")), (1, 7));
    let me = world.user("bob").get("/v1/me").await.ok(200);
    for ((_, plan), answer) in invites.iter().zip(&answers) {
        assert_eq!(me["family_plan"]["plan_id"] == plan.as_str(), answer.status == 200);
        let found = invariants::check(&world.admin(), plan).await;
        assert_eq!(found.members.contains("bob"), answer.status == 200);
    }
}

async fn one_user_opens_many_plans(world: &World) {
    let answers = join_all((0..10).map(async |n| {
        let bob = world.user_at(n, "bob");
        decided(async || bob.post_json("/v1/plans", &json!({"name": format!("Plan {n}")})).await).await
    }))
    .await;
    assert_eq!((count(&answers, "ok"), count(&answers, "already_in_plan")), (1, 9));
    assert_eq!(world.admin().all("/v1/plans", 100).await.len(), 1);
}

async fn many_invites_are_issued_for_few_seats(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    let answers = join_all((0..12).map(async |n| {
        let ann = world.user_at(n, "ann");
        decided(async || ann.post(&path).await).await
    }))
    .await;
    assert_eq!((count(&answers, "ok"), count(&answers, "plan_full")), (4, 8));
    assert_eq!(ann.seats(&plan).await, (5, 1, 4));
    let found = invariants::check(&ann, &plan).await;
    assert_eq!(found.invites.len(), 4);
    // What was minted for nothing is deleted: the register and the plan agree in the end.
    let mut expected: Vec<String> =
        found.invites.iter().map(|it| format!("FamilyPlanInvite {}", text(it, "id"))).collect();
    expected.sort_unstable();
    let agreeing = async {
        loop {
            let names = world.zammad.tokens().into_iter().map(|it| it.name);
            let mut names: Vec<String> = names.filter(|it| it.starts_with("FamilyPlanInvite")).collect();
            names.sort_unstable();
            if names == expected {
                break;
            }
            ann.get("/health/live").await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(2), agreeing).await.unwrap();
}

async fn one_member_is_detached_many_times(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.joins("bob", &ann, &plan).await;
    let answers = join_all((0..10).map(async |n| {
        let by = world.user_at(n, if n % 3 == 0 { "bob" } else { "ann" });
        decided(async || by.detaches(&plan, "bob").await).await
    }))
    .await;
    // For Bob himself there is no such plan once he is out.
    let rest = count(&answers, "not_a_member") + count(&answers, "plan_not_found");
    assert_eq!((count(&answers, "ok"), rest), (1, 9));
    let found = invariants::check(&ann, &plan).await;
    assert_eq!(found.members.len(), 1);
}

async fn members_come_and_go(world: &World) {
    let (ann, plan, invites) = plan_with_invites(world, "ann", 16).await;
    join_all(invites.iter().enumerate().map(async |(n, invite)| {
        let user = format!("user{n}");
        let answer = accept(&world.user_at(n, &user), &invite.code).await;
        if answer.status == 200 {
            let by = if n % 2 == 0 { "ann" } else { user.as_str() };
            let by = world.user_at(n + 1, by);
            decided(async || by.detaches(&plan, &user).await).await.ok(200);
        } else {
            answer.problem(409, "plan_full");
        }
    }))
    .await;
    let found = invariants::check(&ann, &plan).await;
    assert_eq!((found.members.len(), found.limit), (1, 5));
}
