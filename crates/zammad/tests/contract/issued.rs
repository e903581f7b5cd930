//! Listing and deleting the tokens that were minted for invites.

use std::time::Duration;

use family_plan_domain::{RegisteredToken, ZammadAccount, ports::IssuedTokens};
use family_plan_zammad::{ZammadClient, ZammadError};
use serde_json::{Value, json};
use time::{OffsetDateTime, UtcOffset, macros::datetime};
use wiremock::{ResponseTemplate, matchers::header};

use crate::{
    raw_server::{RawServer, Turn},
    scene::{
        FrozenClock, MINT_TOKEN, Scene, config, deleting, getting, invite, list, listing, ok, page, refusal,
        rejected, token_name, tokens, unavailable,
    },
};

fn token(id: i64, n: u128) -> RegisteredToken {
    RegisteredToken { id, invite: invite(n), created_at: None }
}

fn minter() -> String {
    format!("Token token={MINT_TOKEN}")
}

fn masked(status: u16) -> ResponseTemplate {
    let body = json!({"error": "Error ID 3kq9Zp1x: Please contact your administrator."});
    ResponseTemplate::new(status).set_body_json(body)
}

mod listed {
    use super::*;

    #[tokio::test]
    async fn the_tokens_are_those_of_the_account_that_mints() {
        let scene = Scene::new().await;
        let tokens = list(&[(4, &token_name(1)), (7, &token_name(2))]);
        scene.answers(listing().and(header("authorization", minter())), ok(tokens)).await;

        let register = scene.tokens.list().await.unwrap();

        assert_eq!(register.account, Some(ZammadAccount(3)));
        assert_eq!(register.tokens, [token(4, 1), token(7, 2)]);
        assert_eq!(scene.journal().await, ["GET /api/v1/user_access_token"]);
    }

    #[tokio::test]
    async fn other_tokens_are_not_ours() {
        let scene = Scene::new().await;
        let id = invite(0xabc).to_string();
        let names = [
            "FamilyPlanInvite".to_owned(),
            "FamilyPlanInvite ".to_owned(),
            id.clone(),
            format!("FamilyPlanInvite {}", id.to_uppercase()),
            format!("familyplaninvite {id}"),
            format!("FamilyPlanInvite {id} "),
            format!(" FamilyPlanInvite {id}"),
            format!("FamilyPlanInvite  {id}"),
            format!("FamilyPlanInvite {id}\n"),
            format!("FamilyPlanInvite {id} (old)"),
            format!("New FamilyPlanInvite {id}"),
            format!("FamilyPlanInvite {{{id}}}"),
            format!("FamilyPlanInvite urn:uuid:{id}"),
            format!("FamilyPlanInvite {}", id.replace('-', "")),
            format!("FamilyPlanInvite {}", id.replace("abc", "abx")),
        ];
        let others: Vec<(i64, &str)> = (1..).zip(names.iter().map(String::as_str)).collect();
        scene.answers(listing(), ok(list(&others))).await;

        let register = scene.tokens.list().await.unwrap();

        assert_eq!(register.tokens, []);
        assert_eq!(register.account, Some(ZammadAccount(3)));
    }

    #[tokio::test]
    async fn old_releases_call_the_name_a_label() {
        for version in ["5.4", "6.0", "current"] {
            let scene = Scene::with(|it| it.version = version.parse().unwrap()).await;
            let tokens = json!({"tokens": [
                {"id": 4, "user_id": 3, "label": token_name(1)},
                {"id": 5, "user_id": 3, "name": null, "label": null},
                {"id": 6, "user_id": 3},
                {"id": 7, "user_id": 3, "label": "another", "name": token_name(2)},
            ]});
            scene.answers(listing(), ok(tokens)).await;

            let register = scene.tokens.list().await.unwrap();

            assert_eq!(register.tokens, [token(4, 1), token(7, 2)], "{version}");
        }
    }

    #[tokio::test]
    async fn several_tokens_may_be_named_after_the_same_invite() {
        let scene = Scene::new().await;
        scene.answers(listing(), ok(list(&[(5, &token_name(1)), (4, &token_name(1))]))).await;

        assert_eq!(scene.tokens.list().await.unwrap().tokens, [token(5, 1), token(4, 1)]);
    }

