//! Every operation, asked for what makes no sense, with a secret wherever a request can hold one.

use std::fmt::Write;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{super::secrets::Kind, Cast, Stage};
use crate::{
    client::{Answer, Caller, claims},
    jwt::{LONG_AGO, unsigned},
    receiver::ENDPOINTS,
};

pub(super) async fn run(stage: &Stage, cast: &Cast) {
    let misplaced = stage.secrets.make(Kind::Misplaced);
    let document: Value = serde_json::from_str(&family_plan_server::openapi_document().unwrap()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            for caller in [&stage.anonymous(), &cast.ann.caller, &cast.ada.caller] {
                let path = filled(path, &misplaced);
                for request in nonsense(caller, &method, &path, &misplaced) {
                    Answer::to(request).await;
                }
            }
        }
    }
    for path in
        ["/", "/nowhere/", "/v1/", "/v1/nowhere/", "/%ff", "/admin/settings/", "/problems/", "/login?next="]
    {
        let answer = stage.anonymous().get(&format!("{path}{misplaced}?{misplaced}={misplaced}")).await;
        assert!((400..500).contains(&answer.status), "{path}");
    }
    callers(stage, &misplaced).await;
    let ada = &cast.ada.caller;
    for body in [
        json!({"url": "https://1.1.1.1/", "event_types": [misplaced]}),
        json!({"url": "https://1.1.1.1/", "enabled": misplaced}),
        json!({"url": "https://1.1.1.1/", "description": misplaced.repeat(30)}),
    ] {
        ada.post_json(ENDPOINTS, &body).await.invalid();
    }
    for (name, value) in [("recipient_email", &misplaced), ("expires_in_seconds", &misplaced)] {
        let me = cast.ann.caller.get("/v1/me").await.ok(200);
        let path = format!("/v1/plans/{}/invites", me["family_plan"]["plan_id"].as_str().unwrap());
        cast.ann.caller.post_json(&path, &json!({name: value})).await.invalid();
    }
    let too_much = ada.request(Method::POST, "/v1/plans").body(misplaced.repeat(5_000));
    Answer::to(too_much.header("Content-Type", "application/json")).await.problem(413, "payload_too_large");
}

/// Tokens that say nothing of anybody.
async fn callers(stage: &Stage, misplaced: &str) {
    let mut expired = claims(misplaced);
    expired["exp"] = json!(LONG_AGO);
    let mut unreadable = claims(misplaced);
    unreadable["exp"] = json!(misplaced);
    for caller in [
        stage.with_claims(&expired),
        stage.with_claims(&unreadable),
        stage.with_token(format!("{}{misplaced}", unsigned(&claims(misplaced)))),
        stage.with_token(format!("x.y.{misplaced}")),
    ] {
        caller.get("/v1/me").await.problem(401, "unauthenticated");
        caller.in_browser().get("/v1/me").await.problem(401, "unauthenticated");
        caller.in_browser().get("/admin/settings").await.redirect();
    }
}

/// The same path, with this for every parameter.
fn filled(path: &str, value: &str) -> String {
    path.split('/').fold(String::new(), |mut filled, segment| {
        if !segment.is_empty() {
            let _ = write!(filled, "/{}", if segment.starts_with('{') { value } else { segment });
        }
        filled
    })
}

fn nonsense(caller: &Caller, method: &Method, path: &str, value: &str) -> Vec<RequestBuilder> {
    let request = |path: &str| {
        let request = caller.request(method.clone(), path);
        [
            "X-Request-Id",
            "Idempotency-Key",
            "If-Match",
            "X-Forwarded-For",
            "User-Agent",
            "Referer",
            "X-Hub-Signature",
        ]
        .iter()
        .fold(request, |request, name| request.header(*name, format!("{value} {value}/")))
    };
    let queried = format!("{path}?cursor={value}&limit={value}&state={value}&owner_id={value}&token={value}");
    if *method == Method::GET {
        return vec![request(&queried)];
    }
    let with_body = |kind: &str, body: String| request(&queried).header("Content-Type", kind).body(body);
    vec![
        with_body("application/json", format!(r#"{{"name": "{value}"#)),
        with_body("application/json", json!([value]).to_string()),
        with_body("application/json", json!({"url": value, "name": [value], "since": value}).to_string()),
        with_body(&format!("text/{value}"), value.to_owned()),
    ]
}
