//! Creating, updating and deleting users.

use family_plan_zammad_simulator::{ADMIN_TOKEN, AGENT_TOKEN, NewUser};
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::helpdesk::{Helpdesk, Reply};

async fn create(desk: &Helpdesk, body: &Value) -> Reply {
    desk.agent_post("users", body).await
}

async fn update(desk: &Helpdesk, token: &str, id: u64, body: &Value) -> Reply {
    desk.json_as(token, Method::PUT, &format!("users/{id}"), body).await
}

async fn delete(desk: &Helpdesk, token: &str, id: u64) -> Reply {
    desk.json_as(token, Method::DELETE, &format!("users/{id}"), &json!({})).await
}

#[tokio::test]
async fn a_new_user_is_a_customer_with_clean_values() {
    let desk = Helpdesk::start();
    let reply =
        create(&desk, &json!({"firstname": "zoe", "lastname": "KING", "email": " Zoe@Example.ORG "})).await;
    let user = reply.json();

    assert_eq!(reply.status, 201);
    assert_eq!((&user["firstname"], &user["lastname"]), (&json!("Zoe"), &json!("King")));
    assert_eq!((&user["email"], &user["login"]), (&json!("zoe@example.org"), &json!("zoe@example.org")));
    assert_eq!(
        (&user["id"], &user["role_ids"], &user["created_by_id"]),
        (&json!(15), &json!([3]), &json!(4))
    );
    assert_eq!(user["created_at"], "2026-01-10T12:00:00.000Z");
    assert_eq!(desk.agent_get("users/15").await.json(), user);
}

#[tokio::test]
async fn a_user_without_an_address_gets_a_made_up_login() {
    let desk = Helpdesk::start();
    let user = create(&desk, &json!({"firstname": "Zoe"})).await.json();

    assert_eq!(user["email"], "");
    assert!(user["login"].as_str().unwrap().starts_with("auto-"));
}

#[tokio::test]
async fn unknown_and_protected_keys_are_ignored() {
    let desk = Helpdesk::start();
    let body = json!({
        "email": "zoe@example.org", "phone": "+1 555 0100", "shoe_size": 44, "id": 2, "created_by_id": 2,
        "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z", "login_failed": 7,
    });
    let user = create(&desk, &body).await.json();

    assert_eq!(
        (&user["id"], &user["created_by_id"], &user["login_failed"]),
        (&json!(15), &json!(4), &json!(0))
    );
    assert_eq!(user["phone"], "+1 555 0100");
    assert_eq!(user["created_at"], "2026-01-10T12:00:00.000Z");
    assert_eq!(user.get("shoe_size"), None);
}

#[tokio::test]
async fn bad_values_are_422() {
    let desk = Helpdesk::start();
    let cases = [
        (
            json!({"email": "Sam.Lee@example.net"}),
            "Email address 'sam.lee@example.net' is already used for another user.",
        ),
        (json!({"email": "some_what"}), "Invalid email 'some_what'"),
        (
            json!({"note": "x"}),
            "At least one identifier (firstname, lastname, phone, mobile or email) for user is required.",
        ),
        (
            json!({"firstname": "Z", "organization": "Nope"}),
            "No lookup value found for 'organization': \"Nope\"",
        ),
        (json!({"firstname": "Z", "organization_id": 999}), "Invalid value for param 'organization_id': 999"),
        (
            json!({"firstname": "Z", "organization_ids": [999]}),
            "No value found for 'organizations' with id 999",
        ),
        (
            json!({"firstname": "Z", "organization_ids": [1]}),
            "Secondary organizations are only allowed when the primary organization is given.",
        ),
    ];

    for (body, text) in cases {
        let reply = create(&desk, &body).await;
        assert_eq!((reply.status, reply.error().as_str()), (422, text), "{body}");
    }
    assert_eq!(desk.simulator.users().len(), 14);
}

#[tokio::test]
async fn organizations_are_given_by_name_or_id() {
    let desk = Helpdesk::start();
    let body = json!({"firstname": "Z", "organization": "Okafor Household", "organizations": ["Example Foundation"]});
    let user = create(&desk, &body).await.json();

    assert_eq!((&user["organization_id"], &user["organization_ids"]), (&json!(2), &json!([1])));
}