    #[tokio::test]
    async fn a_token_was_made_when_zammad_says_so_if_it_does() {
        let scene = Scene::new().await;
        let instants = [
            (json!("2021-11-10T23:17:46.570Z"), Some(datetime!(2021-11-10 23:17:46.570 UTC))),
            (json!("2021-11-10T23:17:46Z"), Some(datetime!(2021-11-10 23:17:46 UTC))),
            (json!("2021-11-10T23:17:46.570999+01:00"), Some(datetime!(2021-11-10 22:17:46.570 UTC))),
            (json!("2021-11-10"), None),
            (json!("yesterday"), None),
            (json!(""), None),
            (json!(1_636_586_266), None),
            (json!({"at": [1]}), None),
            (Value::Null, None),
        ];
        let mut tokens: Vec<Value> = instants
            .iter()
            .map(|(it, _)| json!({"id": 4, "user_id": 3, "name": token_name(1), "created_at": it}))
            .collect();
        tokens.push(json!({"id": 4, "user_id": 3, "name": token_name(1)}));
        scene.answers(listing(), ok(json!({"tokens": tokens}))).await;

        let register = scene.tokens.list().await.unwrap();

        let read: Vec<_> = register.tokens.iter().map(|it| it.created_at).collect();
        let expected: Vec<_> = instants.into_iter().map(|(_, it)| it).chain([None]).collect();
        assert_eq!(read, expected);
        let mut offsets = read.into_iter().flatten().map(OffsetDateTime::offset);
        assert!(offsets.all(UtcOffset::is_utc));
    }

