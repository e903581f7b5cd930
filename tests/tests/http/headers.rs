//! Headers that every answer has.

use reqwest::{Method, header};
use serde_json::json;

use crate::{
    client::Answer,
    world::{Engine, World, on_sqlite},
};

on_sqlite!(
    nothing_private_is_kept_by_caches_or_told_to_other_sites,
    a_good_request_id_is_echoed,
    a_bad_request_id_is_replaced,
    problems_are_explained_to_people_and_programs,
    the_api_is_described,
    pages_let_nothing_foreign_in,
    browsers_are_told_to_do_nothing_more_with_any_answer,
    a_head_is_a_get_without_its_body,
);

async fn nothing_private_is_kept_by_caches_or_told_to_other_sites(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let answers = [
        ann.get("/v1/me").await,
        ann.get(&format!("/v1/plans/{plan}")).await,
        ann.post(&format!("/v1/plans/{plan}/invites")).await,
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await,
        world.anonymous().get(&format!("/v1/invites/{}", invite.code)).await,
        world.anonymous().get(&invite.page()).await,
        ann.in_browser().get(&invite.page()).await,
        ann.in_browser().get("/join/unknown").await,
        ann.get("/v1/unknown").await,
        world.anonymous().get("/unknown").await,
        world.anonymous().put("/v1/me", &json!({})).await,
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer:?}");
        assert!(answer.header("x-request-id").is_some(), "{answer:?}");
    }
}

async fn a_good_request_id_is_echoed(world: &World) {
    let longest = "a".repeat(128);
    for id in ["x", "A-Z_0.9", &longest] {
        for path in ["/v1/me", "/health/live", "/unknown", "/join/x", "/openapi.json"] {
            let request = world.anonymous().request(Method::GET, path).header("X-Request-Id", id);
            assert_eq!(Answer::to(request).await.header("x-request-id"), Some(id), "{path}");
        }
    }
}

async fn a_bad_request_id_is_replaced(world: &World) {
    let too_long = "a".repeat(129);
    let mut seen = Vec::new();
    for id in ["", "a b", "a/b", "<script>", "a,b", "ü", &too_long] {
        let request = world.anonymous().request(Method::GET, "/v1/me");
        let answer = Answer::to(request.header("X-Request-Id", id.as_bytes())).await;
        answer.problem(401, "unauthenticated");
        seen.push(answer.header("x-request-id").unwrap().to_owned());
    }
    seen.push(world.anonymous().get("/v1/me").await.header("x-request-id").unwrap().to_owned());
    let n = seen.len();
    for id in &seen {
        assert!(
            (1..=128).contains(&id.len())
                && id.bytes().all(|it| it.is_ascii_alphanumeric() || b"._-".contains(&it)),
            "{id}"
        );
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), n, "each request has an id of its own");
}

