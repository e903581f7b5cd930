//! Endpoints that are told of events, and do not always take them.

use serde_json::{Value, json};

use super::{super::secrets::Kind, Cast, Stage};
use crate::{
    client::{Answer, text},
    receiver::{ENDPOINTS, Reaction},
    waiting::eventually,
};

/// Notes the secret of an endpoint, and answers its address here.
fn shown(stage: &Stage, answer: &Value) -> String {
    stage.secrets.note(Kind::EndpointSecret, text(answer, "secret"));
    format!("{ENDPOINTS}/{}", text(answer, "id"))
}

fn address(stage: &Stage, url: &str) -> String {
    format!("{url}?token={}", stage.secrets.make(Kind::EndpointAddress))
}

/// One that takes everything, and one that takes nothing.
pub(super) async fn add(stage: &Stage, cast: &Cast) {
    for receiver in &stage.receivers {
        let body = json!({"url": address(stage, &receiver.url), "description": "Of control"});
        let key = stage.secrets.make(Kind::IdempotencyKey);
        for _ in 0..2 {
            shown(stage, &cast.ada.caller.post_json_once(&key, ENDPOINTS, &body).await.ok(201));
        }
    }
    stage.receivers[1].reacts(|it| match it.body.len() % 4 {
        0 => Reaction::Answer(500),
        1 => Reaction::Redirect("http://127.0.0.1:9/elsewhere".to_owned()),
        2 => Reaction::Close,
        _ => Reaction::Lie,
    });
}

pub(super) async fn run(stage: &Stage, cast: &Cast) {
    let ada = &cast.ada.caller;
    // Nobody listens there.
    let body = json!({"url": address(stage, "http://127.0.0.1:9/hook")});
    let gone = shown(stage, &ada.post_json(ENDPOINTS, &body).await.ok(201));
    let changed = address(stage, "http://127.0.0.1:9/changed");
    ada.patch(&gone, &json!({"url": changed, "event_types": ["plan.created"]})).await.ok(200);
    ada.get(ENDPOINTS).await.ok(200);
    let listed = ada.get(ENDPOINTS).await.ok(200);
    for endpoint in listed["items"].as_array().unwrap() {
        let path = format!("{ENDPOINTS}/{}", text(endpoint, "id"));
        ada.get(&path).await.ok(200);
        let key = stage.secrets.make(Kind::IdempotencyKey);
        for _ in 0..2 {
            shown(stage, &ada.post_once(&key, &format!("{path}/rotate-secret")).await.ok(200));
        }
        let everything = json!({"since": "2020-01-01T00:00:00Z"});
        assert_eq!(ada.post_json(&format!("{path}/replay"), &everything).await.status, 202);
        eventually("an endpoint is told", async || {
            let told = ada.get(&format!("{path}/deliveries?limit=100")).await.ok(200);
            told["items"].as_array().unwrap().iter().any(|it| it["attempts"].as_u64() != Some(0))
        })
        .await;
    }
    let misplaced = stage.secrets.make(Kind::Misplaced);
    for url in [format!("https://ann:{misplaced}@1.1.1.1/"), format!("ftp://1.1.1.1/{misplaced}"), misplaced]
    {
        ada.post_json(ENDPOINTS, &json!({"url": url})).await.invalid();
    }
    ada.delete(&gone).await.ok(204);
}

/// Where nothing may be sent to private addresses, nothing of them is told either.
pub(super) async fn guarded(stage: &Stage, cast: &Cast) {
    let ada = stage.again(&cast.ada);
    for host in ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254"] {
        let url = format!("https://{host}/{}", stage.secrets.make(Kind::Misplaced));
        ada.post_json(ENDPOINTS, &json!({"url": url})).await.invalid();
    }
    let listed = ada.get(ENDPOINTS).await.ok(200);
    let refused = format!("{ENDPOINTS}/{}", text(&listed["items"][0], "id"));
    assert_eq!(
        Answer::to(
            ada.request(reqwest::Method::POST, &format!("{refused}/replay"))
                .json(&json!({"since": "2020-01-01T00:00:00Z"}))
        )
        .await
        .status,
        202
    );
    eventually("an address is refused", async || {
        let told = ada.get(&format!("{refused}/deliveries?state=pending")).await.ok(200);
        told["items"].as_array().unwrap().iter().any(|it| it["failure"].is_string())
    })
    .await;
}
