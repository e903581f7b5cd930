//! Endpoints, and requests about them that are sent again with their `Idempotency-Key`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::{Answer, text},
    idempotency::{KEY, assert_again, first},
    receiver::{ENDPOINTS, Receiver},
    world::{Engine, SECRET_KEY, World, engines},
};

const OTHER_SECRET_KEY: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";

engines!(
    an_endpoint_is_added_once,
    a_secret_is_rotated_once,
    what_is_refused_is_not_kept,
    the_same_request_at_once_has_one_effect,
);

fn body() -> Value {
    json!({"url": "https://1.1.1.1/hook", "description": "Billing", "event_types": ["member.joined"]})
}

fn path(answer: &Answer) -> String {
    format!("{ENDPOINTS}/{}", text(&answer.json(), "id"))
}

async fn an_endpoint_is_added_once(world: &World) {
    let admin = world.admin();
    let added = admin.post_json_once(KEY, ENDPOINTS, &body()).await;
    first(&added);
    assert_again(&admin.post_json_once(KEY, ENDPOINTS, &body()).await, &added);
    assert_eq!(admin.all(ENDPOINTS, 100).await.len(), 1);
    let other = json!({"url": "https://1.1.1.1/other"});
    admin.post_json_once(KEY, ENDPOINTS, &other).await.problem(422, "idempotency_key_reused");
    first(&admin.post_json_once("another", ENDPOINTS, &body()).await);
    // Whatever becomes of it.
    admin.post(&format!("{}/rotate-secret", path(&added))).await.ok(200);
    admin.patch(&path(&added), &json!({"enabled": false})).await.ok(200);
    admin.delete(&path(&added)).await.ok(204);
    assert_again(&admin.post_json_once(KEY, ENDPOINTS, &body()).await, &added);
    assert_eq!(admin.all(ENDPOINTS, 100).await.len(), 1);
}

async fn a_secret_is_rotated_once(world: &World) {
    let admin = world.admin();
    let one = admin.post_json_once(KEY, ENDPOINTS, &body()).await;
    let other = admin.post_json_once("another", ENDPOINTS, &body()).await;
    let rotating = format!("{}/rotate-secret", path(&one));
    let rotated = admin.post_once(KEY, &rotating).await;
    rotated.ok(200);
    assert_eq!(rotated.header("idempotency-replayed"), None);
    for _ in 0..2 {
        assert_again(&admin.post_once(KEY, &rotating).await, &rotated);
    }
    // Another endpoint has secrets of its own, and another key means another rotation.
    let secrets = [
        text(&one.json(), "secret"),
        text(&rotated.json(), "secret"),
        text(&admin.post_once(KEY, &format!("{}/rotate-secret", path(&other))).await.ok(200), "secret"),
        text(&admin.post_once("another", &rotating).await.ok(200), "secret"),
        text(&admin.post(&rotating).await.ok(200), "secret"),
    ];
    let mut different = secrets.to_vec();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), secrets.len());
    assert_again(&admin.post_once(KEY, &rotating).await, &rotated);
}

async fn what_is_refused_is_not_kept(world: &World) {
    let admin = world.admin();
    let private = json!({"url": "https://127.0.0.1/hook"});
    for _ in 0..2 {
        assert_eq!(admin.post_json_once(KEY, ENDPOINTS, &private).await.invalid(), ["/url"]);
    }
    let added = admin.post_json_once(KEY, ENDPOINTS, &body()).await;
    first(&added);
    let rotating = format!("{}/rotate-secret", path(&added));
    let nowhere = format!("{ENDPOINTS}/0198c1f0-0000-7000-8000-000000000000/rotate-secret");
    for key in ["", "a b", "schl\u{fc}ssel"] {
        let to = |path: &str| {
            let request = admin.request(Method::POST, path);
            request.header("Idempotency-Key", key.as_bytes())
        };
        let wrong = Answer::to(to(ENDPOINTS).json(&json!({"url": 7}))).await;
        assert_eq!(wrong.invalid(), ["/header/Idempotency-Key", "/url"]);
        assert_eq!(Answer::to(to(&rotating)).await.invalid(), ["/header/Idempotency-Key"]);
        Answer::to(to(&nowhere)).await.problem(404, "not_found");
    }
    for caller in [world.user("ann"), world.service()] {
        caller.post_json_once(KEY, ENDPOINTS, &body()).await.problem(403, "forbidden");
        caller.post_once(KEY, &rotating).await.problem(403, "forbidden");
    }
    admin.post_once(KEY, &nowhere).await.problem(404, "not_found");
}

async fn the_same_request_at_once_has_one_effect(world: &World) {
    let admin = world.admin();
    let body = body();
    let adding = (0..10).map(|_| admin.post_json_once(KEY, ENDPOINTS, &body));
    let answers = futures_util::future::join_all(adding).await;
    let added: Vec<&Answer> = answers.iter().filter(|it| it.status == 201).collect();
    assert!(!added.is_empty() && added.iter().all(|it| it.body == added[0].body), "{answers:?}");
    for answer in answers.iter().filter(|it| it.status != 201) {
        answer.problem(409, "idempotency_in_progress");
    }
    assert_eq!(admin.all(ENDPOINTS, 100).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_again_as_long_as_its_key_is_known() {
    let mut world = World::telling(Engine::Sqlite).await;
    let receiver = Receiver::start().await;
    let body = json!({"url": receiver.url});
    let added = world.admin().post_json_once(KEY, ENDPOINTS, &body).await;
    let rotating = format!("{}/rotate-secret", path(&added));
    let rotated = world.admin().post_once(KEY, &rotating).await;
    world.restart_with(&[("SERVER__SECRET_KEY", OTHER_SECRET_KEY)]).await;
    for answer in [
        world.admin().post_json_once(KEY, ENDPOINTS, &body).await,
        world.admin().post_once(KEY, &rotating).await,
    ] {
        let problem = answer.problem(409, "conflict");
        assert!(text(&problem, "detail").contains("secret key"), "{problem}");
    }
    world.restart_with(&[("SERVER__PREVIOUS_SECRET_KEYS", SECRET_KEY)]).await;
    assert_again(&world.admin().post_json_once(KEY, ENDPOINTS, &body).await, &added);
    assert_again(&world.admin().post_once(KEY, &rotating).await, &rotated);
    world.end().await;
}
