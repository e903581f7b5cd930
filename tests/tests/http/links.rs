//! Which user of the helpdesk stands for whom: said by somebody, shown on both sides, told in the history.

use family_plan_zammad_simulator::NewUser;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Caller, text},
    waiting::eventually,
    world::{World, engines, on_sqlite},
};

engines!(
    an_association_is_made_replaced_and_taken_away,
    one_of_the_helpdesk_stands_for_one_of_ours,
    the_helpdesks_side_shows_who_it_is_and_the_plan,
    associations_are_shown_wherever_people_are,
    the_history_of_a_plan_tells_of_associations,
);

/// Says who somebody is at the helpdesk.
pub(crate) async fn link(by: &Caller, user: &str, zammad_user: u64) -> Answer {
    by.put(&format!("/v1/users/{user}/zammad-user"), &json!({"zammad_user_id": zammad_user})).await
}

/// Says that somebody is nobody at the helpdesk.
pub(crate) async fn unlink(by: &Caller, user: &str) {
    assert_eq!(by.delete(&format!("/v1/users/{user}/zammad-user")).await.ok(204), Value::Null);
}

/// Has everybody at the helpdesk read.
pub(crate) async fn pull(world: &World) {
    let admin = world.admin();
    admin.post_json("/v1/zammad/sync", &json!({"full": true})).await.ok(202);
    eventually("the pull ends", async || {
        let sync = admin.get("/v1/zammad/sync").await.ok(200);
        assert_eq!(sync["last_error"], Value::Null);
        sync["state"] == "idle"
    })
    .await;
}

/// A customer of the helpdesk, whom the server has seen if it pulls.
pub(crate) fn customer(world: &World, email: &str) -> u64 {
    world.zammad.add_user(NewUser::customer(email).named("Somebody", "Hill")).id
}

/// Who somebody is at the helpdesk, as they see it themselves.
pub(crate) async fn own_id(user: &Caller) -> Value {
    user.get("/v1/me").await.ok(200)["zammad_user_id"].clone()
}

async fn an_association_is_made_replaced_and_taken_away(world: &World) {
    let service = world.service();
    let linked = |id: u64, state: &str| {
        json!({
            "user_id": "bob", "email": null, "name": null, "individual_plan": null, "plan_in_force": null,
            "zammad_user_id": id, "zammad_user_state": state,
        })
    };
    // Neither side was ever heard of.
    assert_eq!(link(&service, "bob", 7777).await.ok(200), linked(7777, "unseen"));
    assert_eq!(link(&service, "bob", 7777).await.ok(200), linked(7777, "unseen"));
    let there = customer(world, "bob.hill@example.org");
    let inactive = world.zammad.add_user(NewUser::customer("b.hill@example.org").inactive()).id;
    pull(world).await;
    assert_eq!(link(&service, "bob", there).await.ok(200), linked(there, "active"));
    assert_eq!(link(&service, "bob", inactive).await.ok(200), linked(inactive, "inactive"));
    service.get("/v1/zammad/users/7777").await.problem(404, "not_found");
    world.zammad.delete_user(inactive);
    world.advance(time::Duration::MINUTE);
    pull(world).await;
    assert_eq!(link(&service, "bob", inactive).await.ok(200), linked(inactive, "vanished"));

    for _ in 0..2 {
        unlink(&service, "bob").await;
        assert_eq!(own_id(&world.user("bob")).await, Value::Null);
        unlink(&service, "never-mentioned").await;
    }
    assert_eq!(link(&service, "bob", there).await.status, 200);
    assert_eq!(own_id(&world.user("bob")).await, there);
    let told = service.put("/v1/users/bob", &json!({"individual_plan": "free"})).await.ok(200);
    assert_eq!(
        (&told["zammad_user_id"], &told["zammad_user_state"]),
        (&json!(there), &json!("active")),
        "it stays"
    );
    let other = service.put("/v1/users/cid", &json!({})).await.ok(200);
    assert_eq!((&other["zammad_user_id"], &other["zammad_user_state"]), (&Value::Null, &Value::Null));
}

async fn one_of_the_helpdesk_stands_for_one_of_ours(world: &World) {
    let service = world.service();
    link(&service, "bob", 77).await.ok(200);
    link(&service, "cid", 78).await.ok(200);
    for user in ["cid", "dan"] {
        link(&service, user, 77).await.problem(409, "zammad_user_taken");
    }
    assert_eq!(own_id(&world.user("bob")).await, 77);
    assert_eq!(own_id(&world.user("cid")).await, 78, "what is refused changes nothing");
    unlink(&service, "bob").await;
    link(&service, "cid", 77).await.ok(200);
    link(&service, "bob", 78).await.ok(200);
}

