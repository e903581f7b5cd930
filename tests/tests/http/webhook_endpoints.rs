//! Endpoints as administrators deal with them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Caller, text},
    receiver::{ENDPOINTS, Receiver},
    shapes::{assert_fields, instant},
    world::{Engine, World, engines},
};

const ENDPOINT: &[&str] = &[
    "id",
    "url",
    "description",
    "event_types",
    "enabled",
    "disabled_reason",
    "disabled_at",
    "previous_secret_until",
    "last_success_at",
    "created_at",
    "updated_at",
];
const NOBODY: &str = "0198c1f0-0000-7000-8000-000000000000";

engines!(
    an_endpoint_is_added_changed_and_removed,
    endpoints_are_listed_page_by_page,
    a_secret_is_shown_when_it_is_made_and_never_again,
    every_mistake_is_named,
    only_administrators_deal_with_endpoints,
);

fn with_secret() -> Vec<&'static str> {
    [ENDPOINT, &["secret"]].concat()
}

async fn an_endpoint_is_added_changed_and_removed(world: &World) {
    let admin = world.admin();
    let answer = admin.post_json(ENDPOINTS, &json!({"url": "https://1.1.1.1/hook"})).await;
    let added = answer.ok(201);
    assert_fields(&added, &with_secret());
    let path = format!("{ENDPOINTS}/{}", text(&added, "id"));
    assert!(answer.header("location").unwrap().ends_with(&path));
    let mut expected = added.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(admin.get(&path).await.ok(200), expected);
    assert_eq!((&expected["event_types"], &expected["enabled"]), (&json!([]), &json!(true)));

    world.advance(time::Duration::HOUR);
    let wishes = json!({
        "url": "https://1.0.0.1/other?a=b", "description": " The billing ",
        "event_types": ["member.joined", "plan.closed", "member.joined"], "enabled": false,
    });
    let changed = admin.patch(&path, &wishes).await.ok(200);
    assert_fields(&changed, ENDPOINT);
    assert_eq!(changed["url"], "https://1.0.0.1/other?a=b");
    assert_eq!(changed["description"], "The billing");
    assert_eq!(changed["event_types"], json!(["plan.closed", "member.joined"]));
    assert_eq!((&changed["enabled"], &changed["disabled_reason"]), (&json!(false), &json!("requested")));
    assert_eq!(instant(&changed, "disabled_at"), world.now());
    assert_eq!(instant(&changed, "updated_at"), world.now());
    assert_eq!(changed["created_at"], added["created_at"]);
    assert_eq!(admin.patch(&path, &json!({})).await.ok(200), changed);
    let cleared = json!({"description": null, "event_types": [], "enabled": true, "url": expected["url"]});
    let mut cleared = admin.patch(&path, &cleared).await.ok(200);
    cleared["updated_at"] = expected["updated_at"].clone();
    assert_eq!(cleared, expected);

    admin.delete(&path).await.ok(204);
    admin.delete(&path).await.problem(404, "not_found");
    admin.get(&path).await.problem(404, "not_found");
    admin.patch(&path, &json!({"x": 1})).await.problem(404, "not_found");
    admin.post_json(&format!("{path}/replay"), &json!({})).await.problem(404, "not_found");
}

async fn endpoints_are_listed_page_by_page(world: &World) {
    let admin = world.admin();
    let page = admin.get(ENDPOINTS).await.ok(200);
    assert_eq!(page, json!({"items": [], "next_cursor": null}));
    let mut added = Vec::new();
    for n in 1..=5 {
        let endpoint =
            admin.post_json(ENDPOINTS, &json!({"url": format!("https://1.1.1.1/{n}")})).await.ok(201);
        added.push(text(&endpoint, "id"));
    }
    for limit in [1, 2, 5, 100] {
        let listed = admin.all(ENDPOINTS, limit).await;
        assert!(listed.iter().map(|it| text(it, "id")).eq(added.iter().cloned()), "{listed:?}");
    }
    assert_eq!(
        admin.get(&format!("{ENDPOINTS}?limit=0&cursor=x")).await.invalid(),
        ["/query/cursor", "/query/limit"]
    );
}

async fn a_secret_is_shown_when_it_is_made_and_never_again(world: &World) {
    let admin = world.admin();
    let added = admin.post_json(ENDPOINTS, &json!({"url": "https://1.1.1.1/hook"})).await.ok(201);
    let path = format!("{ENDPOINTS}/{}", text(&added, "id"));
    let rotated = admin.post(&format!("{path}/rotate-secret")).await.ok(200);
    assert_fields(&rotated, &with_secret());
    assert_eq!(instant(&rotated, "previous_secret_until"), world.now() + time::Duration::DAY);
    let secrets = [text(&added, "secret"), text(&rotated, "secret")];
    assert_ne!(secrets[0], secrets[1]);
    for answer in [
        admin.get(&path).await,
        admin.get(ENDPOINTS).await,
        admin.patch(&path, &json!({"enabled": false})).await,
        admin.get(&format!("{path}/deliveries")).await,
    ] {
        assert!(!answer.body.contains("whsec_") && !answer.body.contains(&secrets[0][6..]), "{answer:?}");
    }
}

