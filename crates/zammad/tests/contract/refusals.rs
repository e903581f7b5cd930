//! What becomes of every status that minting may be answered with.

use std::time::Duration;

use family_plan_zammad::{UnreadableReason, ZammadError};
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate, matchers::method};

use crate::scene::{Scene, list, listing, minting, ok, page, refusal, rejected, unavailable};

const MASKED: &str = "Error ID 3kq9Zp1x: Please contact your administrator.";

#[tokio::test]
async fn refusals_are_final_and_say_why() {
    for (status, text) in [
        (400, "Bad Request"),
        (401, "Can't find User for Token"),
        (401, "Not authorized (token expired)!"),
        (
            401,
            "Login failed. Have you double-checked your credentials and completed the email verification step?",
        ),
        (403, "Authentication required"),
        (403, "API token access disabled!"),
        (403, "Maintenance mode enabled!"),
        (403, "Token authorization failed."),
        (403, "Not authorized (token)!"),
        (404, "This page doesn't exist."),
        (408, "Request Timeout"),
        (422, "The required parameter 'name' is missing."),
        (422, "Need label!"),
        (422, "invalid date"),
    ] {
        let scene = Scene::new().await;
        scene.answers(minting(), refusal(status, text)).await;

        let err = scene.mint().await.unwrap_err();

        let ZammadError::Refused(refusal) = rejected(&err) else {
            panic!("{err:?}");
        };
        assert_eq!((refusal.status, refusal.text.as_deref()), (status, Some(text)));
        scene.drain().await;
        assert_eq!(scene.journal().await, ["POST /api/v1/user_access_token"], "{status}");
    }
}

#[tokio::test]
async fn a_masked_refusal_is_final_and_names_the_request() {
    let scene = Scene::new().await;
    let answer = ResponseTemplate::new(422)
        .insert_header("X-Request-Id", "8ba30b65-9b33-4ba3-8c4e-4a3ee7a4a1d4")
        .set_body_json(json!({"error": MASKED}));
    scene.answers(minting(), answer).await;

    let err = scene.mint().await.unwrap_err();

    assert_eq!(
        rejected(&err).to_string(),
        format!("Zammad answered 422: {MASKED} (request 8ba30b65-9b33-4ba3-8c4e-4a3ee7a4a1d4)"),
    );
    scene.drain().await;
    assert_eq!(scene.requests().await.len(), 1);
}

