//! Custom attributes.

use family_plan_zammad_simulator::{ADMIN_TOKEN, AGENT_TOKEN, Config, SearchBackend};
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpdesk::Helpdesk;

fn attribute(name: &str) -> Value {
    json!({
        "name": name, "object": "User", "display": "Plan", "active": true, "position": 1550, "data_type": "input",
        "data_option": {"type": "text", "maxlength": 12, "default": "", "null": true, "options": {}, "relation": ""},
        "screens": {},
    })
}

async fn write(desk: &Helpdesk, plan: &str) -> Value {
    let body = json!({"plan_code": plan, "shoe_size": 44});
    let reply = desk.json_as(AGENT_TOKEN, Method::PUT, "users/9", &body).await;
    assert_eq!(reply.status, 200);
    reply.json()
}

#[tokio::test]
async fn an_attribute_is_there_after_migration_and_restart() {
    let desk = Helpdesk::start();
    let created = desk.admin_post("object_manager_attributes", &attribute("plan_code")).await;
    assert_eq!((created.status, &created.json()["to_create"]), (201, &json!(true)));
    assert_eq!(write(&desk, "family").await.get("plan_code"), None);

    let migrated = desk.admin_post("object_manager_attributes_execute_migrations", &json!({})).await;
    assert_eq!((migrated.status, migrated.json()), (200, json!({})));
    assert_eq!(desk.admin_get("object_manager_attributes").await.json()[0]["to_create"], false);
    assert_eq!(write(&desk, "family").await.get("plan_code"), None);

    desk.simulator.restart();
    assert_eq!(desk.agent_get("users/9").await.json()["plan_code"], Value::Null);
    let written = write(&desk, "family").await;
    assert_eq!((&written["plan_code"], written.get("shoe_size")), (&json!("family"), None));
    assert_eq!(desk.agent_get("users/9").await.json()["plan_code"], "family");
}

#[tokio::test]
async fn a_test_can_have_an_attribute_at_once() {
    let desk = Helpdesk::start_with(Config::default().search_backend(SearchBackend::Database));
    assert!(desk.simulator.add_user_attribute("plan_code"));
    assert!(!desk.simulator.add_user_attribute("plan_code"));
    assert!(!desk.simulator.add_user_attribute("plan_id"));
    write(&desk, "premium").await;
    let condition = json!({"condition": {"user.plan_code": {"operator": "is", "value": "premium"}}});

    assert_eq!(desk.agent_post("users/search", &condition).await.ids(), [9]);
    assert_eq!(desk.agent_get("users/search?query=premi").await.ids(), [9]);
    let created = desk.agent_post("users", &json!({"firstname": "Zoe", "plan_code": "solo"})).await.json();
    assert_eq!(created["plan_code"], "solo");
    let too_long = json!({"plan_code": "x".repeat(121)});
    let reply = desk.json_as(ADMIN_TOKEN, Method::PUT, "users/9", &too_long).await;
    assert_eq!(reply.status, 422);
}

#[tokio::test]
async fn names_that_are_taken_or_not_allowed_are_422() {
    let desk = Helpdesk::start();
    desk.simulator.add_user_attribute("plan_code");

    for name in ["plan_code", "email", "plan_id", "Plan", "42", "integer"] {
        let reply = desk.admin_post("object_manager_attributes", &attribute(name)).await;
        assert_eq!(reply.status, 422, "{name}");
    }
    let taken = desk.admin_post("object_manager_attributes", &attribute("plan_code")).await;
    assert_eq!(taken.error(), "This object already exists.");
    assert_eq!(desk.agent_post("object_manager_attributes", &attribute("plan")).await.status, 403);
}
