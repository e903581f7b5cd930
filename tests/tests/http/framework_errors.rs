//! What the server answers before any operation is reached, or when its body cannot be read.

use reqwest::{Method, header};
use serde_json::json;

use crate::{
    client::{Answer, Caller},
    world::{Engine, World, on_sqlite},
};

on_sqlite!(
    an_unknown_address_is_not_found,
    a_wrong_method_is_told_the_right_ones,
    the_documentation_is_only_for_reading,
    a_body_that_is_no_json_is_malformed,
    a_body_of_another_type_is_not_read,
    a_body_beyond_the_limit_is_refused,
    a_body_that_is_no_object_is_invalid,
    an_empty_body_will_do_where_every_field_is_optional,
    a_body_is_read_whatever_charset_its_type_names,
);

async fn an_unknown_address_is_not_found(world: &World) {
    let long = format!("/{}", "a".repeat(4000));
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v2/plans",
        "/v1/plans/",
        "/join",
        "/join/",
        "/join/a/b",
        "/problems",
        "/problems/nothing",
        "/health",
        "/health/nothing",
        "/admin",
        "/%2e%2e/etc/passwd",
        "/v1/invites",
        &long,
    ] {
        for caller in [world.anonymous(), world.admin()] {
            caller.get(path).await.problem(404, "not_found");
            if path != "/problems/nothing" {
                caller.post_json(path, &json!({})).await.problem(404, "not_found");
            }
        }
    }
}

async fn a_wrong_method_is_told_the_right_ones(world: &World) {
    let plan = "/v1/plans/0198c1f0-0000-7000-8000-000000000000";
    let invite = format!("{plan}/invites/0198c1f0-0000-7000-8000-000000000001");
    let table: &[(&str, &[&str])] = &[
        ("/v1/plans", &["GET", "POST"]),
        (plan, &["GET", "PATCH", "DELETE"]),
        (&format!("{plan}/transfer"), &["POST"]),
        (&format!("{plan}/seats"), &["GET"]),
        (&format!("{plan}/members"), &["GET"]),
        (&format!("{plan}/members/ann"), &["DELETE"]),
        (&format!("{plan}/invites"), &["GET", "POST"]),
        (&invite, &["DELETE"]),
        (&format!("{invite}/resend"), &["POST"]),
        (&format!("{plan}/events"), &["GET"]),
        ("/v1/invites/abc", &["GET"]),
        ("/v1/invites/abc/accept", &["POST"]),
        ("/v1/me", &["GET"]),
        ("/v1/users/ann", &["PUT"]),
        ("/v1/settings", &["GET", "PUT"]),
        ("/health/live", &["GET"]),
        ("/health/ready", &["GET"]),
        ("/openapi.json", &["GET"]),
        ("/problems/plan_full", &["GET"]),
        ("/join/abc", &["GET", "POST"]),
    ];
    for (path, methods) in table {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if methods.contains(&method) {
                continue;
            }
            let request = world.anonymous().request(method.parse().unwrap(), path);
            let answer = Answer::to(request).await;
            answer.problem(405, "method_not_allowed");
            let allow = answer.header("allow").unwrap_or_else(|| panic!("no Allow: {method} {path}"));
            let mut allowed: Vec<&str> = allow.split(',').map(str::trim).collect();
            allowed.retain(|it| !matches!(*it, "HEAD" | "OPTIONS"));
            allowed.sort_unstable();
            let mut expected = methods.to_vec();
            expected.sort_unstable();
            assert_eq!(allowed, expected, "{method} {path}");
        }
    }
}

async fn the_documentation_is_only_for_reading(world: &World) {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = Answer::to(world.anonymous().request(method, "/docs")).await;
        // The page is too long to be shown.
        assert_eq!(answer.status, 405);
        answer.problem(405, "method_not_allowed");
        assert!(answer.header("allow").unwrap_or_default().contains("GET"), "{answer:?}");
    }
}