async fn the_helpdesks_side_shows_who_it_is_and_the_plan(world: &World) {
    let service = world.service();
    let id = customer(world, "Bob.Hill@Example.org");
    let path = format!("/v1/zammad/users/{id}");
    service.get(&path).await.problem(404, "not_found");
    pull(world).await;
    let seen = service.get(&path).await.ok(200);
    let seen_at = seen["seen_at"].clone();
    let known = |user: Value, plan: Value| {
        json!({
            "zammad_user_id": id, "email": "bob.hill@example.org", "firstname": "Somebody", "lastname": "Hill",
            "active": true, "vanished_at": null, "updated_at": seen_at, "seen_at": seen_at, "user_id": user,
            "plan": plan,
        })
    };
    assert_eq!(seen, known(Value::Null, Value::Null));
    link(&service, "bob", id).await.ok(200);
    assert_eq!(service.get(&path).await.ok(200), known(json!("bob"), Value::Null));

    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.joins("bob", &ann, &plan).await;
    ann.invites(&plan).await;
    let shown = |role: &str, used: u32| json!({"plan_id": plan, "name": "The Hills", "role": role, "used": used, "limit": 5});
    assert_eq!(service.get(&path).await.ok(200), known(json!("bob"), shown("member", 2)));
    ann.post_json(&format!("/v1/plans/{plan}/transfer"), &json!({"new_owner_id": "bob"})).await.ok(200);
    assert_eq!(service.get(&path).await.ok(200)["plan"], shown("owner", 2));
    ann.detaches(&plan, "ann").await.ok(200);
    assert_eq!(service.get(&path).await.ok(200)["plan"], shown("owner", 1));
    world.user("bob").delete(&format!("/v1/plans/{plan}")).await.ok(204);
    assert_eq!(service.get(&path).await.ok(200), known(json!("bob"), Value::Null));

    // Of somebody who was never seen, nothing but that is known.
    link(&service, "cid", 7777).await.ok(200);
    let unseen = json!({
        "zammad_user_id": 7777, "email": null, "firstname": null, "lastname": null, "active": null,
        "vanished_at": null, "updated_at": null, "seen_at": null, "user_id": "cid", "plan": null,
    });
    assert_eq!(service.get("/v1/zammad/users/7777").await.ok(200), unseen);
}

async fn associations_are_shown_wherever_people_are(world: &World) {
    let (service, ann) = (world.service(), world.user("ann"));
    link(&service, "ann", 71).await.ok(200);
    link(&service, "bob", 72).await.ok(200);
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let accepted = world.user("bob").accepts(&invite.code).await.ok(200);
    assert_eq!(accepted["membership"]["zammad_user_id"], 72);
    world.joins("cid", &ann, &plan).await;
    let shown = async || -> Vec<(String, Value)> {
        let members = ann.all(&format!("/v1/plans/{plan}/members"), 100).await;
        members.iter().map(|it| (text(it, "user_id"), it["zammad_user_id"].clone())).collect()
    };
    let expected = |ids: [Value; 3]| -> Vec<(String, Value)> {
        ["ann", "bob", "cid"].into_iter().map(ToOwned::to_owned).zip(ids).collect()
    };
    assert_eq!(shown().await, expected([json!(71), json!(72), Value::Null]));
    unlink(&service, "bob").await;
    link(&service, "cid", 72).await.ok(200);
    assert_eq!(shown().await, expected([json!(71), Value::Null, json!(72)]));

    ann.detaches(&plan, "cid").await.ok(200);
    let events = ann.events(&plan).await;
    let of = |kind: &str| -> Vec<(String, Value)> {
        let events = events.iter().filter(|it| it["type"] == kind).map(|it| &it["data"]);
        events.map(|it| (text(it, "user_id"), it["zammad_user_id"].clone())).collect()
    };
    assert_eq!(of("member.joined"), expected([json!(71), json!(72), Value::Null]), "as it was then");
    assert_eq!(of("member.detached"), [("cid".to_owned(), json!(72))]);
}

/// The associations that a plan's history tells of: what, why, by whom, and of whom.
pub(crate) async fn told(by: &Caller, plan: &str) -> Vec<Value> {
    let events = by.events(plan).await.into_iter();
    let events = events.filter(|it| text(it, "type").starts_with("zammad_user."));
    events.map(|it| json!([it["type"], it["reason"], it["actor"], it["data"]])).collect()
}

async fn the_history_of_a_plan_tells_of_associations(world: &World) {
    let (service, ann) = (world.service(), world.user("ann"));
    let plan = ann.opens("The Hills").await;
    world.joins("bob", &ann, &plan).await;
    link(&service, "bob", 77).await.ok(200);
    link(&service, "bob", 77).await.ok(200);
    link(&world.admin(), "bob", 78).await.ok(200);
    unlink(&service, "bob").await;
    unlink(&service, "bob").await;
    // It concerns another plan, or none.
    link(&service, "bert", 77).await.ok(200);
    let data = |id: u64| json!({"user_id": "bob", "zammad_user_id": id});
    let expected = [
        json!(["zammad_user.linked", "requested", "billing", data(77)]),
        json!(["zammad_user.unlinked", "requested", "ada", data(77)]),
        json!(["zammad_user.linked", "requested", "ada", data(78)]),
        json!(["zammad_user.unlinked", "requested", "billing", data(78)]),
    ];
    assert_eq!(told(&ann, &plan).await, expected);
    ann.patch(&format!("/v1/plans/{plan}"), &json!({"name": "The Dales"})).await.ok(200);
    assert_eq!(ann.events(&plan).await.last().unwrap()["type"], "plan.renamed", "it goes on after that");
}