#[tokio::test]
async fn only_administrators_give_roles() {
    let desk = Helpdesk::start();
    let by_agent =
        create(&desk, &json!({"email": "a@example.org", "roles": ["Admin"], "role_ids": [1]})).await.json();
    let by_admin =
        desk.admin_post("users", &json!({"email": "b@example.org", "roles": ["Agent"]})).await.json();
    let unknown = desk.admin_post("users", &json!({"email": "c@example.org", "roles": ["Boss"]})).await;

    assert_eq!(by_agent["role_ids"], json!([3]));
    assert_eq!(by_admin["role_ids"], json!([2]));
    assert_eq!(
        (unknown.status, unknown.error().as_str()),
        (422, "No lookup value found for 'roles': \"Boss\"")
    );
}

#[tokio::test]
async fn a_taken_login_gets_a_number() {
    let desk = Helpdesk::start();
    let body = json!({"email": "zoe@example.org", "login": "sam.lee@example.net"});

    assert_eq!(create(&desk, &body).await.json()["login"], "sam.lee@example.net1");
}

#[tokio::test]
async fn customers_may_not_create() {
    let desk = Helpdesk::start();
    let (_, token) = desk.customer();

    assert_eq!(
        desk.json_as(&token, Method::POST, "users", &json!({"email": "z@example.org"})).await.status,
        403
    );
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let desk = Helpdesk::start();
    desk.clock.advance(Duration::MINUTE);
    let reply =
        update(&desk, AGENT_TOKEN, 6, &json!({"firstname": "JONATHAN", "active": false, "city": null})).await;
    let user = reply.json();

    assert_eq!(reply.status, 200);
    assert_eq!(
        (&user["firstname"], &user["lastname"], &user["active"]),
        (&json!("Jonathan"), &json!("Brandt"), &json!(false))
    );
    assert_eq!((&user["city"], &user["zip"]), (&json!(null), &json!("28195")));
    assert_eq!(
        (&user["updated_at"], &user["updated_by_id"]),
        (&json!("2026-01-10T12:01:00.000Z"), &json!(4))
    );
    assert_eq!(desk.agent_get("users/6").await.json(), user);
}

#[tokio::test]
async fn an_update_may_not_take_somebody_elses_address() {
    let desk = Helpdesk::start();

    assert_eq!(update(&desk, AGENT_TOKEN, 6, &json!({"email": "sam.lee@example.net"})).await.status, 422);
    assert_eq!(
        update(&desk, AGENT_TOKEN, 6, &json!({"email": "Jonas.Brandt@example.org"})).await.status,
        200
    );
}

#[tokio::test]
async fn agents_change_pure_customers_only() {
    let desk = Helpdesk::start();

    for id in [3, 4, 5] {
        let reply = update(&desk, AGENT_TOKEN, id, &json!({"note": "x"})).await;
        assert_eq!((reply.status, reply.error().as_str()), (403, "Not authorized"), "user {id}");
        assert_eq!(update(&desk, ADMIN_TOKEN, id, &json!({"note": "x"})).await.status, 200, "user {id}");
    }
    assert_eq!(update(&desk, AGENT_TOKEN, 999, &json!({"note": "x"})).await.status, 404);
}

#[tokio::test]
async fn patch_is_not_routed() {
    let desk = Helpdesk::start();

    assert_eq!(desk.json_as(ADMIN_TOKEN, Method::PATCH, "users/6", &json!({})).await.status, 404);
}

#[tokio::test]
async fn a_user_nothing_refers_to_can_be_deleted_by_an_administrator() {
    let desk = Helpdesk::start();
    let user = desk.simulator.add_user(NewUser::customer("zoe@example.org"));

    assert_eq!(delete(&desk, AGENT_TOKEN, user.id).await.status, 403);
    let reply = delete(&desk, ADMIN_TOKEN, user.id).await;
    assert_eq!((reply.status, reply.json()), (200, json!({})));
    assert_eq!(delete(&desk, ADMIN_TOKEN, user.id).await.status, 404);
}

#[tokio::test]
async fn a_user_with_references_stays() {
    let desk = Helpdesk::start();

    for id in [2, 3, 4] {
        let reply = delete(&desk, ADMIN_TOKEN, id).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (422, "Can't delete, object has references."),
            "user {id}"
        );
    }
}
