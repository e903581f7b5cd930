//! User ids are whatever the identity provider says, to the letter.

use serde_json::json;

use crate::{
    client::claims,
    world::{World, engines},
};

engines!(
    an_odd_id_is_percent_encoded_in_paths,
    upper_and_lower_case_are_two_users,
    accents_make_two_users,
    a_very_long_id_is_an_id
);

async fn an_odd_id_is_percent_encoded_in_paths(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for (id, encoded) in [
        ("auth0|a/b ü", "auth0%7Ca%2Fb%20%C3%BC"),
        ("a%2Fb", "a%252Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("🏡", "%F0%9F%8F%A1"),
        ("a+b", "a+b"),
        ("a:b@c.d;e,f'g\"h\\i", "a%3Ab%40c.d%3Be%2Cf'g%22h%5Ci"),
        ("..%2f", "..%252f"),
    ] {
        let user = world.anonymous().claiming(&json!({"sub": id, "exp": claims("x")["exp"]}));
        let invite = ann.invites(&plan).await;
        let acceptance = user.accepts(&invite.code).await.ok(200);
        assert_eq!(acceptance["membership"]["user_id"], id);
        let told =
            world.service().put(&format!("/v1/users/{encoded}"), &json!({"individual_plan": "free"})).await;
        assert_eq!(told.ok(200)["user_id"], id);
        let members = ann.all(&format!("/v1/plans/{plan}/members"), 1).await;
        assert!(members.iter().any(|it| it["user_id"] == id), "{id}");
        let detachment = ann.detaches(&plan, encoded).await.ok(200);
        assert_eq!(
            (&detachment["user_id"], &detachment["plan_in_force"]["code"]),
            (&json!(id), &json!("free"))
        );
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.ok(204);
    }
}

async fn upper_and_lower_case_are_two_users(world: &World) {
    different(world, "Alice", "alice").await;
}

async fn accents_make_two_users(world: &World) {
    different(world, "josé", "jose").await;
}

async fn different(world: &World, one: &str, other: &str) {
    let user = |id: &str| world.anonymous().claiming(&json!({"sub": id, "exp": claims("x")["exp"]}));
    let plan = user(one).opens("The Hills").await;
    let others = user(other).opens("The Dales").await;
    assert_ne!(plan, others);
    user(other).get(&format!("/v1/plans/{plan}")).await.problem(404, "plan_not_found");
    let owned = world.admin().get(&format!("/v1/plans?owner_id={other}")).await.ok(200);
    assert_eq!(owned["items"].as_array().unwrap().len(), 1, "{owned}");
    assert_eq!(owned["items"][0]["id"], others);
    world.service().put(&format!("/v1/users/{one}"), &json!({"individual_plan": "free"})).await.ok(200);
    assert_eq!(user(other).get("/v1/me").await.ok(200)["individual_plan"], json!(null));
    user(one).detaches(&plan, other).await.problem(404, "not_a_member");
}

async fn a_very_long_id_is_an_id(world: &World) {
    let (one, other) = (format!("{}x", "é".repeat(254)), format!("{}y", "é".repeat(254)));
    different(world, &one, &other).await;
}
