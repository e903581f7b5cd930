//! Listing tokens.

use family_plan_zammad_simulator::{ADMIN_TOKEN, NewToken};
use serde_json::{Value, json};
use time::Duration;

use crate::helpdesk::{Helpdesk, NOW};

fn names(list: &Value) -> Vec<&str> {
    list["tokens"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_list_holds_own_tokens_without_their_values() {
    let desk = Helpdesk::start();
    let new = NewToken::new(4, "mine").permission("ticket.agent").expires_at(NOW + Duration::hours(12));
    let token = desk.simulator.add_token(new);
    desk.clock.advance(Duration::milliseconds(1500));
    desk.simulator.add_token(NewToken::new(3, "not mine"));
    let reply = desk.agent_get("user_access_token").await;
    let list = reply.json();

    assert_eq!(reply.status, 200);
    assert!(!reply.text.contains(&token.value) && !reply.text.contains("persistent"));
    assert_eq!(names(&list), ["Simulator", "mine"]);
    assert_eq!(
        list["tokens"][1],
        json!({
            "id": token.id,
            "user_id": 4,
            "name": "mine",
            "action": "api",
            "preferences": {"permission": ["ticket.agent"]},
            "last_used_at": null,
            "expires_at": "2026-01-11T00:00:00.000Z",
            "created_at": "2026-01-10T12:00:00.000Z",
            "updated_at": "2026-01-10T12:00:00.000Z",
        })
    );
    assert_eq!(list["tokens"][0]["last_used_at"], "2026-01-10T12:00:01.500Z");
}

#[tokio::test]
async fn the_last_touched_comes_first_and_names_break_ties() {
    let desk = Helpdesk::start();
    for name in ["c", "a", "b"] {
        desk.simulator.add_token(NewToken::new(4, name));
    }
    desk.clock.advance(Duration::SECOND);
    let latest = desk.simulator.add_token(NewToken::new(4, "latest"));
    desk.clock.advance(Duration::SECOND);

    // Listing uses the service account's own token, which puts that one first.
    assert_eq!(
        names(&desk.agent_get("user_access_token").await.json()),
        ["Simulator", "latest", "a", "b", "c"]
    );
    desk.clock.advance(Duration::SECOND);
    assert_eq!(desk.get_as(&latest.value, "users/me").await.status, 200);
    let bystander = desk.token_of(4, &["user_preferences"]);
    desk.clock.advance(Duration::SECOND);
    let list = desk.get_as(&bystander, "user_access_token").await.json();
    assert_eq!(names(&list), ["extra", "latest", "Simulator", "a", "b", "c"]);
}

#[tokio::test]
async fn expired_tokens_stay_in_the_list() {
    let desk = Helpdesk::start();
    let _ = desk.simulator.add_token(NewToken::new(4, "dead").expires_at(NOW - Duration::DAY));

    assert!(names(&desk.agent_get("user_access_token").await.json()).contains(&"dead"));
}

#[tokio::test]
async fn the_list_says_what_could_be_granted() {
    let desk = Helpdesk::start();
    let list = desk.agent_get("user_access_token").await.json();
    let by_name =
        |name: &str| list["permissions"].as_array().unwrap().iter().find(|it| it["name"] == name).cloned();

    assert!(by_name("user_preferences.access_token").is_some());
    assert!(by_name("admin").is_none());
    assert!(by_name("ticket.customer").is_none());
    assert_eq!(by_name("ticket").unwrap()["preferences"]["disabled"], true);
    assert_eq!(by_name("ticket.agent").unwrap()["preferences"].get("disabled"), None);
    assert!(desk.get_as(ADMIN_TOKEN, "user_access_token").await.text.contains("admin.user"));
}