async fn problems_are_explained_to_people_and_programs(world: &World) {
    let anonymous = world.anonymous();
    for (code, status) in [
        ("malformed_request", 400),
        ("unauthenticated", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("method_not_allowed", 405),
        ("payload_too_large", 413),
        ("unsupported_media_type", 415),
        ("invalid_request", 422),
        ("rate_limited", 429),
        ("internal", 500),
        ("plan_not_found", 404),
        ("plan_full", 409),
        ("already_in_plan", 409),
        ("own_plan", 409),
        ("owner_cannot_leave", 409),
        ("not_a_member", 404),
        ("too_many_invites", 409),
        ("invite_not_found", 404),
        ("invite_expired", 410),
        ("invite_revoked", 410),
        ("invite_used", 409),
        ("invite_barred", 403),
        ("zammad_unavailable", 503),
        ("zammad_rejected", 502),
        ("precondition_required", 428),
        ("precondition_failed", 412),
        ("conflict", 409),
    ] {
        let path = format!("/problems/{code}");
        let answer = anonymous.get(&path).await;
        let page = answer.page(200);
        assert!(page.contains(code) && page.contains(&status.to_string()), "{page}");
        let request = anonymous.request(Method::GET, &path).header(header::ACCEPT, "application/json");
        let told = Answer::to(request).await.ok(200);
        assert_eq!((&told["code"], &told["status"]), (&json!(code), &json!(status)));
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let request = anonymous.request(Method::GET, &path).header(header::ACCEPT, browser);
        Answer::to(request).await.page(200);
    }
}

async fn the_api_is_described(world: &World) {
    let document = world.anonymous().get("/openapi.json").await.ok(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.0"));
    let committed: serde_json::Value =
        serde_json::from_str(&family_plan_server::openapi_document().unwrap()).unwrap();
    assert_eq!(document["paths"], committed["paths"]);
    let docs = world.anonymous().get("/docs").await;
    let docs = match docs.header("location") {
        Some(location) => world.anonymous().get(location).await,
        None => docs,
    };
    docs.page(200);
}

async fn pages_let_nothing_foreign_in(world: &World) {
    let ann = world.user("ann").in_browser();
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    for (answer, scripts) in [
        (ann.get(&invite.page()).await, "script-src 'self';"),
        (world.user("bob").in_browser().get(&invite.page()).await, "script-src 'none';"),
        (ann.get("/join/unknown").await, "script-src 'none';"),
        (ann.get("/problems/plan_full").await, "script-src 'none';"),
        (world.admin().in_browser().get("/admin/settings").await, "script-src 'none';"),
    ] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        // Where the answer to a form can lead to.
        assert!(policy.contains("form-action 'self' https://app.example https://login.example;"), "{policy}");
        assert!(policy.contains(scripts) && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    for (path, kind) in [("/assets/page.css", "text/css"), ("/assets/copy.js", "text/javascript")] {
        let asset = world.anonymous().get(path).await;
        assert!(asset.header("content-type").unwrap().starts_with(kind), "{asset:?}");
        assert_eq!(asset.header("x-content-type-options"), Some("nosniff"));
    }
}

async fn browsers_are_told_to_do_nothing_more_with_any_answer(world: &World) {
    let ann = world.user("ann").in_browser();
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let anonymous = world.anonymous();
    let answers = [
        ann.get(&invite.page()).await,
        ann.get("/join/unknown").await,
        anonymous.get(&invite.page()).await,
        anonymous.get("/docs").await,
        anonymous.get("/openapi.json").await,
        anonymous.get("/assets/page.css").await,
        anonymous.get("/problems/plan_full").await,
        anonymous.get("/health/live").await,
        anonymous.get("/unknown").await,
        anonymous.put("/v1/me", &json!({})).await,
        ann.get("/v1/me").await,
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await,
    ];
    for answer in answers {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=31536000"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{} {name}", answer.status);
        }
        let policy = answer.header("content-security-policy").unwrap();
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_https_asks_nobody_for_it() {
    let world = World::with(Engine::Sqlite, &[("SERVER__PUBLIC_URL", "http://127.0.0.1:8080")]).await;
    let answer = world.anonymous().get("/health/live").await;
    assert_eq!(answer.header("strict-transport-security"), None);
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    world.end().await;
}

async fn a_head_is_a_get_without_its_body(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for path in
        ["/v1/me", &format!("/v1/plans/{plan}"), "/health/live", "/openapi.json", "/problems/plan_full"]
    {
        let head = ann.head(path).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), ann.get(path).await.header("content-type"), "{path}");
    }
    assert_eq!(world.anonymous().head("/v1/me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_below_a_path_makes_its_addresses_from_it() {
    let public = "https://example.com/family";
    let world = World::with(Engine::Sqlite, &[("SERVER__PUBLIC_URL", public)]).await;
    let ann = world.user("ann");
    let answer = ann.post_json("/v1/plans", &json!({"name": "The Hills"})).await;
    let plan = answer.ok(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(format!("{public}/v1/plans/{plan}").as_str()));
    let invite = ann.invites(&plan).await;
    assert_eq!(invite.url, format!("{public}/join/{}", invite.code));
    let problem = ann.get("/v1/unknown").await.json();
    assert_eq!(problem["type"], format!("{public}/problems/not_found"));
    world.end().await;
}
