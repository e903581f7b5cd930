//! Tokens of a provider that publishes its keys.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};

use crate::{
    client::{Caller, claims},
    jwt::{ProviderKey, SECRET, hs256, hs256_with, unsigned},
    waiting::eventually,
    world::{Engine, World},
};

/// A provider whose keys can be changed, and that can fail.
struct Provider {
    server: MockServer,
    keys: Published,
}

#[derive(Clone)]
struct Published(Arc<Mutex<Option<Value>>>);

impl Respond for Published {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        match &*self.0.lock().unwrap() {
            Some(keys) => ResponseTemplate::new(200).set_body_json(keys),
            None => ResponseTemplate::new(503),
        }
    }
}

impl Provider {
    async fn start(keys: &[&ProviderKey]) -> Self {
        let published = Published(Arc::default());
        let server = MockServer::builder().start().await;
        Mock::given(method("GET")).respond_with(published.clone()).mount(&server).await;
        let provider = Self { server, keys: published };
        provider.publish(keys);
        provider
    }

    fn publish(&self, keys: &[&ProviderKey]) {
        let keys: Vec<Value> = keys.iter().map(|it| it.published()).collect();
        *self.keys.0.lock().unwrap() = Some(json!({"keys": keys}));
    }

    fn fail(&self) {
        *self.keys.0.lock().unwrap() = None;
    }

    async fn world(&self) -> World {
        let url = format!("{}/keys", self.server.uri());
        World::with(Engine::Sqlite, &[("AUTH__HS256_SECRET", ""), ("AUTH__JWKS_URL", &url)]).await
    }

    async fn n_fetches(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }
}

