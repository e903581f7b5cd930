//! Telling Zammad of the plan in force.

use std::time::Duration;

use family_plan_domain::{ZammadUserId, ports::HelpDeskUsers};
use family_plan_zammad::{DirectoryError, ZammadDirectory};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockBuilder,
    matchers::{body_json, header, method, path},
};

use crate::scene::{READ_TOKEN, Scene, ok, page, refusal, rejected, unavailable, unusable, user};

const LINE: &str = "family: Lovelace";

fn putting() -> MockBuilder {
    Mock::given(method("PUT")).and(path("/api/v1/users/67"))
}

fn updated(plan: Value) -> Value {
    let mut user = user(67, 7);
    user["plan"] = plan;
    user
}

fn plan_attribute() -> family_plan_zammad::PlanAttribute {
    "plan".parse().unwrap()
}

async fn write(scene: &Scene, line: &str) -> Result<bool, family_plan_domain::ports::HelpDeskError> {
    scene.directory().write_plan_line(ZammadUserId(67), line.to_owned()).await
}

#[tokio::test]
async fn nothing_but_the_attribute_is_written() {
    let scene = Scene::new().await;
    let request = putting()
        .and(header("authorization", format!("Token token={READ_TOKEN}")))
        .and(body_json(json!({"plan": LINE})));
    scene.answers(request, ok(updated(LINE.into()))).await;

    assert!(write(&scene, LINE).await.unwrap());
}

#[tokio::test]
async fn an_empty_line_may_be_kept_as_nothing() {
    for kept in [json!(""), Value::Null] {
        let scene = Scene::new().await;
        scene.answers(putting().and(body_json(json!({"plan": ""}))), ok(updated(kept))).await;

        assert!(write(&scene, "").await.unwrap());
    }
}

#[tokio::test]
async fn whoever_is_gone_needs_no_plan() {
    let scene = Scene::new().await;
    scene.answers(putting(), refusal(404, "Couldn't find User with 'id'=67")).await;

    assert!(!write(&scene, LINE).await.unwrap());
}

#[tokio::test]
async fn an_attribute_that_zammad_ignores_is_found_out() {
    let scene = Scene::new().await;
    scene.answers(putting(), ok(user(67, 7))).await;

    let err = write(&scene, LINE).await.unwrap_err();

    assert_eq!(unusable(&err), &DirectoryError::UnknownAttribute(plan_attribute()));
}

#[tokio::test]
async fn an_attribute_that_keeps_something_else_is_found_out() {
    for kept in [Value::Null, json!(""), json!("family: Love"), json!(true), json!([LINE])] {
        let scene = Scene::new().await;
        scene.answers(putting(), ok(updated(kept))).await;

        let err = write(&scene, LINE).await.unwrap_err();

        assert_eq!(unusable(&err), &DirectoryError::UnsuitableAttribute(plan_attribute()));
    }
}

#[tokio::test]
async fn without_an_attribute_nothing_is_sent() {
    let scene = Scene::new().await;
    let directory = ZammadDirectory::new(scene.client.clone(), None);

    let err = directory.write_plan_line(ZammadUserId(67), LINE.to_owned()).await.unwrap_err();

    assert_eq!(unusable(&err), &DirectoryError::NoAttribute);
    assert_eq!(scene.requests().await.len(), 0);
}

#[tokio::test]
async fn refusals_are_rejected_at_once() {
    for answer in [
        refusal(401, "Can't find User for Token"),
        refusal(403, "Not authorized"),
        refusal(422, "Invalid value 'x' for field 'plan'!"),
        page(302),
        page(200),
        ok(json!([])),
    ] {
        let scene = Scene::new().await;
        scene.answers(putting(), answer).await;

        rejected(&write(&scene, LINE).await.unwrap_err());

        assert_eq!(scene.requests().await.len(), 1);
    }
}

#[tokio::test]
async fn failures_are_tried_again() {
    for status in [429, 500, 502, 503, 504] {
        let scene = Scene::new().await;
        scene.answers_once(putting(), page(status)).await;
        scene.answers_once(putting(), ok(updated(LINE.into()))).await;
        scene.answers(putting(), page(status).insert_header("Retry-After", "0")).await;

        assert!(write(&scene, LINE).await.unwrap());
        let err = write(&scene, LINE).await.unwrap_err();

        assert_eq!(unavailable(&err).0, Some(Duration::ZERO));
        assert_eq!(scene.requests().await.len(), 5);
    }
}
