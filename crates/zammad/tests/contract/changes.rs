//! Who changed.

use std::{num::NonZeroU32, time::Duration};

use family_plan_domain::ports::{ChangedUsers, HelpDeskError, HelpDeskUsers};
use family_plan_zammad::ZammadDirectory;
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};
use wiremock::{
    Mock, MockBuilder, ResponseTemplate,
    matchers::{body_partial_json, header, method, path, query_param},
};

use crate::scene::{FrozenClock, READ_TOKEN, Scene, getting, ok, page, refusal, rejected, unavailable, user};

const SINCE: OffsetDateTime = datetime!(2026-01-01 00:00:05.000 UTC);

fn nth(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn condition(since: &str) -> Value {
    json!({
        "condition": {"user.updated_at": {"operator": "after (absolute)", "value": since}},
        "sort_by": "updated_at", "order_by": "asc",
    })
}

fn by_condition(since: &str) -> MockBuilder {
    Mock::given(method("POST"))
        .and(path("/api/v1/users/search"))
        .and(header("authorization", format!("Token token={READ_TOKEN}")))
        .and(body_partial_json(condition(since)))
}

fn by_query(since: &str) -> MockBuilder {
    getting("users/search")
        .and(header("authorization", format!("Token token={READ_TOKEN}")))
        .and(query_param("query", format!("updated_at:[{since} TO 9000-12-31T23:59:59.999Z]")))
        .and(query_param("sort_by", "updated_at"))
        .and(query_param("order_by", "asc"))
}

const EVER: &str = "1970-01-01T00:00:00.000Z";
const NEVER: &str = "9000-01-01T00:00:00.000Z";
const ASKED: &str = "2026-01-01T00:00:05.000Z";

async fn conditions_work(scene: &Scene) {
    scene.answers(by_condition(EVER), ok(json!([user(3, 1), user(4, 2)]))).await;
    scene.answers(by_condition(NEVER), ok(json!([]))).await;
}

async fn queries_work(scene: &Scene) {
    scene.answers(by_query(EVER), ok(json!([user(3, 1), user(4, 2)]))).await;
    scene.answers(by_query(NEVER), ok(json!([]))).await;
}

async fn without_conditions() -> Scene {
    Scene::with(|it| it.version = "6.4".parse().unwrap()).await
}

/// So many users, each of whom changed a second after the one before.
fn users(n_users: u32) -> Value {
    (0..n_users).map(|it| user(10 + i64::from(it), 5 + it)).collect()
}

fn ids(changed: &ChangedUsers) -> Vec<i64> {
    changed.users.iter().map(|it| it.user.id.0).collect()
}

async fn changed(directory: &ZammadDirectory) -> Result<Option<ChangedUsers>, HelpDeskError> {
    directory.changed_since(SINCE, nth(1)).await
}

#[tokio::test]
async fn a_condition_is_the_first_choice() {
    for version in ["6.5", "7.0", "current"] {
        let scene = Scene::with(|it| it.version = version.parse().unwrap()).await;
        conditions_work(&scene).await;
        queries_work(&scene).await;
        let mut ada = user(11, 6);
        ada["plan"] = "family: Lovelace".into();
        let second = by_condition(ASKED).and(body_partial_json(json!({"page": 2, "per_page": 200})));
        scene.answers(second, ok(json!([user(10, 5), ada]))).await;

        let changed = scene.directory().changed_since(SINCE, nth(2)).await.unwrap().unwrap();

        assert_eq!(ids(&changed), [10, 11]);
        assert_eq!(changed.users[1].user.updated_at, datetime!(2026-01-01 00:00:06 UTC));
        assert_eq!(changed.users[1].plan_line.as_deref(), Some("family: Lovelace"));
        assert!(changed.is_last);
        assert!(
            !scene
                .requests()
                .await
                .iter()
                .any(|it| it.body_json().is_ok_and(|it: Value| it.get("query").is_some()))
        );
    }
}

#[tokio::test]
async fn elasticsearch_is_asked_where_conditions_are_unknown() {
    for version in ["5.4", "6.4"] {
        let scene = Scene::with(|it| it.version = version.parse().unwrap()).await;
        queries_work(&scene).await;
        let second = by_query(ASKED).and(query_param("page", "2")).and(query_param("per_page", "200"));
        scene.answers(second, ok(users(2))).await;

        let changed = scene.directory().changed_since(SINCE, nth(2)).await.unwrap().unwrap();

        assert_eq!(ids(&changed), [10, 11]);
        assert!(scene.journal().await.iter().all(|it| it.starts_with("GET ")));
    }
}

#[tokio::test]
async fn no_query_has_an_asterisk_because_zammad_removes_it() {
    let scene = without_conditions().await;
    queries_work(&scene).await;
    scene.answers(by_query(ASKED), ok(users(1))).await;

    changed(&scene.directory()).await.unwrap();

    assert!(scene.requests().await.iter().all(|it| !it.url.query().unwrap().contains('*')));
}

#[tokio::test]
async fn a_way_that_does_not_work_is_not_gone() {
    let everybody = ok(json!([user(3, 1), user(4, 2)]));
    for (ever, never) in [
        // Conditions are ignored, or Elasticsearch fails, or is not there and the text is looked for.
        (everybody.clone(), everybody.clone()),
        (ok(json!([])), ok(json!([]))),
        // Neither the order nor the size of the page is kept.
        (ok(json!([user(4, 2), user(3, 1)])), ok(json!([]))),
        (ok(users(21)), ok(json!([]))),
        // There is nothing to tell the order by.
        (ok(json!([{"id": 3, "active": true}])), ok(json!([]))),
        (ok(json!({"record_ids": [3], "assets": {}})), ok(json!([]))),
        (everybody.clone(), page(200)),
        (refusal(400, "No"), ok(json!([]))),
        (refusal(403, "Token authorization failed."), ok(json!([]))),
        (page(404), ok(json!([]))),
        (page(405), ok(json!([]))),
        (refusal(422, "Error ID 3kq9Zp1x: Please contact your administrator."), ok(json!([]))),
        (refusal(500, "Error ID 3kq9Zp1x: Please contact your administrator."), ok(json!([]))),
        (everybody.clone(), refusal(500, "Error ID 3kq9Zp1x: Please contact your administrator.")),
    ] {
        let scene = Scene::new().await;
        scene.answers(by_condition(EVER), ever.clone()).await;
        scene.answers(by_condition(NEVER), never.clone()).await;
        scene.answers(by_query(EVER), ever).await;
        scene.answers(by_query(NEVER), never).await;
        for request in [by_condition(ASKED), by_query(ASKED)] {
            scene.answers(request, ok(users(1))).await;
        }

        assert_eq!(changed(&scene.directory()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_second_choice_is_taken_if_the_first_does_not_work() {
    let scene = Scene::new().await;
    scene.answers(by_condition(EVER), page(404)).await;
    queries_work(&scene).await;
    scene.answers(by_query(ASKED), ok(users(3))).await;

    assert_eq!(ids(&changed(&scene.directory()).await.unwrap().unwrap()), [10, 11, 12]);
}

#[tokio::test]
async fn a_zammad_in_trouble_is_no_zammad_without_changes() {
    for status in [429, 502, 503, 504] {
        let scene = Scene::new().await;
        for request in [by_condition(EVER), by_query(EVER)] {
            scene.answers(request, page(status).insert_header("Retry-After", "0")).await;
        }
        let directory = scene.directory();

        let err = changed(&directory).await.unwrap_err();
        assert_eq!(unavailable(&err).0, Some(Duration::ZERO));
        assert_eq!(scene.requests().await.len(), 3);

        changed(&directory).await.unwrap_err();
        assert_eq!(scene.requests().await.len(), 6, "that was not kept");
    }
}

#[tokio::test]
async fn an_unknown_account_is_rejected() {
    let scene = Scene::new().await;
    scene.answers(by_condition(EVER), refusal(401, "Can't find User for Token")).await;

    rejected(&changed(&scene.directory()).await.unwrap_err());
}

#[tokio::test]
async fn a_page_is_the_last_if_no_release_cuts_pages_so_short() {
    for (n_users, is_last) in
        [(0, true), (1, true), (49, true), (50, false), (100, false), (199, false), (200, false)]
    {
        let scene = Scene::new().await;
        conditions_work(&scene).await;
        scene.answers(by_condition(ASKED), ok(users(n_users))).await;

        let changed = changed(&scene.directory()).await.unwrap().unwrap();

        assert_eq!((changed.users.len(), changed.is_last), (n_users as usize, is_last));
    }
}

#[tokio::test]
async fn whoever_changed_again_meanwhile_comes_again() {
    let scene = Scene::new().await;
    conditions_work(&scene).await;
    let answer = json!([user(10, 5), user(11, 900), user(12, 6), user(13, 6), user(14, 901), user(15, 7)]);
    scene.answers(by_condition(ASKED), ok(answer)).await;

    let changed = changed(&scene.directory()).await.unwrap().unwrap();

    assert_eq!(ids(&changed), [10, 12, 13, 15]);
    assert!(changed.is_last);
}

#[tokio::test]
async fn an_answer_to_another_question_is_not_used() {
    for answer in [
        json!([user(10, 4), user(11, 6)]),
        json!([user(10, 9), user(11, 8), user(12, 7)]),
        json!([user(10, 6), user(11, 7), user(12, 8), user(13, 5)]),
        json!([{"id": 10, "active": true}]),
        users(201),
    ] {
        let scene = Scene::new().await;
        conditions_work(&scene).await;
        scene.answers_once(by_condition(ASKED), ok(answer.clone())).await;
        scene.answers(by_condition(ASKED), ok(users(1))).await;
        let directory = scene.directory();

        assert_eq!(changed(&directory).await.unwrap(), None, "{answer}");
        assert_eq!(scene.requests().await.len(), 3);

        assert_eq!(ids(&changed(&directory).await.unwrap().unwrap()), [10]);
        assert_eq!(scene.requests().await.len(), 6, "it was put on trial again");
    }
}

#[tokio::test]
async fn a_way_that_is_closed_later_is_given_up() {
    for answer in [refusal(403, "Not authorized"), page(404), refusal(422, "No"), page(200)] {
        let scene = Scene::new().await;
        conditions_work(&scene).await;
        scene.answers(by_condition(ASKED), answer).await;
        let directory = scene.directory();

        assert_eq!(changed(&directory).await.unwrap(), None);
        assert_eq!(changed(&directory).await.unwrap(), None);

        assert_eq!(scene.requests().await.len(), 6);
    }
}

#[tokio::test]
async fn later_trouble_is_passed_on() {
    for status in [500, 502, 503] {
        let scene = Scene::new().await;
        conditions_work(&scene).await;
        scene.answers(by_condition(ASKED), page(status)).await;

        unavailable(&changed(&scene.directory()).await.unwrap_err());
    }
    let scene = Scene::new().await;
    conditions_work(&scene).await;
    scene.answers(by_condition(ASKED), refusal(401, "Not authorized (token expired)!")).await;
    rejected(&changed(&scene.directory()).await.unwrap_err());
}

#[tokio::test]
async fn elasticsearch_looks_no_further_than_ten_thousand_users() {
    let scene = without_conditions().await;
    queries_work(&scene).await;
    scene.answers(by_query(ASKED), ok(users(200))).await;
    let directory = scene.directory();

    let changed = directory.changed_since(SINCE, nth(50)).await.unwrap().unwrap();
    assert!(!changed.is_last);
    assert_eq!(directory.changed_since(SINCE, nth(51)).await.unwrap(), None);

    let scene = Scene::new().await;
    conditions_work(&scene).await;
    scene.answers(by_condition(ASKED), ok(json!([]))).await;
    assert!(scene.directory().changed_since(SINCE, nth(51)).await.unwrap().unwrap().is_last);
}

#[tokio::test(start_paused = true)]
async fn what_a_trial_found_is_kept_for_a_while() {
    let clock = FrozenClock::new();
    for (never, keep) in
        [(json!([]), Duration::from_hours(1)), (json!([user(3, 1)]), Duration::from_mins(10))]
    {
        let scene = without_conditions().await;
        scene.answers(by_query(EVER), ok(json!([user(3, 1)]))).await;
        scene.answers(by_query(NEVER), ok(never)).await;
        scene.answers(by_query(ASKED), ok(json!([]))).await;
        let directory = scene.directory();
        let n_trials = async || scene.n_requests(query_param("per_page", "20")).await;

        let (found, same) = tokio::join!(changed(&directory), changed(&directory));
        assert_eq!(found.unwrap(), same.unwrap());
        assert_eq!(n_trials().await, 2);

        clock.advance(keep.saturating_sub(Duration::from_secs(1))).await;
        changed(&directory).await.unwrap();
        assert_eq!(n_trials().await, 2);

        clock.advance(Duration::from_secs(1)).await;
        changed(&directory).await.unwrap();
        assert_eq!(n_trials().await, 4);
    }
}

#[tokio::test]
async fn instants_are_asked_for_in_whole_milliseconds() {
    let scene = Scene::new().await;
    conditions_work(&scene).await;
    let mut ada = user(10, 0);
    ada["updated_at"] = "2026-01-01T00:00:00.007Z".into();
    scene.answers(by_condition("2026-01-01T00:00:00.007Z"), ok(json!([ada]))).await;

    for since in [datetime!(2026-01-01 00:00:00.007_999 UTC), datetime!(2026-01-01 02:00:00.007 +02:00)] {
        let changed = scene.directory().changed_since(since, nth(1)).await.unwrap().unwrap();
        assert_eq!(ids(&changed), [10]);
    }
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let scene = Scene::new().await;
    let endless = ResponseTemplate::new(200).set_body_raw(vec![b' '; 33 * 1024 * 1024], "application/json");
    scene.answers(by_condition(EVER), endless).await;
    scene.answers(by_query(EVER), page(404)).await;

    assert_eq!(changed(&scene.directory()).await.unwrap(), None);
}
