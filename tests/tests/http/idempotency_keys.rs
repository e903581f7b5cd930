//! The header `Idempotency-Key` that is wrong or not there, and secret keys that are there no longer.

use reqwest::Method;
use serde_json::json;

use crate::{
    client::{Answer, Caller, Invite, text},
    idempotency::{KEY, assert_again, first},
    world::{Engine, SECRET_KEY, World, on_sqlite},
};

const OTHER_SECRET_KEY: &str = "a01d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
const THIRD_SECRET_KEY: &str = "c3b7a9d20e51f8467a90be12d4c86f3517e2a0984b6dcf7a3e815c09f2647b1d";

on_sqlite!(a_malformed_key_is_named, a_request_without_a_key_is_carried_out_each_time);

async fn a_malformed_key_is_named(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    let invite = ann.invites(&plan).await;
    let sending = format!("{path}/{}/resend", invite.id);
    let long = "k".repeat(256);
    let keys: [&[&[u8]]; 6] =
        [&[b""], &[long.as_bytes()], &[b"a b"], &["schlüssel".as_bytes()], &[b"\xff"], &[b"one", b"one"]];
    for keys in keys {
        let to = |caller: &Caller, path: &str| {
            let request = caller.request(Method::POST, path);
            keys.iter().fold(request, |request, key| request.header("Idempotency-Key", *key))
        };
        let wrong = json!({"name": "", "colour": "red"});
        let opened = Answer::to(to(&ann, "/v1/plans").json(&wrong)).await;
        assert_eq!(opened.invalid(), ["/colour", "/header/Idempotency-Key", "/name"]);
        for path in [&path, &sending] {
            let answer = Answer::to(to(&ann, path)).await;
            assert_eq!(answer.invalid(), ["/header/Idempotency-Key"]);
            Answer::to(to(&world.user("bob"), path)).await.problem(404, "plan_not_found");
            Answer::to(to(&world.anonymous(), path)).await.problem(401, "unauthenticated");
        }
    }
    let unknown = format!("{path}/{plan}/resend");
    let malformed = ann.request(Method::POST, &unknown).header("Idempotency-Key", "a b");
    Answer::to(malformed).await.problem(404, "invite_not_found");
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
    for key in ["k".repeat(255), "!".to_owned(), "~".to_owned()] {
        first(&ann.post_once(&key, &path).await);
    }
}

async fn a_request_without_a_key_is_carried_out_each_time(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let [one, other] = [ann.invites(&plan).await, ann.invites(&plan).await];
    assert_ne!((one.id, one.code), (other.id, other.code));
    // A key means nothing where nothing is made.
    let answer = ann.request(Method::GET, "/v1/me").header("Idempotency-Key", "").send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_shown_again_as_long_as_its_key_is_known() {
    let mut world = World::on(Engine::Sqlite).await;
    let path = |plan: &str| format!("/v1/plans/{plan}/invites");
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let issued = ann.post_once(KEY, &path(&plan)).await;
    first(&issued);

    world.restart_with(&[("SERVER__SECRET_KEY", OTHER_SECRET_KEY)]).await;
    let ann = world.user("ann");
    let problem = ann.post_once(KEY, &path(&plan)).await.problem(409, "conflict");
    assert!(text(&problem, "detail").contains("secret key"), "{problem}");
    // It was issued, and its link is good.
    assert_eq!(ann.seats(&plan).await, (5, 1, 1));
    let issued_anew = ann.post_once("another", &path(&plan)).await;
    first(&issued_anew);

    let previous = format!("{OTHER_SECRET_KEY}, {SECRET_KEY}");
    let keys = [("SERVER__SECRET_KEY", THIRD_SECRET_KEY), ("SERVER__PREVIOUS_SECRET_KEYS", &previous)];
    world.restart_with(&keys).await;
    let ann = world.user("ann");
    assert_again(&ann.post_once(KEY, &path(&plan)).await, &issued);
    assert_again(&ann.post_once("another", &path(&plan)).await, &issued_anew);
    world.user("bob").accepts(&Invite::of(&issued.json()).code).await.ok(200);
    world.end().await;
}