#[tokio::test]
async fn an_error_may_be_a_list_or_missing_or_a_page() {
    for (answer, expected) in [
        (
            ResponseTemplate::new(422).set_body_json(json!({"error": ["No", "Never"]})),
            "Zammad answered 422: No",
        ),
        (
            ResponseTemplate::new(422).set_body_json(json!({"message": "failed", "notice": ["x"]})),
            "Zammad answered 422",
        ),
        (ResponseTemplate::new(422).set_body_json(json!({"error": 7})), "Zammad answered 422"),
        (ResponseTemplate::new(401), "Zammad answered 401"),
        (page(403), "Zammad answered 403"),
        (
            page(403).insert_header("X-Failure", "Authentication required"),
            "Zammad answered 403: Authentication required",
        ),
        (
            page(401).insert_header("X-Failure", "Invalid BasicAuth credentials"),
            "Zammad answered 401: Invalid BasicAuth credentials",
        ),
        (page(404), "Zammad answered 404"),
    ] {
        let scene = Scene::new().await;
        scene.answers(minting(), answer).await;

        let err = scene.mint().await.unwrap_err();

        assert_eq!(rejected(&err).to_string(), expected);
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = MockServer::builder().start().await;
        let scene = Scene::new().await;
        let answer =
            page(status).insert_header("Location", format!("{}/api/v1/user_access_token", elsewhere.uri()));
        scene.answers(minting(), answer).await;

        let err = scene.mint().await.unwrap_err();

        assert!(matches!(rejected(&err), ZammadError::Refused(it) if it.status == status), "{status}");
        assert_eq!(scene.requests().await.len(), 1);
        assert!(elsewhere.received_requests().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn too_many_requests_are_tried_again_and_leave_nothing_behind() {
    for answer in
        [refusal(429, "Retry later"), page(429), ResponseTemplate::new(429).set_body_string("Retry later\n")]
    {
        let scene = Scene::new().await;
        scene.answers(minting(), answer).await;

        let err = scene.mint().await.unwrap_err();

        assert!(matches!(unavailable(&err), (None, ZammadError::Refused(it)) if it.status == 429));
        scene.drain().await;
        assert_eq!(scene.journal().await, ["POST /api/v1/user_access_token"; 3]);
    }
}

#[tokio::test]
async fn failures_are_tried_again_and_what_they_may_have_left_is_looked_for() {
    for answer in [
        ResponseTemplate::new(500).set_body_json(json!({"error": MASKED})),
        refusal(500, "undefined method"),
        page(500),
        page(502),
        page(503),
        page(504),
        ResponseTemplate::new(503),
        page(599),
    ] {
        let scene = Scene::new().await;
        scene.answers(minting(), answer).await;
        scene.answers(listing(), ok(list(&[]))).await;

        let err = scene.mint().await.unwrap_err();

        assert!(matches!(unavailable(&err), (None, ZammadError::Refused(it)) if 500 <= it.status));
        scene.drain().await;
        assert_eq!(scene.n_requests(method("POST")).await, 3);
        assert_eq!(scene.n_requests(method("GET")).await, 1);
    }
}

#[tokio::test]
async fn the_number_of_attempts_is_configured() {
    for n_attempts in [1, 2, 5] {
        let scene = Scene::with(|it| it.pace.attempts = n_attempts).await;
        scene.answers(minting(), page(429)).await;

        scene.mint().await.unwrap_err();

        assert_eq!(scene.requests().await.len(), usize::from(n_attempts));
    }
}

#[tokio::test]
async fn a_wait_that_zammad_asks_for_is_passed_on_when_it_is_too_long() {
    for status in [429, 503] {
        let scene = Scene::new().await;
        scene.answers(minting(), page(status).insert_header("Retry-After", "3600")).await;
        scene.answers(listing(), ok(list(&[]))).await;

        let err = scene.mint().await.unwrap_err();

        assert_eq!(unavailable(&err).0, Some(Duration::from_hours(1)));
        assert_eq!(scene.n_requests(method("POST")).await, 1, "{status}");
    }
}

#[tokio::test]
async fn a_wait_that_is_short_enough_is_made() {
    let scene = Scene::new().await;
    scene.answers_once(minting(), page(429).insert_header("Retry-After", "0")).await;
    scene.answers(minting(), ok(json!({"token": "t0k3n"}))).await;

    scene.mint().await.unwrap();

    assert_eq!(scene.requests().await.len(), 2);
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_final_but_may_have_left_a_token() {
    use UnreadableReason::{NotJson, TooLong, UnexpectedShape};

    for (answer, expected) in [
        (ResponseTemplate::new(200), NotJson),
        (ResponseTemplate::new(204), NotJson),
        (page(200), NotJson),
        (ResponseTemplate::new(200).set_body_string("{\"token\":\"t0k"), NotJson),
        (ok(json!({})), UnexpectedShape),
        (ok(json!([])), UnexpectedShape),
        (ok(json!("t0k3n")), UnexpectedShape),
        (ok(json!({"token": ""})), UnexpectedShape),
        (ok(json!({"token": " \n"})), UnexpectedShape),
        (ok(json!({"token": 7})), UnexpectedShape),
        (ok(json!({"token": ["t0k3n"]})), UnexpectedShape),
        (ok(json!({"name": crate::scene::token_name(1)})), UnexpectedShape),
        (ok(json!({"token": "x".repeat(1025)})), UnexpectedShape),
        (ok(json!({"token": "x".repeat(1024 * 1024)})), TooLong),
    ] {
        let scene = Scene::new().await;
        scene.answers(minting(), answer).await;
        scene.answers(listing(), ok(list(&[]))).await;

        let err = scene.mint().await.unwrap_err();

        assert!(
            matches!(rejected(&err), ZammadError::Unreadable { reason, .. } if *reason == expected),
            "{err:?}"
        );
        scene.drain().await;
        assert_eq!(
            scene.journal().await,
            ["POST /api/v1/user_access_token", "GET /api/v1/user_access_token"]
        );
    }
}

#[tokio::test]
async fn a_huge_error_page_is_not_read_to_its_end() {
    let scene = Scene::new().await;
    scene.answers(minting(), refusal(422, &"x".repeat(1024 * 1024))).await;

    let err = scene.mint().await.unwrap_err();

    assert_eq!(rejected(&err).to_string(), "Zammad answered 422");
}

#[tokio::test]
async fn an_expiry_beyond_all_calendars_is_rejected_without_a_request() {
    use family_plan_domain::ports::InviteTokens;
    use time::macros::datetime;

    let scene = Scene::new().await;

    let err = scene.tokens.mint(datetime!(9999-12-31 23:59:59 UTC)).await.unwrap_err();

    assert!(matches!(rejected(&err), ZammadError::ExpiryOutOfRange));
    assert!(scene.requests().await.is_empty());
}