async fn accepted(world: &World, token: String) -> bool {
    let caller: Caller = world.anonymous().with_token(token);
    let answer = caller.get("/v1/me").await;
    if answer.status != 200 {
        answer.problem(401, "unauthenticated");
    }
    answer.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_signed_with_a_published_key_count() {
    let (rsa, elliptic) = (ProviderKey::rsa("r"), ProviderKey::elliptic("e"));
    let provider = Provider::start(&[&rsa, &elliptic]).await;
    let world = provider.world().await;
    for key in [&rsa, &elliptic] {
        assert!(accepted(&world, key.sign(&claims("ann"))).await);
    }
    assert_eq!(provider.n_fetches().await, 1, "keys are kept");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_key_is_no_shared_secret() {
    let (rsa, elliptic) = (ProviderKey::rsa("r"), ProviderKey::elliptic("e"));
    let provider = Provider::start(&[&rsa, &elliptic]).await;
    let world = provider.world().await;
    let claims = claims("ann");
    for (key, id) in [(&rsa, "r"), (&elliptic, "e")] {
        let header = json!({"alg": "HS256", "kid": id});
        for secret in
            [key.public_bytes().to_vec(), key.published().to_string().into_bytes(), SECRET.into(), vec![]]
        {
            assert!(!accepted(&world, hs256_with(&secret, &header, &claims)).await);
        }
    }
    assert!(!accepted(&world, hs256(&claims)).await);
    assert!(!accepted(&world, unsigned(&claims)).await);
    // Signed well, but under a header that says otherwise.
    for header in [
        json!({"alg": "ES256", "kid": "r"}),
        json!({"alg": "RS512", "kid": "r"}),
        json!({"alg": "none", "kid": "r"}),
        json!({"alg": "RS256", "kid": "e"}),
        json!({"alg": "RS256"}),
    ] {
        assert!(!accepted(&world, rsa.sign_under(&header, &claims)).await, "{header}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_published_does_not_count() {
    let (known, stranger) = (ProviderKey::elliptic("k"), ProviderKey::elliptic("k"));
    let provider = Provider::start(&[&known]).await;
    let world = provider.world().await;
    assert!(accepted(&world, known.sign(&claims("ann"))).await);
    assert!(!accepted(&world, stranger.sign(&claims("ann"))).await);
    let own = json!({"alg": "ES256", "kid": "k", "jwk": stranger.published()});
    assert!(!accepted(&world, stranger.sign_under(&own, &claims("ann"))).await);
    let elsewhere = json!({"alg": "ES256", "kid": "x", "jku": "http://127.0.0.1:1/keys"});
    assert!(!accepted(&world, stranger.sign_under(&elsewhere, &claims("ann"))).await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_id_fetches_the_keys_anew_but_not_each_time() {
    let (old, new) = (ProviderKey::elliptic("old"), ProviderKey::elliptic("new"));
    let provider = Provider::start(&[&old]).await;
    let world = provider.world().await;
    // Nothing is fetched before the first token, so the new key is unknown only to the provider.
    let first = accepted(&world, old.sign(&claims("ann"))).await;
    assert!(first);
    let before = provider.n_fetches().await;
    for n in 0..20 {
        let header = json!({"alg": "ES256", "kid": format!("invented-{n}")});
        assert!(!accepted(&world, new.sign_under(&header, &claims("ann"))).await);
    }
    assert!(provider.n_fetches().await <= before + 1, "invented ids do not make us ask each time");
    assert!(accepted(&world, old.sign(&claims("ann"))).await);
    world.end().await;
}

/// In one thread, where the runtime's clock can be moved.
#[tokio::test]
async fn a_rotated_key_is_found_by_a_server_that_has_not_asked_lately() {
    let (old, new) = (ProviderKey::elliptic("old"), ProviderKey::rsa("new"));
    let provider = Provider::start(&[&old]).await;
    let world = provider.world().await;
    assert!(accepted(&world, old.sign(&claims("ann"))).await);
    provider.publish(&[&new]);
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_mins(2)).await;
    tokio::time::resume();
    assert!(accepted(&world, new.sign(&claims("ann"))).await);
    assert!(!accepted(&world, old.sign(&claims("ann"))).await);
    world.end().await;
}

/// In one thread, where the runtime's clock can be moved.
#[tokio::test]
async fn a_key_that_the_provider_takes_back_does_not_count_for_long() {
    let (stolen, new) = (ProviderKey::elliptic("stolen"), ProviderKey::elliptic("new"));
    let provider = Provider::start(&[&stolen]).await;
    let world = provider.world().await;
    assert!(accepted(&world, stolen.sign(&claims("ann"))).await);
    provider.publish(&[&new]);
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_mins(11)).await;
    tokio::time::resume();
    // The first one there still gets in, since nobody waits for the look at the provider.
    eventually("the key is forgotten", async || !accepted(&world, stolen.sign(&claims("ann"))).await).await;
    assert!(accepted(&world, new.sign(&claims("ann"))).await);
    assert_eq!(provider.n_fetches().await, 2, "each is fetched once");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_later_does_not_lock_people_out() {
    let key = ProviderKey::elliptic("k");
    let provider = Provider::start(&[&key]).await;
    let world = provider.world().await;
    assert!(accepted(&world, key.sign(&claims("ann"))).await);
    provider.fail();
    assert!(accepted(&world, key.sign(&claims("bob"))).await);
    let header = json!({"alg": "ES256", "kid": "unknown"});
    assert!(!accepted(&world, key.sign_under(&header, &claims("ann"))).await);
    assert!(accepted(&world, key.sign(&claims("ann"))).await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_key_the_failure_is_the_servers() {
    let key = ProviderKey::elliptic("k");
    let provider = Provider::start(&[&key]).await;
    provider.fail();
    let world = provider.world().await;
    let caller = world.anonymous().with_token(key.sign(&claims("ann")));
    let answer = caller.get("/v1/me").await;
    assert!((500..600).contains(&answer.status), "{answer:?}");
    assert!(!answer.body.contains("127.0.0.1"), "a failure never shows its cause: {}", answer.body);
    world.anonymous().get("/v1/me").await.problem(401, "unauthenticated");
    world.anonymous().get("/health/live").await.ok(200);
    world.end().await;
}
