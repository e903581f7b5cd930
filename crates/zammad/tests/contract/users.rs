//! Reading users.

use std::num::NonZeroU32;

use family_plan_domain::ZammadUserId;
use family_plan_zammad::{PageSize, UserRecord, ZammadError};
use serde_json::{Value, json};
use time::macros::datetime;
use wiremock::{
    ResponseTemplate,
    matchers::{header, query_param},
};

use crate::scene::{READ_TOKEN, Scene, getting, ok, page, refusal};

/// As recorded, apart from the names.
fn recorded() -> Value {
    json!({
        "id": 67, "organization_id": null, "login": "ada", "firstname": "Ada", "lastname": "Lovelace",
        "email": "ada@example.com", "image": null, "web": "", "vip": false, "verified": false, "active": true,
        "note": "", "last_login": null, "preferences": {"locale": "en-us"}, "updated_by_id": 3, "created_by_id": 3,
        "created_at": "2025-05-13T09:11:06.248Z", "updated_at": "2025-05-13T09:11:06.248Z", "role_ids": [2, 3],
        "organization_ids": [], "group_ids": {"1": ["full"]}, "karma_user_ids": [], "plan_code": "family",
    })
}

fn ada() -> UserRecord {
    UserRecord {
        id: ZammadUserId(67),
        login: Some("ada".to_owned()),
        email: Some("ada@example.com".to_owned()),
        firstname: "Ada".to_owned(),
        lastname: "Lovelace".to_owned(),
        active: true,
        updated_at: Some(datetime!(2025-05-13 09:11:06.248 UTC)),
        role_ids: vec![2, 3],
    }
}

fn first() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[tokio::test]
async fn a_user_is_read_with_the_account_that_reads() {
    let scene = Scene::new().await;
    let request = getting("users/67")
        .and(header("authorization", format!("Token token={READ_TOKEN}")))
        .and(header("accept", "application/json"));
    scene.answers(request, ok(recorded())).await;

    assert_eq!(scene.client.user(ZammadUserId(67)).await.unwrap(), Some(ada()));
}

#[tokio::test]
async fn an_unknown_user_is_none() {
    let scene = Scene::new().await;
    scene.answers(getting("users/999"), refusal(404, "Couldn't find User with 'id'=999")).await;

    assert_eq!(scene.client.user(ZammadUserId(999)).await.unwrap(), None);
}

#[tokio::test]
async fn whoever_reads_is_a_user_too() {
    let scene = Scene::new().await;
    let request = getting("users/me").and(header("authorization", format!("Token token={READ_TOKEN}")));
    scene.answers(request, ok(recorded())).await;

    assert_eq!(scene.client.me().await.unwrap(), ada());
}

#[tokio::test]
async fn what_is_missing_is_empty() {
    for (body, email) in [
        (json!({"id": 1, "login": "-", "email": "", "active": false}), None),
        (
            json!({"id": 1, "login": "-", "email": null, "active": false, "role_ids": null, "updated_at": null}),
            None,
        ),
        (json!({"id": 1, "login": "-", "firstname": null, "lastname": null, "active": false}), None),
        (json!({"active": false, "email": "a@b.c", "login": "-", "id": 1}), Some("a@b.c".to_owned())),
    ] {
        let scene = Scene::new().await;
        scene.answers(getting("users/1"), ok(body)).await;

        let user = scene.client.user(ZammadUserId(1)).await.unwrap();

        let expected = UserRecord {
            id: ZammadUserId(1),
            login: Some("-".to_owned()),
            email,
            firstname: String::new(),
            lastname: String::new(),
            active: false,
            updated_at: None,
            role_ids: Vec::new(),
        };
        assert_eq!(user, Some(expected));
    }
}

#[tokio::test]
async fn the_reduced_view_that_customers_get_is_readable() {
    let scene = Scene::new().await;
    let reduced = json!({
        "id": 67, "firstname": "Ada", "lastname": "Lovelace", "image": null, "image_source": null, "active": true,
    });
    scene.answers(getting("users/67"), ok(reduced)).await;

    let user = scene.client.user(ZammadUserId(67)).await.unwrap().unwrap();

    assert_eq!((user.login, user.email, user.updated_at), (None, None, None));
}

#[tokio::test]
async fn users_come_in_pages() {
    let scene = Scene::new().await;
    let mut other = recorded();
    other["id"] = 68.into();
    let page_three = getting("users").and(query_param("page", "3")).and(query_param("per_page", "1000"));
    scene.answers(page_three, ok(json!([recorded(), other]))).await;
    scene.answers(getting("users").and(query_param("page", "4")), ok(json!([]))).await;

    let users = scene.client.users(NonZeroU32::new(3).unwrap(), PageSize::MAX).await.unwrap();
    assert_eq!(users.iter().map(|it| it.id.0).collect::<Vec<_>>(), [67, 68]);
    let users = scene.client.users(NonZeroU32::new(4).unwrap(), PageSize::MAX).await.unwrap();
    assert_eq!(users, []);
}

#[test]
fn pages_are_no_larger_than_zammad_makes_them() {
    for (n_users, is_one) in [(0, false), (1, true), (1000, true), (1001, false)] {
        assert_eq!(PageSize::new(n_users).is_some(), is_one, "{n_users}");
    }
}

#[tokio::test]
async fn refusals_and_failures_are_passed_on() {
    for (answer, is_transient) in [
        (refusal(401, "Can't find User for Token"), false),
        (refusal(403, "Not authorized"), false),
        (refusal(422, "No"), false),
        (page(302), false),
        (page(429), true),
        (page(500), true),
        (page(502), true),
    ] {
        let scene = Scene::new().await;
        for what in ["users", "users/me", "users/67"] {
            scene.answers(getting(what), answer.clone()).await;
        }

        let errors = [
            scene.client.me().await.unwrap_err(),
            scene.client.user(ZammadUserId(67)).await.unwrap_err(),
            scene.client.users(first(), PageSize::MAX).await.unwrap_err(),
        ];

        for err in errors {
            assert!(matches!(err, ZammadError::Refused(_)), "{err}");
            assert_eq!(err.is_transient(), is_transient, "{err}");
        }
    }
}

#[tokio::test]
async fn a_missing_list_is_a_refusal() {
    let scene = Scene::new().await;
    scene.answers(getting("users"), page(404)).await;

    scene.client.users(first(), PageSize::MAX).await.unwrap_err();
}

#[tokio::test]
async fn what_cannot_be_read_is_unreadable() {
    for answer in [
        page(200),
        ResponseTemplate::new(200),
        ok(json!({})),
        ok(json!([{}])),
        ok(json!([{"id": "67", "active": true}])),
        ok(json!([{"id": 67, "active": true, "updated_at": "yesterday"}])),
    ] {
        let scene = Scene::new().await;
        scene.answers(getting("users"), answer.clone()).await;
        scene.answers(getting("users/67"), answer).await;

        let err = scene.client.users(first(), PageSize::MAX).await.unwrap_err();
        assert!(matches!(err, ZammadError::Unreadable { .. }), "{err}");
        let err = scene.client.user(ZammadUserId(67)).await.unwrap_err();
        assert!(matches!(err, ZammadError::Unreadable { .. }), "{err}");
    }
}