async fn every_mistake_is_named(world: &World) {
    let admin = world.admin();
    for (body, pointers) in [
        (json!({}), &["/url"][..]),
        (
            json!({"url": 7, "description": "", "event_types": "all", "enabled": "yes", "x": 1}),
            &["/description", "/enabled", "/event_types", "/url", "/x"],
        ),
        (json!({"url": "https://1.1.1.1", "event_types": ["member.Joined"]}), &["/event_types"]),
        (json!({"url": "https://1.1.1.1", "event_types": [7]}), &["/event_types"]),
        (json!({"url": "https://1.1.1.1", "description": "x".repeat(501)}), &["/description"]),
        (json!({"url": format!("https://1.1.1.1/{}", "x".repeat(2000))}), &["/url"]),
        // Nothing is sent to these, unless an operator allows it.
        (json!({"url": "http://1.1.1.1/"}), &["/url"]),
        (json!({"url": "https://127.0.0.1/"}), &["/url"]),
        (json!({"url": "https://127.1/"}), &["/url"]),
        (json!({"url": "https://2130706433/"}), &["/url"]),
        (json!({"url": "https://localhost/"}), &["/url"]),
        (json!({"url": "https://[::1]/"}), &["/url"]),
        (json!({"url": "https://[::ffff:127.0.0.1]/"}), &["/url"]),
        (json!({"url": "https://10.0.0.1/"}), &["/url"]),
        (json!({"url": "https://169.254.169.254/latest/meta-data/"}), &["/url"]),
        (json!({"url": "https://ann:s3cret@1.1.1.1/"}), &["/url"]),
        (json!({"url": "ftp://1.1.1.1/"}), &["/url"]),
        (json!({"url": "nonsense"}), &["/url"]),
    ] {
        assert_eq!(admin.post_json(ENDPOINTS, &body).await.invalid(), pointers, "{body}");
    }
    let added = admin.post_json(ENDPOINTS, &json!({"url": "https://1.1.1.1"})).await.ok(201);
    let path = format!("{ENDPOINTS}/{}", text(&added, "id"));
    for (body, pointers) in [
        (json!({"url": null}), &["/url"][..]),
        (json!({"url": "https://127.0.0.1/"}), &["/url"]),
        (
            json!({"enabled": null, "event_types": null, "secret": "x"}),
            &["/enabled", "/event_types", "/secret"],
        ),
    ] {
        assert_eq!(admin.patch(&path, &body).await.invalid(), pointers, "{body}");
    }
    let replay = format!("{path}/replay");
    for (body, pointers) in [
        (json!({}), &[""][..]),
        (json!({"since": "2026-01-01T00:00:00Z", "event_id": NOBODY}), &[""]),
        (json!({"since": "yesterday", "event_id": "x"}), &["/event_id", "/since"]),
        (json!({"event_id": NOBODY}), &["/event_id"]),
    ] {
        assert_eq!(admin.post_json(&replay, &body).await.invalid(), pointers, "{body}");
    }
    let wrong = admin.get(&format!("{path}/deliveries?state=open&limit=0&cursor=x")).await;
    assert_eq!(wrong.invalid(), ["/query/cursor", "/query/limit", "/query/state"]);
}

async fn only_administrators_deal_with_endpoints(world: &World) {
    let admin = world.admin();
    let added = admin.post_json(ENDPOINTS, &json!({"url": "https://1.1.1.1"})).await.ok(201);
    let path = format!("{ENDPOINTS}/{}", text(&added, "id"));
    let nobody = format!("{ENDPOINTS}/{NOBODY}");
    let requests = |path: &str| {
        [
            (Method::POST, ENDPOINTS.to_owned()),
            (Method::GET, format!("{ENDPOINTS}?limit=0")),
            (Method::GET, path.to_owned()),
            (Method::PATCH, path.to_owned()),
            (Method::DELETE, path.to_owned()),
            (Method::POST, format!("{path}/rotate-secret")),
            (Method::GET, format!("{path}/deliveries?limit=0")),
            (Method::POST, format!("{path}/replay")),
        ]
    };
    let send = async |caller: &Caller, method: Method, path: &str| -> Answer {
        let body = if method == Method::GET { Value::Null } else { json!({"nonsense": 1}) };
        caller.send(method, path, &body).await
    };
    for (method, path) in requests(&path).into_iter().chain(requests(&nobody)) {
        send(&world.anonymous(), method.clone(), &path).await.problem(401, "unauthenticated");
        for caller in [world.user("ann"), world.service()] {
            send(&caller, method.clone(), &path).await.problem(403, "forbidden");
        }
    }
    for nobody in [&nobody, &format!("{ENDPOINTS}/x"), &format!("{ENDPOINTS}/%00")] {
        for (method, path) in &requests(nobody)[2..] {
            send(&admin, method.clone(), path).await.problem(404, "not_found");
        }
    }
    admin.get(&path).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_allow_private_targets() {
    let world = World::telling(Engine::Sqlite).await;
    let receiver = Receiver::start().await;
    let (endpoint, _) = receiver.registered(&world.admin()).await;
    world.admin().delete(&format!("{ENDPOINTS}/{endpoint}")).await.ok(204);
    world.end().await;
}
