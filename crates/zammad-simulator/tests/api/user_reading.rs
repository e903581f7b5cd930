//! Lists of users, one user, me.

use std::collections::HashSet;

use family_plan_zammad_simulator::NewUser;
use serde_json::json;

use crate::helpdesk::Helpdesk;

#[tokio::test]
async fn the_list_is_by_id_and_holds_the_system_user() {
    let desk = Helpdesk::start();
    let reply = desk.agent_get("users").await;
    let system = &reply.json()[0];

    assert_eq!(reply.status, 200);
    assert_eq!(reply.ids(), (1..=14).collect::<Vec<u64>>());
    assert_eq!(
        (&system["login"], &system["email"], &system["active"]),
        (&json!("-"), &json!(""), &json!(false))
    );
}

#[tokio::test]
async fn pages_are_cut_exactly_and_empty_past_the_end() {
    let desk = Helpdesk::start();

    assert_eq!(desk.agent_get("users?page=2&per_page=5").await.ids(), [6, 7, 8, 9, 10]);
    assert_eq!(desk.agent_get("users?page=3&limit=6").await.ids(), [13, 14]);
    assert_eq!(desk.agent_get("users?page=3&per_page=7").await.json(), json!([]));
    assert_eq!(desk.agent_get("users?per_page=0").await.json(), json!([]));
    assert_eq!(desk.agent_get("users?page=1&per_page=2&sort_by=login&order_by=desc").await.ids(), [1, 2]);
    let negative = desk.agent_get("users?page=0").await;
    assert!(negative.status == 422 && negative.is_masked());
}

#[tokio::test]
async fn a_page_has_100_users_and_at_most_1000() {
    let desk = Helpdesk::start();
    for number in 0..1000 {
        desk.simulator.add_user(NewUser::customer(format!("member{number}@example.org")));
    }

    assert_eq!(desk.agent_get("users").await.ids().len(), 100);
    assert_eq!(desk.agent_get("users?per_page=5000").await.ids().len(), 1000);
}

#[tokio::test]
async fn without_rights_the_list_is_the_own_record() {
    let desk = Helpdesk::start();
    let (id, token) = desk.customer();

    assert_eq!(desk.get_as(&token, "users").await.ids(), [id]);
    assert_eq!(desk.get_as(&desk.token_of(4, &[]), "users").await.ids(), [4]);
}

#[tokio::test]
async fn expand_adds_names() {
    let desk = Helpdesk::start();
    let users = desk.agent_get("users?expand=true&full=true").await.json();

    assert_eq!(users[1]["organization"], "Example Foundation");
    assert_eq!((&users[1]["roles"], &users[1]["created_by"]), (&json!(["Customer"]), &json!("-")));
    assert_eq!(users[2].get("organization"), None);
    assert_eq!(
        (&users[2]["roles"], &users[2]["groups"]),
        (&json!(["Admin", "Agent"]), &json!({"Users": ["full"]}))
    );
    assert_eq!(users[7]["organizations"], json!(["Example Foundation"]));
    assert_eq!(desk.agent_get("users/2?expand=false").await.json().get("roles"), None);
}

#[tokio::test]
async fn full_answers_with_assets() {
    let desk = Helpdesk::start();
    let list = desk.agent_get("users?full=true&page=2&per_page=1").await.json();
    let one = desk.agent_get("users/2?full=1").await.json();

    assert_eq!(list["record_ids"], json!([2]));
    assert_eq!(list["assets"]["User"]["2"]["firstname"], "Nora");
    assert_eq!(list["assets"]["Organization"]["1"]["name"], "Example Foundation");
    assert_eq!((&one["id"], &one["assets"]["User"]["2"]["id"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn user_objects_have_unknown_keys_and_no_secrets_and_no_order() {
    let desk = Helpdesk::start();
    desk.simulator.add_user(NewUser::agent("pat@example.com").password("hush-hush"));
    let mut texts = HashSet::new();
    for _ in 0..5 {
        texts.insert(desk.agent_get("users/15").await.text);
    }

    assert_eq!(texts.len(), 5);
    for text in texts {
        assert!(text.contains("newsletter_consent"));
        assert!(!text.contains("hush-hush") && !text.contains("password"));
    }
}

#[tokio::test]
async fn a_user_has_the_recorded_keys() {
    let desk = Helpdesk::start();
    let user = desk.agent_get("users/9").await.json();
    let expected = json!({
        "id": 9, "organization_id": null, "login": "auto-3f0e9a52-6c1d-4d7b-9a55-0b6f4d1c2e77",
        "firstname": "Walk-in", "lastname": "Visitor", "email": "", "image": null, "image_source": null, "web": "",
        "phone": "+44 555 0109", "fax": "", "mobile": "", "department": null, "street": "", "zip": "", "city": "",
        "country": "", "address": null, "vip": false, "verified": false, "active": true, "note": "",
        "last_login": null, "source": null, "login_failed": 0, "out_of_office": false,
        "out_of_office_start_at": null, "out_of_office_end_at": null, "out_of_office_replacement_id": null,
        "preferences": {"locale": "en-us"}, "updated_by_id": 3, "created_by_id": 3,
        "created_at": user["created_at"], "updated_at": user["updated_at"], "role_ids": [3],
        "two_factor_preference_ids": [], "organization_ids": [], "authorization_ids": [],
        "overview_sorting_ids": [], "group_ids": {}, "newsletter_consent": null,
    });

    assert_eq!(user, expected);
}

#[tokio::test]
async fn nobody_is_404() {
    let desk = Helpdesk::start();

    for id in ["999", "x", "-1"] {
        let reply = desk.agent_get(&format!("users/{id}")).await;
        assert_eq!((reply.status, reply.error()), (404, format!("Couldn't find User with 'id'={id}")));
    }
}

#[tokio::test]
async fn a_customer_sees_a_reduced_self_and_less_of_the_own_organization() {
    let desk = Helpdesk::start();
    let (id, token) = desk.customer();
    let own = desk.get_as(&token, "users/me").await.json();
    let colleague = desk.get_as(&token, "users/6").await.json();
    let stranger = desk.get_as(&token, "users/7").await;

    assert_eq!((own["id"].as_u64(), &own["email"]), (Some(id), &json!("cleo@example.org")));
    assert!(own.get("phone").is_none() && own.get("note").is_none() && own.get("preferences").is_some());
    let shown = json!({
        "id": 6, "firstname": "Jonas", "lastname": "Brandt", "image": null, "image_source": null, "active": true,
    });
    assert_eq!(colleague, shown);
    assert_eq!((stranger.status, stranger.error().as_str()), (403, "Not authorized"));
}

#[tokio::test]
async fn a_narrow_token_of_an_agent_shows_the_agent_only() {
    let desk = Helpdesk::start();
    let token = desk.token_of(4, &[]);

    assert_eq!(desk.get_as(&token, "users/4").await.json()["note"], "Service account of the family plan.");
    assert_eq!(desk.get_as(&token, "users/2").await.status, 403);
}
