//! Who is found at the helpdesk by an address that the identity provider has verified.

use family_plan_zammad_simulator::NewUser;
use serde_json::{Value, json};

use crate::{
    client::{Caller, claims},
    links::{customer, link, own_id, pull, told, unlink},
    world::{World, engines, on_sqlite},
};

engines!(
    somebody_is_found_when_they_first_ask,
    somebody_is_found_when_they_accept,
    somebody_is_found_when_the_helpdesk_tells_of_them,
    an_ambiguous_address_finds_nobody,
    what_was_taken_away_stays_away_until_somebody_says_otherwise,
);

/// The user with these claims besides the usual ones.
fn claiming(world: &World, id: &str, changes: &Value) -> Caller {
    let mut claims = claims(id);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    world.anonymous().claiming(&claims)
}

async fn somebody_is_found_when_they_first_ask(world: &World) {
    let id = customer(world, "BOB@example.com");
    pull(world).await;
    let bob = claiming(world, "bob", &json!({"email": "Bob@Example.COM"}));
    for _ in 0..2 {
        assert_eq!(own_id(&bob).await, id);
    }
    let shown = world.service().get(&format!("/v1/zammad/users/{id}")).await.ok(200);
    assert_eq!(shown["user_id"], "bob");
    assert_eq!(own_id(&world.user("cid")).await, Value::Null);
}

async fn somebody_is_found_when_they_accept(world: &World) {
    let id = customer(world, "bob@example.com");
    pull(world).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let accepted = world.user("bob").accepts(&invite.code).await.ok(200);
    assert_eq!(accepted["membership"]["zammad_user_id"], id);
    let events = ann.events(&plan).await;
    let joined = events.iter().rfind(|it| it["type"] == "member.joined").unwrap();
    assert_eq!((&joined["data"]["user_id"], &joined["data"]["zammad_user_id"]), (&json!("bob"), &json!(id)));
    assert_eq!(told(&ann, &plan).await, Vec::<Value>::new(), "he was in no plan then");
}

async fn somebody_is_found_when_the_helpdesk_tells_of_them(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    world.joins("bob", &ann, &plan).await;
    pull(world).await;
    assert_eq!(own_id(&world.user("bob")).await, Value::Null);
    let id = customer(world, "bob@example.com");
    pull(world).await;
    assert_eq!(own_id(&world.user("bob")).await, id);
    let data = json!({"user_id": "bob", "zammad_user_id": id});
    let expected = json!(["zammad_user.linked", "verified_email", null, data]);
    assert_eq!(told(&ann, &plan).await, [expected]);
}

async fn an_ambiguous_address_finds_nobody(world: &World) {
    let first = customer(world, "bob@example.com");
    let second = customer(world, "bob@example.com");
    customer(world, "family@example.com");
    let of_family = |id: &str| claiming(world, id, &json!({"email": "family@example.com"}));
    for id in ["ann", "cid"] {
        own_id(&of_family(id)).await;
    }
    own_id(&world.user("bob")).await;
    pull(world).await;
    assert_eq!(own_id(&world.user("bob")).await, Value::Null, "two at the helpdesk have it");
    for id in ["ann", "cid"] {
        assert_eq!(own_id(&of_family(id)).await, Value::Null, "two of ours have it");
    }
    // Once one of the two is gone, it is clear who is meant.
    world.zammad.delete_user(second);
    world.advance(time::Duration::MINUTE);
    world.zammad.edit_user(first, |it| it.active = false);
    pull(world).await;
    world.advance(time::Duration::MINUTE);
    pull(world).await;
    assert_eq!(own_id(&world.user("bob")).await, first);
}

async fn what_was_taken_away_stays_away_until_somebody_says_otherwise(world: &World) {
    let service = world.service();
    let id = customer(world, "bob@example.com");
    pull(world).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    assert_eq!(own_id(&world.user("bob")).await, id);
    unlink(&service, "bob").await;
    world.zammad.edit_user(id, |it| it.active = false);
    world.advance(time::Duration::MINUTE);
    pull(world).await;
    assert_eq!(own_id(&world.user("bob")).await, Value::Null);
    let invite = ann.invites(&plan).await;
    let accepted = world.user("bob").accepts(&invite.code).await.ok(200);
    assert_eq!(accepted["membership"]["zammad_user_id"], Value::Null);
    own_id(&claiming(world, "bob", &json!({"email_verified": false}))).await;
    assert_eq!(own_id(&world.user("bob")).await, Value::Null, "also when it is verified anew");
    link(&service, "bob", id).await.ok(200);
    assert_eq!(own_id(&world.user("bob")).await, id);
}

mod addresses {
    use super::*;

    on_sqlite!(
        an_address_that_is_not_verified_finds_nobody,
        whoever_stands_for_somebody_is_not_found_again,
        an_address_that_is_verified_later_finds_somebody,
    );

    async fn an_address_that_is_not_verified_finds_nobody(world: &World) {
        customer(world, "bob@example.com");
        pull(world).await;
        for unverified in [json!(false), json!(null), json!("false"), json!(1)] {
            let bob = claiming(world, "bob", &json!({"email_verified": unverified}));
            assert_eq!(own_id(&bob).await, Value::Null, "{unverified}");
        }
        let told = world.service().put("/v1/users/cid", &json!({"email": "bob@example.com"})).await.ok(200);
        assert_eq!(told["zammad_user_id"], Value::Null, "what a service tells is not verified");
        pull(world).await;
        assert_eq!(own_id(&claiming(world, "bob", &json!({"email_verified": false}))).await, Value::Null);
    }

    async fn whoever_stands_for_somebody_is_not_found_again(world: &World) {
        let service = world.service();
        let id = customer(world, "bob@example.com");
        let other = world.zammad.add_user(NewUser::agent("robert@example.com")).id;
        pull(world).await;
        link(&service, "cid", id).await.ok(200);
        link(&service, "bob", other).await.ok(200);
        assert_eq!(own_id(&world.user("bob")).await, other, "he has one already");
        unlink(&service, "bob").await;
        assert_eq!(own_id(&world.user("bob")).await, Value::Null);
        assert_eq!(own_id(&world.user("cid")).await, id, "what somebody said counts, whatever the address");
    }

    async fn an_address_that_is_verified_later_finds_somebody(world: &World) {
        let id = customer(world, "bob@example.com");
        pull(world).await;
        assert_eq!(own_id(&claiming(world, "bob", &json!({"email_verified": false}))).await, Value::Null);
        assert_eq!(own_id(&world.user("bob")).await, id);
    }
}