    #[tokio::test]
    async fn a_long_list_is_read_to_its_end() {
        let scene = Scene::new().await;
        // Twenty thousand of ours, and more than as many with the longest names there are.
        let longest = "\u{1f46a}".repeat(255);
        let tokens: Vec<String> = (1..=45_000)
            .map(|id| {
                let name = if id <= 20_000 { token_name(id) } else { longest.clone() };
                format!(
                    r#"{{"id":{id},"user_id":3,"name":"{name}","action":"api","preferences":{{"permission":[]}},"#
                ) + r#""last_used_at":"2021-11-11T14:29:22.765Z","expires_at":"2021-11-12T00:00:00.000Z","#
                    + r#""created_at":"2021-11-10T23:17:46.570Z","updated_at":"2021-11-11T14:29:22.765Z"}"#
            })
            .collect();
        let body = format!(r#"{{"tokens":[{}],"permissions":[]}}"#, tokens.join(","));
        scene.answers(listing(), ResponseTemplate::new(200).set_body_string(body)).await;

        let register = scene.tokens.list().await.unwrap();

        let ids: Vec<i64> = register.tokens.iter().map(|it| it.id).collect();
        assert_eq!(ids, (1..=20_000).collect::<Vec<i64>>());
        assert!(register.tokens.iter().all(|it| it.invite == invite(it.id.unsigned_abs().into())));
    }

    #[tokio::test]
    async fn failures_are_tried_again() {
        let scene = Scene::new().await;
        scene.answers_once(listing(), page(502)).await;
        scene.answers_once(listing(), page(429)).await;
        scene.answers(listing(), ok(list(&[(4, &token_name(1))]))).await;

        assert_eq!(scene.tokens.list().await.unwrap().tokens, [token(4, 1)]);
    }

    #[tokio::test]
    async fn failures_that_last_make_zammad_unavailable() {
        for answer in [page(429), masked(500), page(502), refusal(503, "Error"), page(504)] {
            let scene = Scene::new().await;
            scene.answers(listing(), answer).await;

            unavailable(&scene.tokens.list().await.unwrap_err());

            assert_eq!(scene.requests().await.len(), 3);
        }
    }

    #[tokio::test]
    async fn refusals_are_final() {
        for answer in [
            page(302),
            page(400),
            refusal(401, "Not authorized (token expired)!"),
            refusal(403, "Token authorization failed."),
            page(404),
            page(405),
            refusal(422, "No"),
            masked(422),
        ] {
            let scene = Scene::new().await;
            scene.answers(listing(), answer).await;

            let err = scene.tokens.list().await.unwrap_err();

            assert!(matches!(rejected(&err), ZammadError::Refused(_)));
            assert_eq!(scene.requests().await.len(), 1);
        }
    }

    #[tokio::test]
    async fn a_list_that_cannot_be_read_is_rejected() {
        for answer in [
            page(200),
            ResponseTemplate::new(200),
            ResponseTemplate::new(204),
            ok(json!([])),
            ok(json!({"error": "no"})),
            ok(json!({"tokens": {}})),
            ok(json!({"tokens": [{"name": "no id"}]})),
            ok(json!({"tokens": [{"id": "4", "name": token_name(1)}]})),
            ok(json!({"tokens": [{"id": 4, "name": 7}]})),
        ] {
            let scene = Scene::new().await;
            scene.answers(listing(), answer).await;

            let err = scene.tokens.list().await.unwrap_err();

            assert!(matches!(rejected(&err), ZammadError::Unreadable { .. }));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_list_is_waited_for_longer_than_other_answers() {
        let clock = FrozenClock::new();
        let body = list(&[(4, &token_name(1))]).to_string();
        let mut zammad = RawServer::start(vec![Turn::Hang, Turn::ok(&body)]).await;
        let mut config = config(&zammad.base_url);
        config.pace.deadline = Duration::from_secs(10);
        config.pace.listing = Duration::from_mins(1);
        let (tokens, _) = tokens(&ZammadClient::new(config).unwrap());

        let register = tokio::spawn(async move { tokens.list().await });
        zammad.heard().await;
        clock.advance(Duration::from_secs(29)).await;
        tokio::task::yield_now().await;
        assert!(!zammad.heard_more());
        clock.advance(Duration::from_secs(1)).await;

        assert_eq!(register.await.unwrap().unwrap().tokens, [token(4, 1)]);
    }
}

mod account {
    use super::*;

    #[tokio::test]
    async fn any_token_tells_whose_it_is() {
        for tokens in [
            json!([{"id": 4, "name": token_name(1)}, {"id": 5, "user_id": 7, "name": "another"}]),
            json!([{"id": 4, "user_id": "x", "name": token_name(1)}, {"id": 5, "user_id": 7, "name": null}]),
            json!([{"id": 4, "user_id": null}, {"id": 5, "user_id": 7}]),
        ] {
            let scene = Scene::new().await;
            scene.answers(listing(), ok(json!({"tokens": tokens}))).await;

            assert_eq!(scene.tokens.list().await.unwrap().account, Some(ZammadAccount(7)));
            assert_eq!(scene.requests().await.len(), 1);
        }
    }

    #[tokio::test]
    async fn without_such_a_token_the_account_is_asked_for() {
        for tokens in [json!([]), json!([{"id": 4, "name": token_name(1)}])] {
            let scene = Scene::new().await;
            scene.answers(listing(), ok(json!({"tokens": tokens}))).await;
            let request = getting("users/me").and(header("authorization", minter()));
            scene.answers(request, ok(json!({"login": "agent", "id": 9}))).await;

            assert_eq!(scene.tokens.list().await.unwrap().account, Some(ZammadAccount(9)));
        }
    }

    #[tokio::test]
    async fn the_tokens_are_listed_even_if_the_account_cannot_be_found_out() {
        for answer in [
            page(200),
            ok(json!({})),
            ok(json!({"id": "9"})),
            page(302),
            refusal(401, "Can't find User for Token"),
            refusal(403, "Authentication required"),
            page(404),
            refusal(422, "No"),
            page(429),
            page(500),
            page(502),
        ] {
            let scene = Scene::new().await;
            scene.answers(listing(), ok(json!({"tokens": [{"id": 4, "name": token_name(1)}]}))).await;
            scene.answers(getting("users/me"), answer).await;

            let register = scene.tokens.list().await.unwrap();

            assert_eq!((register.account, register.tokens), (None, vec![token(4, 1)]));
            assert_eq!(scene.requests().await.len(), 2);
        }
    }
}

mod deleted {
    use super::*;

    #[tokio::test]
    async fn a_token_is_deleted_by_its_id() {
        for answer in [ok(json!({})), ResponseTemplate::new(200), ResponseTemplate::new(204), page(200)] {
            let scene = Scene::new().await;
            scene.answers(deleting().and(header("authorization", minter())), answer).await;

            scene.tokens.delete(token(42, 1)).await.unwrap();

            assert_eq!(scene.journal().await, ["DELETE /api/v1/user_access_token/42"]);
        }
    }

    #[tokio::test]
    async fn a_token_that_is_not_there_is_deleted_already() {
        for text in ["The API token could not be found.", "Unable to find api token!"] {
            let scene = Scene::new().await;
            scene.answers(deleting(), refusal(422, text)).await;

            scene.tokens.delete(token(42, 1)).await.unwrap();

            assert_eq!(scene.requests().await.len(), 1);
        }
    }

    #[tokio::test]
    async fn failures_are_tried_again() {
        let scene = Scene::new().await;
        scene.answers_once(deleting(), page(502)).await;
        scene.answers_once(deleting(), page(429)).await;
        scene.answers(deleting(), refusal(422, "The API token could not be found.")).await;

        scene.tokens.delete(token(42, 1)).await.unwrap();

        assert_eq!(scene.requests().await.len(), 3);
    }

    #[tokio::test]
    async fn failures_that_last_make_zammad_unavailable() {
        for answer in [page(429), masked(500), page(502), refusal(503, "Error"), page(504)] {
            let scene = Scene::new().await;
            scene.answers(deleting(), answer).await;

            unavailable(&scene.tokens.delete(token(42, 1)).await.unwrap_err());

            assert_eq!(scene.requests().await.len(), 3);
        }
    }

    #[tokio::test]
    async fn refusals_are_final() {
        for answer in [
            page(302),
            page(400),
            refusal(401, "Not authorized (token expired)!"),
            refusal(403, "Token authorization failed."),
            page(404),
            page(405),
            masked(422),
        ] {
            let scene = Scene::new().await;
            scene.answers(deleting(), answer).await;

            let err = scene.tokens.delete(token(42, 1)).await.unwrap_err();

            assert!(matches!(rejected(&err), ZammadError::Refused(_)));
            assert_eq!(scene.requests().await.len(), 1);
        }
    }
}