/// Everything with a body, and how to send it by somebody who may.
async fn with_body(world: &World) -> Vec<(Caller, Method, String)> {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    vec![
        (world.user("bob"), Method::POST, "/v1/plans".to_owned()),
        (ann.clone(), Method::PATCH, format!("/v1/plans/{plan}")),
        (ann.clone(), Method::POST, format!("/v1/plans/{plan}/transfer")),
        (ann, Method::POST, format!("/v1/plans/{plan}/invites")),
        (world.admin(), Method::PUT, "/v1/users/cid".to_owned()),
        (world.admin(), Method::PUT, "/v1/settings".to_owned()),
    ]
}

async fn a_body_that_is_no_json_is_malformed(world: &World) {
    for (caller, method, path) in with_body(world).await {
        let bodies: &[&[u8]] = &[
            b"{",
            b"{\"name\": }",
            b"name=x",
            b"\"\xff\"",
            b"{\"name\": \"\xff\xfe\"}",
            b"{} {}",
            b"\xef\xbb",
        ];
        for body in bodies {
            let request =
                caller.request(method.clone(), &path).header(header::CONTENT_TYPE, "application/json");
            Answer::to(request.body(body.to_vec())).await.problem(400, "malformed_request");
        }
    }
}

async fn a_body_of_another_type_is_not_read(world: &World) {
    for (caller, method, path) in with_body(world).await {
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json"] {
            let request = caller.request(method.clone(), &path).header(header::CONTENT_TYPE, content_type);
            Answer::to(request.body("{}")).await.problem(415, "unsupported_media_type");
        }
        let untyped = caller.request(method, &path).body("{}");
        Answer::to(untyped).await.problem(415, "unsupported_media_type");
    }
}

async fn a_body_beyond_the_limit_is_refused(world: &World) {
    let large = format!("{{\"name\": \"{}\"}}", "a".repeat(64 * 1024));
    for (caller, method, path) in with_body(world).await {
        let request = caller.request(method, &path).header(header::CONTENT_TYPE, "application/json");
        Answer::to(request.body(large.clone())).await.problem(413, "payload_too_large");
    }
    let body = "{\"name\": \"The Dales\"}";
    let just_fits = format!("{body}{}", " ".repeat(64 * 1024 - body.len()));
    let request =
        world.user("dan").request(Method::POST, "/v1/plans").header(header::CONTENT_TYPE, "application/json");
    Answer::to(request.body(just_fits)).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_bodies_is_configurable() {
    let world = World::with(Engine::Sqlite, &[("SERVER__BODY_LIMIT_BYTES", "100")]).await;
    let body = json!({"name": "a".repeat(100)});
    world.user("ann").post_json("/v1/plans", &body).await.problem(413, "payload_too_large");
    world.user("ann").post_json("/v1/plans", &json!({"name": "a".repeat(80)})).await.ok(201);
    world.end().await;
}

async fn a_body_that_is_no_object_is_invalid(world: &World) {
    for (caller, method, path) in with_body(world).await {
        for body in [json!([]), json!("x"), json!(7), json!(null), json!(true)] {
            assert_eq!(caller.send(method.clone(), &path, &body).await.invalid().len(), 1, "{path} {body}");
        }
    }
}

async fn an_empty_body_will_do_where_every_field_is_optional(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    ann.post(&path).await.ok(201);
    ann.post_json(&path, &json!({})).await.ok(201);
    let typed = ann.request(Method::POST, &path).header(header::CONTENT_TYPE, "application/json");
    Answer::to(typed).await.ok(201);
    let nulls = json!({"recipient_email": null, "expires_in_seconds": null});
    ann.post_json(&path, &nulls).await.ok(201);
    assert_eq!(ann.seats(&plan).await, (5, 1, 4));
}

async fn a_body_is_read_whatever_charset_its_type_names(world: &World) {
    for (id, content_type) in [("ann", "application/json; charset=utf-8"), ("bob", "Application/JSON")] {
        let request = world.user(id).request(Method::POST, "/v1/plans");
        let request = request.header(header::CONTENT_TYPE, content_type).body("{\"name\": \"The Hills\"}");
        Answer::to(request).await.ok(201);
    }
}
