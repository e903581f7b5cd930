//! Deleting the token of an invite.

use family_plan_domain::ports::InviteTokens;
use family_plan_zammad::ZammadError;
use serde_json::json;
use wiremock::{ResponseTemplate, matchers::header};

use crate::scene::{
    MINT_TOKEN, Scene, deleting, invite, list, listing, ok, page, refusal, rejected, token_name, unavailable,
};

#[tokio::test]
async fn the_token_is_found_by_its_exact_name() {
    let scene = Scene::new().await;
    let similar = [
        (1, String::from("another")),
        (2, token_name(1) + " "),
        (3, token_name(1).to_lowercase()),
        (4, token_name(1)),
        (5, token_name(11)),
        (6, invite(1).to_string()),
    ];
    let similar: Vec<(i64, &str)> = similar.iter().map(|(id, name)| (*id, name.as_str())).collect();
    scene.answers(listing(), ok(list(&similar))).await;
    scene.answers(deleting(), ok(json!({}))).await;

    scene.tokens.discard(invite(1)).await.unwrap();

    assert_eq!(
        scene.journal().await,
        ["GET /api/v1/user_access_token", "DELETE /api/v1/user_access_token/4"],
    );
}

#[tokio::test]
async fn the_account_that_minted_is_the_one_that_discards() {
    let scene = Scene::new().await;
    let authorization = format!("Token token={MINT_TOKEN}");
    let list = list(&[(4, &token_name(1))]);
    scene.answers(listing().and(header("authorization", &*authorization)), ok(list)).await;
    scene.answers(deleting().and(header("authorization", &*authorization)), ok(json!({}))).await;

    scene.tokens.discard(invite(1)).await.unwrap();
}

#[tokio::test]
async fn old_releases_call_the_name_a_label() {
    for version in ["5.4", "6.0", "current"] {
        let scene = Scene::with(|it| it.version = version.parse().unwrap()).await;
        let tokens = json!({"tokens": [
            {"id": 4, "label": token_name(1)},
            {"id": 5, "name": null, "label": null},
            {"id": 6},
        ]});
        scene.answers(listing(), ok(tokens)).await;
        scene.answers(deleting(), ok(json!({}))).await;

        scene.tokens.discard(invite(1)).await.unwrap();

        assert_eq!(scene.journal().await[1..], ["DELETE /api/v1/user_access_token/4"], "{version}");
    }
}

#[tokio::test]
async fn names_need_not_be_unique() {
    let scene = Scene::new().await;
    scene.answers(listing(), ok(list(&[(4, &token_name(1)), (5, &token_name(1))]))).await;
    scene.answers(deleting(), ok(json!({}))).await;

    scene.tokens.discard(invite(1)).await.unwrap();

    assert_eq!(scene.requests().await.len(), 3);
}

#[tokio::test]
async fn a_token_that_is_not_there_is_deleted_already() {
    let scene = Scene::new().await;
    scene.answers(listing(), ok(list(&[(4, "another")]))).await;

    scene.tokens.discard(invite(1)).await.unwrap();

    assert_eq!(scene.requests().await.len(), 1);
}

#[tokio::test]
async fn a_token_that_somebody_else_deletes_first_is_deleted_already() {
    for text in ["The API token could not be found.", "Unable to find api token!"] {
        let scene = Scene::new().await;
        scene.answers(listing(), ok(list(&[(4, &token_name(1)), (5, &token_name(1))]))).await;
        scene.answers_once(deleting(), refusal(422, text)).await;
        scene.answers(deleting(), ok(json!({}))).await;

        scene.tokens.discard(invite(1)).await.unwrap();

        assert_eq!(scene.requests().await.len(), 3);
    }
}

#[tokio::test]
async fn the_body_of_a_deletion_does_not_matter() {
    for answer in [
        ok(json!({})),
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_raw("", "text/html"),
        ResponseTemplate::new(204),
        page(200),
    ] {
        let scene = Scene::new().await;
        scene.answers(listing(), ok(list(&[(4, &token_name(1))]))).await;
        scene.answers(deleting(), answer).await;

        scene.tokens.discard(invite(1)).await.unwrap();
    }
}

#[tokio::test]
async fn refusals_are_passed_on() {
    let masked = ResponseTemplate::new(422)
        .set_body_json(json!({"error": "Error ID 3kq9Zp1x: Please contact your administrator."}));
    for answer in [
        refusal(401, "Not authorized (token expired)!"),
        refusal(403, "Token authorization failed."),
        page(302),
        refusal(404, "This page doesn't exist."),
        page(405),
        masked,
    ] {
        let list_refused = Scene::new().await;
        list_refused.answers(listing(), answer.clone()).await;
        let err = list_refused.tokens.discard(invite(1)).await.unwrap_err();
        assert!(matches!(rejected(&err), ZammadError::Refused(_)));

        let delete_refused = Scene::new().await;
        delete_refused.answers(listing(), ok(list(&[(4, &token_name(1))]))).await;
        delete_refused.answers(deleting(), answer).await;
        let err = delete_refused.tokens.discard(invite(1)).await.unwrap_err();
        assert!(matches!(rejected(&err), ZammadError::Refused(_)));
    }
}

#[tokio::test]
async fn failures_make_zammad_unavailable() {
    for answer in [page(429), page(500), page(502), refusal(503, "Error"), page(504)] {
        let list_fails = Scene::new().await;
        list_fails.answers(listing(), answer.clone()).await;
        let err = list_fails.tokens.discard(invite(1)).await.unwrap_err();
        unavailable(&err);

        let delete_fails = Scene::new().await;
        delete_fails.answers(listing(), ok(list(&[(4, &token_name(1))]))).await;
        delete_fails.answers(deleting(), answer).await;
        let err = delete_fails.tokens.discard(invite(1)).await.unwrap_err();
        unavailable(&err);
    }
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_rejected() {
    for answer in [
        page(200),
        ResponseTemplate::new(200),
        ok(json!([])),
        ok(json!({"error": "no"})),
        ok(json!({"tokens": [{"name": "no id"}]})),
    ] {
        let scene = Scene::new().await;
        scene.answers(listing(), answer).await;

        let err = scene.tokens.discard(invite(1)).await.unwrap_err();

        assert!(matches!(rejected(&err), ZammadError::Unreadable { .. }));
    }
}
