//! Whom a pull finds among ours, by their verified address.

use family_plan_zammad_simulator::NewUser;
use serde_json::{Value, json};

use super::{HOUR, known, pull, pull_all};
use crate::{
    client::claims,
    world::{World, engines, on_sqlite},
};

/// The id of the helpdesk's user who stands for somebody; null for nobody.
async fn association(world: &World, user: &str) -> Value {
    let path = format!("/v1/users/{user}");
    world.service().put(&path, &json!({})).await.ok(200)["zammad_user_id"].clone()
}

mod everywhere {
    use super::*;

    engines!(a_pull_finds_those_who_were_here_before, an_address_of_several_is_nobodys);

    async fn a_pull_finds_those_who_were_here_before(world: &World) {
        let ann = world.user("ann");
        let plan = ann.opens("The Hills").await;
        world.zammad.seed_users(1_500);
        let id = world.zammad.add_user(NewUser::customer("Ann@Example.com")).id;
        world.advance(HOUR);
        pull_all(world).await;
        assert_eq!(ann.get("/v1/me").await.ok(200)["zammad_user_id"], id);
        let user = known(world, id).await;
        assert_eq!((&user["user_id"], &user["plan"]["role"]), (&json!("ann"), &json!("owner")));
        let events = ann.events(&plan).await;
        let linked = events.iter().find(|it| it["type"] == "zammad_user.linked").unwrap();
        assert_eq!(linked["reason"], "verified_email");
        assert!(linked["actor"].is_null(), "nobody asked for it");

        // The other way round: the pull comes first.
        let id = world.zammad.add_user(NewUser::customer("bob@example.com")).id;
        pull(world, &json!({})).await;
        assert_eq!(world.user("bob").get("/v1/me").await.ok(200)["zammad_user_id"], id);
    }

    async fn an_address_of_several_is_nobodys(world: &World) {
        world.user("ann").get("/v1/me").await.ok(200);
        let first = world.zammad.add_user(NewUser::customer("ann@example.com")).id;
        // The other is on another page.
        world.zammad.seed_users(1_500);
        let second = world.zammad.add_user(NewUser::customer("ann@example.com")).id;
        world.advance(HOUR);
        pull_all(world).await;
        assert!(association(world, "ann").await.is_null());
        for id in [first, second] {
            assert!(known(world, id).await["user_id"].is_null());
        }

        assert!(world.zammad.delete_user(first));
        world.advance(HOUR);
        pull_all(world).await;
        assert_eq!(association(world, "ann").await, second, "the only one who is left");
    }
}

mod others {
    use super::*;

    on_sqlite!(
        an_address_that_nobody_verified_finds_nobody,
        who_takes_on_an_address_is_found_by_it,
        what_was_taken_away_by_hand_does_not_come_back,
    );

    async fn an_address_that_nobody_verified_finds_nobody(world: &World) {
        let mut cid = claims("cid");
        cid["email_verified"] = json!(false);
        world.anonymous().claiming(&cid).get("/v1/me").await.ok(200);
        world.zammad.add_user(NewUser::customer("cid@example.com"));
        pull_all(world).await;
        assert!(association(world, "cid").await.is_null());
    }

    async fn who_takes_on_an_address_is_found_by_it(world: &World) {
        world.user("ann").get("/v1/me").await.ok(200);
        pull_all(world).await;
        world.advance(HOUR);
        world.zammad.edit_user(7, |it| "ann@example.com".clone_into(&mut it.email));
        pull(world, &json!({})).await;
        assert_eq!(association(world, "ann").await, 7);
        world.advance(HOUR);
        world.zammad.edit_user(7, |it| "else@example.com".clone_into(&mut it.email));
        pull(world, &json!({})).await;
        assert_eq!(association(world, "ann").await, 7, "a new address takes nothing away");
    }

    async fn what_was_taken_away_by_hand_does_not_come_back(world: &World) {
        world.user("ann").get("/v1/me").await.ok(200);
        let id = world.zammad.add_user(NewUser::customer("ann@example.com")).id;
        pull_all(world).await;
        assert_eq!(association(world, "ann").await, id);
        world.service().delete("/v1/users/ann/zammad-user").await.ok(204);
        world.advance(HOUR);
        world.zammad.edit_user(id, |it| it.active = false);
        for body in [json!({}), json!({"full": true})] {
            pull(world, &body).await;
            assert!(association(world, "ann").await.is_null());
        }
    }
}
