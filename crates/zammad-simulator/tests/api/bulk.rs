//! Many users and many tokens.

use std::collections::HashSet;

use family_plan_zammad_simulator::{ADMIN_TOKEN, AGENT_TOKEN, Config, NewToken, SearchBackend};
use reqwest::Method;
use serde_json::json;
use time::Duration;

use crate::helpdesk::{Helpdesk, NOW};

#[tokio::test]
async fn many_users_are_listed_page_by_page() {
    let desk = Helpdesk::start();
    let ids = desk.simulator.seed_users(100_000);
    assert_eq!(ids, 15..100_015);
    let mut seen = HashSet::new();
    for page in [1, 2, 50, 101] {
        seen.extend(desk.agent_get(&format!("users?per_page=1000&page={page}")).await.ids());
    }

    assert_eq!(seen.len(), 3014);
    assert_eq!(desk.agent_get("users/100014").await.json()["email"], "member-100014@example.org");
    assert!(desk.agent_get("users?per_page=1000&page=102").await.ids().is_empty());
    assert_eq!(desk.agent_get("users/search?query=email:member-4711@example.org").await.ids()[0], 4711);
}

#[tokio::test]
async fn users_of_a_kind_do_not_change_together() {
    let desk = Helpdesk::start();
    desk.simulator.seed_users(2);
    let reply =
        desk.json_as(ADMIN_TOKEN, Method::PUT, "users/15", &json!({"phone": "+1", "vip": true})).await;

    assert_eq!(reply.json()["phone"], "+1");
    let other = desk.agent_get("users/16").await.json();
    assert_eq!((&other["phone"], &other["vip"]), (&json!(""), &json!(false)));
}

#[tokio::test]
async fn many_tokens_are_listed_at_once() {
    let desk = Helpdesk::start();
    let new = |it: i64| {
        let minted = NOW - Duration::seconds(it);
        NewToken::new(4, format!("invite {it}")).created_at(minted).expires_at(minted + Duration::DAY)
    };
    let ids = desk.simulator.seed_tokens((1..=20_000).map(new));
    let tokens = desk.get_as(AGENT_TOKEN, "user_access_token").await.json();
    let tokens = tokens["tokens"].as_array().unwrap();

    assert_eq!((ids.len(), tokens.len()), (20_000, 20_001));
    // Used just now: the token of this very request.
    assert_eq!(tokens[0]["name"], "Simulator");
    assert_eq!((&tokens[1]["name"], &tokens[20_000]["name"]), (&json!("invite 1"), &json!("invite 20000")));
    assert_eq!(tokens[1]["created_at"], "2026-01-10T11:59:59.000Z");
    assert!(desk.simulator.delete_token(ids[0]));
    assert!(!desk.simulator.delete_token(ids[0]));
}

#[tokio::test]
async fn changes_among_many_are_pulled_by_condition() {
    let desk = Helpdesk::start_with(Config::default().search_backend(SearchBackend::LaggingElasticsearch));
    desk.simulator.seed_users(1000);
    desk.clock.advance(Duration::DAY);
    for id in [700, 300] {
        desk.simulator.edit_user(id, |it| it.active = false);
        desk.clock.advance(Duration::MILLISECOND);
    }
    let page = |number: u32| {
        json!({
            "condition": {"user.updated_at": {"operator": "after (absolute)", "value": "2026-01-11T12:00:00.000Z"}},
            "sort_by": "updated_at, id", "order_by": "asc, asc", "page": number, "per_page": 1,
        })
    };

    assert_eq!(desk.agent_post("users/search", &page(1)).await.ids(), [700]);
    assert_eq!(desk.agent_post("users/search", &page(2)).await.ids(), [300]);
    assert!(desk.agent_post("users/search", &page(3)).await.ids().is_empty());
}
