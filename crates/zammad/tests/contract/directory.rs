//! Everybody, and one of them.

use std::{num::NonZeroU32, time::Duration};

use family_plan_domain::{
    ZammadUser, ZammadUserId,
    ports::{HelpDeskUsers, ListedUser},
};
use family_plan_zammad::{DirectoryError, ZammadDirectory, ZammadError};
use serde_json::{Value, json};
use time::macros::datetime;
use wiremock::{
    ResponseTemplate,
    matchers::{header, query_param},
};

use crate::scene::{
    READ_TOKEN, Scene, getting, ok, page, refusal, rejected, system_user, unavailable, unusable, user,
};

fn ada(id: i64) -> ZammadUser {
    ZammadUser {
        id: ZammadUserId(id),
        email: Some(format!("u{id}@example.com")),
        firstname: "Ada".to_owned(),
        lastname: "Lovelace".to_owned(),
        active: true,
        updated_at: datetime!(2026-01-01 00:00:07 UTC),
    }
}

fn with(mut user: Value, key: &str, value: Value) -> Value {
    user[key] = value;
    user
}

fn nth(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

#[tokio::test]
async fn a_page_is_of_a_thousand_users() {
    let scene = Scene::new().await;
    let request = getting("users")
        .and(header("authorization", format!("Token token={READ_TOKEN}")))
        .and(query_param("page", "3"))
        .and(query_param("per_page", "1000"));
    let ada_with_plan = with(user(67, 7), "plan", "family: Lovelace".into());
    scene.answers(request, ok(json!([ada_with_plan, user(68, 7)]))).await;

    let users = scene.directory().page(nth(3)).await.unwrap();

    let expected = [
        ListedUser { user: ada(67), plan_line: Some("family: Lovelace".to_owned()) },
        ListedUser { user: ada(68), plan_line: None },
    ];
    assert_eq!(users, expected);
}

#[tokio::test]
async fn zammads_own_user_is_listed_and_whoever_was_never_changed_is_not() {
    let scene = Scene::new().await;
    let never_changed = with(user(5, 0), "updated_at", Value::Null);
    let before_zammad = with(user(6, 0), "updated_at", "1969-12-31T23:59:59Z".into());
    scene
        .answers(getting("users"), ok(json!([system_user(), never_changed, before_zammad, user(7, 7)])))
        .await;

    let users = scene.directory().page(nth(1)).await.unwrap();

    assert_eq!(users.iter().map(|it| it.user.id.0).collect::<Vec<_>>(), [1, 7]);
    assert!(!users[0].user.active);
}

#[tokio::test]
async fn users_are_made_fit_to_be_kept() {
    let scene = Scene::new().await;
    let strange = json!({
        "id": 8, "email": " Ada@EXAMPLE.com", "firstname": "A\u{0}da ", "lastname": "x".repeat(300), "active": false,
        "updated_at": "2026-01-01T01:00:07.000999+01:00", "plan": 7,
    });
    let no_address = with(user(9, 7), "email", "x".repeat(256).into());
    scene.answers(getting("users"), ok(json!([strange, no_address]))).await;

    let users = scene.directory().page(nth(1)).await.unwrap();

    let expected = ZammadUser {
        email: Some("ada@example.com".to_owned()),
        firstname: "A da".to_owned(),
        lastname: "x".repeat(255),
        active: false,
        ..ada(8)
    };
    assert_eq!(users[0], ListedUser { user: expected, plan_line: None });
    assert_eq!(users[1].user.email, None);
}

#[tokio::test]
async fn without_an_attribute_no_plan_is_read() {
    let scene = Scene::new().await;
    let ada = with(user(67, 7), "plan", "family: Lovelace".into());
    scene.answers(getting("users"), ok(json!([system_user(), ada]))).await;

    let users = ZammadDirectory::new(scene.client.clone(), None).page(nth(1)).await.unwrap();

    assert_eq!(users[1].plan_line, None);
}

#[tokio::test]
async fn an_account_that_sees_only_itself_is_refused() {
    for users in [json!([]), json!([user(7, 7)])] {
        let scene = Scene::new().await;
        scene.answers(getting("users"), ok(users)).await;

        let err = scene.directory().page(nth(1)).await.unwrap_err();

        assert_eq!(unusable(&err), &DirectoryError::SeesOnlyItself);
    }
}

#[tokio::test]
async fn later_pages_may_be_short_or_empty() {
    for (users, n_users) in [(json!([]), 0), (json!([user(7, 7)]), 1)] {
        let scene = Scene::new().await;
        scene.answers(getting("users"), ok(users)).await;

        assert_eq!(scene.directory().page(nth(2)).await.unwrap().len(), n_users);
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for answer in [page(429), page(500), page(502), page(503), page(504)] {
        let scene = Scene::new().await;
        for what in ["users", "users/67"] {
            scene.answers_once(getting(what), answer.clone()).await;
            scene.answers_once(getting(what), answer.clone()).await;
        }
        scene.answers(getting("users"), ok(json!([system_user(), user(67, 7)]))).await;
        scene.answers(getting("users/67"), ok(user(67, 7))).await;

        assert_eq!(scene.directory().page(nth(1)).await.unwrap().len(), 2);
        assert_eq!(scene.directory().find(ZammadUserId(67)).await.unwrap(), Some(ada(67)));
    }
}

#[tokio::test]
async fn what_does_not_pass_is_unavailable() {
    for status in [429, 500, 502, 503, 504] {
        let scene = Scene::new().await;
        for what in ["users", "users/67"] {
            scene.answers_once(getting(what), page(status)).await;
            scene.answers_once(getting(what), page(status)).await;
            scene.answers(getting(what), page(status).insert_header("Retry-After", "7")).await;
        }

        let errors = [
            scene.directory().page(nth(1)).await.unwrap_err(),
            scene.directory().find(ZammadUserId(67)).await.unwrap_err(),
        ];

        for err in errors {
            assert_eq!(unavailable(&err).0, Some(Duration::from_secs(7)));
        }
        assert_eq!(scene.requests().await.len(), 6);
    }
}

#[tokio::test]
async fn refusals_are_rejected_at_once() {
    for answer in [
        refusal(401, "Can't find User for Token"),
        refusal(403, "Not authorized"),
        refusal(422, "No"),
        page(302),
        page(200),
        ok(json!({"id": "67"})),
    ] {
        let scene = Scene::new().await;
        for what in ["users", "users/67"] {
            scene.answers(getting(what), answer.clone()).await;
        }

        rejected(&scene.directory().page(nth(1)).await.unwrap_err());
        rejected(&scene.directory().find(ZammadUserId(67)).await.unwrap_err());

        assert_eq!(scene.requests().await.len(), 2);
    }
}

#[tokio::test]
async fn a_list_that_is_not_there_is_no_empty_list() {
    let scene = Scene::new().await;
    scene.answers(getting("users"), page(404)).await;

    let err = scene.directory().page(nth(2)).await.unwrap_err();

    assert!(matches!(rejected(&err), ZammadError::Refused(it) if it.status == 404));
}

#[tokio::test]
async fn whoever_is_not_there_is_none() {
    let scene = Scene::new().await;
    scene.answers(getting("users/67"), refusal(404, "Couldn't find User with 'id'=67")).await;

    assert_eq!(scene.directory().find(ZammadUserId(67)).await.unwrap(), None);
}

#[tokio::test]
async fn the_view_that_customers_have_of_others_is_not_enough() {
    let scene = Scene::new().await;
    let reduced = json!({"id": 67, "firstname": "Ada", "lastname": "Lovelace", "active": true});
    scene.answers(getting("users/67"), ok(reduced)).await;

    let err = scene.directory().find(ZammadUserId(67)).await.unwrap_err();

    assert_eq!(unusable(&err), &DirectoryError::SeesOnlyItself);
}

#[tokio::test]
async fn a_page_that_is_too_long_is_unreadable() {
    let scene = Scene::new().await;
    let note = "x".repeat(1024 * 1024);
    let body = format!("[{}]", vec![format!("\"{note}\""); 33].join(","));
    scene.answers(getting("users"), ResponseTemplate::new(200).set_body_raw(body, "application/json")).await;

    let err = scene.directory().page(nth(1)).await.unwrap_err();

    assert!(matches!(rejected(&err), ZammadError::Unreadable { .. }));
}