mod requests {
    use super::*;

    on_sqlite!(only_services_and_administrators_deal_with_associations, everything_that_is_wrong_is_named,);

    async fn only_services_and_administrators_deal_with_associations(world: &World) {
        let body = json!({"zammad_user_id": 77});
        let path = "/v1/users/bob/zammad-user";
        for (caller, status, code) in
            [(world.anonymous(), 401, "unauthenticated"), (world.user("bob"), 403, "forbidden")]
        {
            caller.put(path, &body).await.problem(status, code);
            caller.put(path, &json!({"zammad_user_id": "x"})).await.problem(status, code);
            caller.delete(path).await.problem(status, code);
            caller.get("/v1/zammad/users/77").await.problem(status, code);
            caller.get("/v1/zammad/users/x").await.problem(status, code);
        }
        for caller in [world.admin(), world.service()] {
            caller.get("/v1/zammad/users/77").await.problem(404, "not_found");
            caller.put(path, &body).await.ok(200);
            caller.get("/v1/zammad/users/77").await.ok(200);
            caller.delete(path).await.ok(204);
        }
    }

    async fn everything_that_is_wrong_is_named(world: &World) {
        let service = world.service();
        let path = "/v1/users/bob/zammad-user";
        for id in
            [json!(1), json!(0), json!(-7), json!("77"), json!(2.5), json!(1e30), json!(null), json!([77])]
        {
            let answer = service.put(path, &json!({"zammad_user_id": id})).await;
            assert_eq!(answer.invalid(), ["/zammad_user_id"], "{id}");
        }
        assert_eq!(service.put(path, &json!({})).await.invalid(), ["/zammad_user_id"]);
        let twice_wrong = json!({"zammad_user_id": 1, "user_id": "bob", "x/y": 1});
        assert_eq!(service.put(path, &twice_wrong).await.invalid(), ["/user_id", "/x~1y", "/zammad_user_id"]);
        service.put(path, &json!([77])).await.problem(422, "invalid_request");
        let nobody = format!("/v1/users/{}/zammad-user", "b".repeat(256));
        assert_eq!(service.put(&nobody, &json!({"zammad_user_id": 77})).await.invalid(), ["/path/user_id"]);
        assert_eq!(service.delete(&nobody).await.invalid(), ["/path/user_id"]);
        for nobody in ["x", "7.5", "", "99999999999999999999"] {
            let answer = service.get(&format!("/v1/zammad/users/{nobody}")).await;
            answer.problem(404, "not_found");
        }
        service.get("/v1/zammad/users/77").await.problem(404, "not_found");
    }
}

mod races {
    use super::*;

    engines!(replicated: one_of_many_users_gets_one_of_the_helpdesk, one_user_gets_one_of_many);

    async fn one_of_many_users_gets_one_of_the_helpdesk(world: &World) {
        for round in 0..3_u64 {
            let id = 70 + round;
            let users: Vec<String> = (0..8).map(|n| format!("user{round}-{n}")).collect();
            let racing = users
                .iter()
                .enumerate()
                .map(async |(n, user)| link(&world.service().at(world.base(n)), user, id).await);
            let answers = join_all(racing).await;
            let winners: Vec<&String> =
                users.iter().zip(&answers).filter(|(_, it)| it.status == 200).map(|(user, _)| user).collect();
            assert_eq!(winners.len(), 1, "{answers:?}");
            for answer in answers.iter().filter(|it| it.status != 200) {
                answer.problem(409, "zammad_user_taken");
            }
            let shown = world.service().get(&format!("/v1/zammad/users/{id}")).await.ok(200);
            assert_eq!(shown["user_id"], winners[0].as_str());
        }
    }

    async fn one_user_gets_one_of_many(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        let racing =
            (70..78).zip(0..).map(async |(id, n)| link(&world.service().at(world.base(n)), "ann", id).await);
        for answer in join_all(racing).await {
            answer.ok(200);
        }
        let own = own_id(&ann).await;
        let mut holders = Vec::new();
        for id in 70..78 {
            let shown = world.service().get(&format!("/v1/zammad/users/{id}")).await;
            if shown.status == 200 {
                holders.push(json!(id));
            }
        }
        assert_eq!(holders, std::slice::from_ref(&own));
        // Each took the place of the one before.
        let told = told(&ann, &plan).await;
        assert_eq!(told.len(), 8 + 7);
        assert_eq!(told[14][3]["zammad_user_id"], own);
        for pair in told[..14].chunks(2) {
            assert_eq!(
                (&pair[0][0], &pair[1][0]),
                (&json!("zammad_user.linked"), &json!("zammad_user.unlinked"))
            );
            assert_eq!(pair[0][3], pair[1][3]);
        }
    }
}
