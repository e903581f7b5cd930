//! Every secret can be replaced while the service goes on: what docs/operating.md tells operators to do, done.

use family_plan_zammad_simulator::{NewToken, Operation};
use serde_json::json;
use time::Duration;
use url::Url;

use crate::{
    client::{Invite, claims, text},
    hooks::{self, Hook, NOON, zammad_user},
    idempotency::{KEY, assert_again, first},
    jwt::{SECRET, hs256_with},
    receiver::{ENDPOINTS, Received, Receiver},
    world::{Engine, SECRET_KEY, World},
};

const NEW_KEY: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
const NEW_SECRET: &str = "mT4vQ9sK1xYb7RzN3wLc8HjD6gFp2aEu";

/// The requests that came after the first `n`, of which there will be so many at least.
async fn next(receiver: &Receiver, n: usize, n_more: usize) -> Vec<Received> {
    receiver.has(n + n_more).await.split_off(n)
}

/// The new key beside the old one, until every endpoint was told of an event; then the new one alone.
async fn secret_key(engine: Engine) {
    let mut world = World::telling(engine).await;
    let receiver = Receiver::start().await;
    let (_, secret) = receiver.registered(&world.admin()).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    let issued = ann.post_once(KEY, &path).await;
    let invite = Invite::of(&first(&issued));
    receiver.has(3).await;

    let both = [("SERVER__SECRET_KEY", NEW_KEY), ("SERVER__PREVIOUS_SECRET_KEYS", SECRET_KEY)];
    world.restart_with(&both).await;
    let n = receiver.received().len();
    assert_again(&world.user("ann").post_once(KEY, &path).await, &issued);
    world.user("bob").accepts(&invite.code).await.ok(200);
    let told = next(&receiver, n, 2).await;
    assert!(told.iter().all(|it| it.is_signed_with(&secret)), "{told:?}");

    world.restart_with(&[("SERVER__PREVIOUS_SECRET_KEYS", "")]).await;
    let n = receiver.received().len();
    let ann = world.user("ann");
    let another = ann.invites(&plan).await;
    world.user("cleo").accepts(&another.code).await.ok(200);
    let told = next(&receiver, n, 3).await;
    assert!(
        told.iter().all(|it| it.is_signed_with(&secret)),
        "the secret was sealed with the new key: {told:?}"
    );
    // That is all that is lost: the link that a repeated request would be told again.
    ann.post_once(KEY, &path).await.problem(409, "conflict");
    world.end().await;
}

/// Where the old key is not to be had any more, endpoints get new secrets, and links that are out stay good.
async fn lost_secret_key(engine: Engine) {
    let mut world = World::telling(engine).await;
    let receiver = Receiver::start().await;
    let (id, _) = receiver.registered(&world.admin()).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    receiver.has(3).await;

    world.restart_with(&[("SERVER__SECRET_KEY", NEW_KEY)]).await;
    let n = receiver.received().len();
    world.user("bob").accepts(&invite.code).await.ok(200);
    let rotated = world.admin().post(&format!("{ENDPOINTS}/{id}/rotate-secret")).await.ok(200);
    // What could not be signed is tried again after a while.
    world.advance(Duration::MINUTE);
    let told = next(&receiver, n, 2).await;
    assert!(
        told.iter().all(|it| it.is_signed_with(&text(&rotated, "secret"))),
        "what waited is told: {told:?}"
    );
    world.end().await;
}

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_secret_key_is_replaced_and_nobody_notices() {
        secret_key(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_secret_key_that_was_lost_is_replaced() {
        lost_secret_key(Engine::Sqlite).await;
    }
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_secret_key_is_replaced_and_nobody_notices() {
        secret_key(Engine::Postgres).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_secret_key_that_was_lost_is_replaced() {
        lost_secret_key(Engine::Postgres).await;
    }
}

mod mariadb {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_secret_key_is_replaced_and_nobody_notices() {
        secret_key(Engine::Mariadb).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_secret_key_that_was_lost_is_replaced() {
        lost_secret_key(Engine::Mariadb).await;
    }

    /// A second user beside the first, so that there is no moment without one that works.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_password_of_the_database_is_replaced() {
        let mut world = World::on(Engine::Mariadb).await;
        let plan = world.user("ann").opens("The Hills").await;
        let url: Url = world.database.url.parse().unwrap();
        let name = url.path().trim_start_matches('/').to_owned();
        for user in ["first", "second"] {
            let account = format!("'{name}_{user}'@'%'");
            world.database.execute(&format!("CREATE USER {account} IDENTIFIED BY 'of {user}'")).await;
            world.database.execute(&format!("GRANT ALL ON {name}.* TO {account}")).await;
            let mut url = url.clone();
            url.set_username(&format!("{name}_{user}")).unwrap();
            url.set_password(Some(&format!("of {user}"))).unwrap();
            world.restart_with(&[("DATABASE__URL", url.as_str())]).await;
            world.user("ann").plan(&plan).await;
            if user == "second" {
                world.database.execute(&format!("DROP USER '{name}_first'@'%'")).await;
                world
                    .user("ann")
                    .patch(&format!("/v1/plans/{plan}"), &json!({"name": "The Dales"}))
                    .await
                    .ok(200);
            }
        }
        world.database.execute(&format!("DROP USER '{name}_second'@'%'")).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_that_is_shared_with_the_identity_provider_is_replaced() {
    let mut world = World::on(Engine::Sqlite).await;
    world.user("ann").get("/v1/me").await.ok(200);
    world.restart_with(&[("AUTH__HS256_SECRET", NEW_SECRET)]).await;
    let header = json!({"alg": "HS256", "typ": "JWT"});
    for (secret, status) in [(SECRET, 401), (NEW_SECRET, 200)] {
        let token = hs256_with(secret.as_bytes(), &header, &claims("ann"));
        assert_eq!(world.anonymous().with_token(token).get("/v1/me").await.status, status);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_zammad_is_replaced_and_invites_that_are_out_stay_good() {
    let mut world = World::on(Engine::Sqlite).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let old = world.zammad.tokens().into_iter().find(|it| it.value == world.zammad.agent_token()).unwrap();
    let new = NewToken::new(old.user_id, "family-plan");
    let new = old.permissions.iter().fold(new, NewToken::permission);
    let new = world.zammad.add_token(new).value;

    world.restart_with(&[("ZAMMAD__TOKEN", &new)]).await;
    assert!(world.zammad.delete_token(old.id));
    let ann = world.user("ann");
    ann.invites(&plan).await;
    assert_eq!(world.zammad.request_count(Operation::MintToken), 2);
    world.user("bob").accepts(&invite.code).await.ok(200);
    assert_eq!(world.anonymous().get("/health/ready").await.ok(200)["status"], "ok");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_zammads_webhooks_is_replaced() {
    let mut world = World::on(Engine::Sqlite).await;
    let (old, new) = (hooks::SECRET, NEW_SECRET);
    let both = format!("{old},{new}");
    for (n, secrets, signed_with, status) in
        [(1, &*both, old, 202), (2, &*both, new, 202), (3, new, new, 202), (4, new, old, 401)]
    {
        world.restart_with(&[("ZAMMAD__WEBHOOK_SECRETS", secrets)]).await;
        let body = json!({"ticket": {"customer": zammad_user(n, "Zoë", NOON)}}).to_string();
        let answer = Hook::signed_with(signed_with, body).to(&world.anonymous()).await;
        assert_eq!(answer.status, status, "{secrets}, {signed_with}");
    }
    world.end().await;
}
