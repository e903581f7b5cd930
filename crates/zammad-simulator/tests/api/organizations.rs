//! Organizations.

use family_plan_zammad_simulator::{AGENT_TOKEN, NewUser};
use reqwest::Method;
use serde_json::json;
use time::Duration;

use crate::helpdesk::Helpdesk;

#[tokio::test]
async fn members_are_told_from_users() {
    let desk = Helpdesk::start();
    let user = desk.simulator.add_user(NewUser::customer("zoe@example.org").organization(2));
    let organization = desk.agent_get("organizations/1").await.json();

    assert_eq!(
        (&organization["member_ids"], &organization["secondary_member_ids"]),
        (&json!([2, 6]), &json!([8]))
    );
    assert_eq!(desk.agent_get("organizations/2").await.json()["member_ids"], json!([7, 8, user.id]));
    assert_eq!(desk.agent_get("organizations").await.ids(), [1, 2]);
    assert_eq!(desk.agent_get("organizations?per_page=1&page=2").await.ids(), [2]);
    assert_eq!(desk.agent_get("organizations/9").await.status, 404);
}

#[tokio::test]
async fn a_list_of_members_replaces_the_one_before() {
    let desk = Helpdesk::start();
    desk.clock.advance(Duration::DAY);
    let body = json!({"name": "Plan 7", "shared": false, "members": ["nora.brandt@example.org"]});
    let created = desk.agent_post("organizations", &body).await;
    assert_eq!((created.status, &created.json()["member_ids"]), (201, &json!([2])));
    assert_eq!(desk.agent_get("organizations/1").await.json()["member_ids"], json!([6]));
    assert_eq!(desk.agent_get("users/2?expand=true").await.json()["organization"], "Plan 7");

    let updated =
        desk.json_as(AGENT_TOKEN, Method::PUT, "organizations/3", &json!({"member_ids": [9]})).await;
    let (nora, changed) = (desk.agent_get("users/2").await.json(), desk.agent_get("users/9").await.json());
    assert_eq!(updated.json()["member_ids"], json!([9]));
    assert_eq!((&nora["organization_id"], &changed["organization_id"]), (&json!(null), &json!(3)));
    assert_eq!(changed["updated_at"], "2026-01-11T12:00:00.000Z");
    assert_eq!(desk.agent_get("organizations/1").await.json()["updated_at"], "2026-01-11T12:00:00.000Z");
}

#[tokio::test]
async fn a_user_who_moves_touches_both_organizations() {
    let desk = Helpdesk::start();
    desk.clock.advance(Duration::DAY);
    desk.json_as(AGENT_TOKEN, Method::PUT, "users/7", &json!({"organization_id": 1})).await;
    let organizations = desk.agent_get("organizations").await.json();

    for organization in organizations.as_array().unwrap() {
        assert_eq!(organization["updated_at"], "2026-01-11T12:00:00.000Z");
    }
}

#[tokio::test]
async fn bad_values_are_422() {
    let desk = Helpdesk::start();
    let cases = [
        (json!({"shared": true}), "Name can't be blank"),
        (json!({"name": "example FOUNDATION"}), "Name has already been taken"),
        (json!({"name": "x".repeat(151)}), "Name is too long (maximum is 150 characters)"),
        (json!({"name": "x", "members": ["x@y"]}), "No lookup value found for 'members': \"x@y\""),
    ];

    for (body, text) in cases {
        let reply = desk.agent_post("organizations", &body).await;
        assert_eq!((reply.status, reply.error().as_str()), (422, text));
    }
    assert_eq!(desk.simulator.organizations().len(), 2);
}

#[tokio::test]
async fn customers_see_their_own() {
    let desk = Helpdesk::start();
    let (_, token) = desk.customer();
    let lonely = desk.simulator.add_user(NewUser::customer("zoe@example.org"));
    let lonely = desk.token_of(lonely.id, &["ticket.customer"]);

    assert_eq!(desk.get_as(&token, "organizations").await.ids(), [1]);
    assert_eq!(desk.get_as(&token, "organizations/1").await.json()["name"], "Example Foundation");
    assert_eq!(desk.get_as(&token, "organizations/2").await.status, 403);
    assert_eq!(desk.get_as(&lonely, "organizations/2").await.json(), json!({}));
}
