//! What differs between releases.

use family_plan_zammad_simulator::{Config, NewToken, ZammadVersion};
use serde_json::json;
use time::Duration;
use time::macros::datetime;

use crate::helpdesk::Helpdesk;

const ALL: [ZammadVersion; 8] = [
    ZammadVersion::V5_4,
    ZammadVersion::V6_0,
    ZammadVersion::V6_1,
    ZammadVersion::V6_2,
    ZammadVersion::V6_3,
    ZammadVersion::V6_4,
    ZammadVersion::V6_5,
    ZammadVersion::V7_0,
];

fn start(version: ZammadVersion) -> Helpdesk {
    Helpdesk::start_with(Config::default().version(version).timezone_default("Europe/Berlin"))
}

#[tokio::test]
async fn up_to_5_4_names_and_values_have_other_keys() {
    let desk = start(ZammadVersion::V5_4);
    let unlabelled = desk.agent_post("user_access_token", &json!({"name": "x", "permission": []})).await;
    let minted = desk.agent_post("user_access_token", &json!({"label": "x", "permission": []})).await;

    assert_eq!((unlabelled.status, unlabelled.error().as_str()), (422, "Need label!"));
    assert_eq!(minted.json()["name"].as_str().unwrap().len(), 64);
    assert_eq!(minted.json().get("token"), None);
    let list = desk.agent_get("user_access_token").await.json();
    assert!(
        list["tokens"].as_array().unwrap().iter().any(|it| it["label"] == "x" && it.get("name").is_none())
    );
}

#[tokio::test]
async fn from_6_0_on_they_have_the_usual_keys() {
    for version in &ALL[1..] {
        let desk = start(*version);
        let minted = desk.agent_post("user_access_token", &json!({"name": "x", "permission": []})).await;
        assert_eq!(minted.json()["token"].as_str().unwrap().len(), 64, "{version:?}");
    }
}

#[tokio::test]
async fn an_expiry_is_listed_as_a_date_up_to_6_4() {
    for version in ALL {
        let desk = start(version);
        let body = json!({"name": "x", "label": "x", "permission": [], "expires_at": "2026-01-12"});
        assert_eq!(desk.agent_post("user_access_token", &body).await.status, 200);
        let tokens = desk.agent_get("user_access_token").await.json()["tokens"].clone();
        let listed = tokens.as_array().unwrap().iter().find(|it| !it["expires_at"].is_null()).unwrap();
        let expected = if version < ZammadVersion::V6_5 { "2026-01-12" } else { "2026-01-11T23:00:00.000Z" };
        assert_eq!(listed["expires_at"], expected, "{version:?}");
    }
}

#[tokio::test]
async fn up_to_6_4_an_unreadable_date_is_never() {
    for version in [ZammadVersion::V5_4, ZammadVersion::V6_4] {
        let desk = start(version);
        let body = json!({"name": "x", "label": "x", "permission": [], "expires_at": "soon"});
        assert_eq!(desk.agent_post("user_access_token", &body).await.status, 200, "{version:?}");
        assert_eq!(desk.simulator.tokens_named("x")[0].expires_at, None, "{version:?}");
    }
}

#[tokio::test]
async fn up_to_6_4_a_token_dies_with_the_beginning_of_its_day() {
    let desk = start(ZammadVersion::V6_4);
    let token = desk.simulator.add_token(NewToken::new(4, "x").expires_at(datetime!(2026-01-11 00:00 UTC)));
    desk.clock.advance(Duration::hours(12) - Duration::MILLISECOND);

    assert_eq!(desk.get_as(&token.value, "users/me").await.status, 200);
    desk.clock.advance(Duration::MILLISECOND);
    assert_eq!(desk.get_as(&token.value, "users/me").await.status, 401);
}

#[tokio::test]
async fn texts_of_403_and_of_a_taken_address() {
    for version in ALL {
        let desk = start(version);
        let narrow = desk.get_as(&desk.token_of(4, &[]), "user_access_token").await.error();
        let taken = desk.agent_post("users", &json!({"email": "sam.lee@example.net"})).await.error();
        let old_denial = version < ZammadVersion::V6_5;
        assert_eq!(narrow == "Not authorized (token)!", old_denial, "{version:?}");
        assert_eq!(taken.contains("for other user."), version < ZammadVersion::V6_0, "{version:?}");
    }
}

#[tokio::test]
async fn the_version_is_told_to_administrators() {
    assert_eq!(start(ZammadVersion::V7_0).admin_get("version").await.json(), json!({"version": "7.0.0"}));
}

#[tokio::test]
async fn permissions_have_notes_before_they_have_labels() {
    for (version, key) in [(ZammadVersion::V6_3, "note"), (ZammadVersion::V6_4, "label")] {
        let list = start(version).agent_get("user_access_token").await.json();
        assert!(list["permissions"][0].get(key).is_some(), "{version:?}");
    }
}

#[tokio::test]
async fn a_full_search_has_another_shape_in_5_4() {
    let full = start(ZammadVersion::V5_4).agent_get("users/search?query=nora&full=true").await.json();

    assert_eq!(full["user_ids"], json!([2]));
    assert_eq!(full.get("record_ids"), None);
}
