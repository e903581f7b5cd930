//! Whose tokens count: those signed with the shared secret, by the configured issuer, for us, and not for ever.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{
    client::{ADMIN, Answer, Caller, SERVICE, claims},
    jwt::{LONG_AGO, NEVER, SECRET, hs256, hs256_text, hs256_with, unsigned},
    world::{COOKIE, Engine, World, on_sqlite},
};

on_sqlite!(
    a_forged_token_is_none,
    a_token_has_a_subject_and_an_end,
    a_token_that_says_two_things_at_once_is_none,
    a_token_that_is_not_good_yet_is_none,
    roles_come_as_a_list_or_as_text,
    only_the_bearer_scheme_counts,
    the_cookie_is_as_good_as_the_header,
    another_sites_page_cannot_use_the_cookie,
    the_header_counts_before_the_cookie,
);

async fn refused(caller: &Caller) {
    caller.get("/v1/me").await.problem(401, "unauthenticated");
    caller.post_json("/v1/plans", &json!({"name": "x"})).await.problem(401, "unauthenticated");
}

fn with(changes: &Value) -> Value {
    let mut claims = claims("ann");
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

async fn a_forged_token_is_none(world: &World) {
    let claims = claims("ann");
    let good = hs256(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let other_payload = hs256(&crate::client::claims("ada"));
    let other_payload = other_payload.split('.').nth(1).unwrap();
    let forged = [
        hs256_with(b"another-secret-of-quite-some-length!", &json!({"alg": "HS256"}), &claims),
        hs256_with(b"", &json!({"alg": "HS256"}), &claims),
        hs256_with(SECRET.as_bytes(), &json!({"alg": "HS512"}), &claims),
        hs256_with(SECRET.as_bytes(), &json!({"alg": "none"}), &claims),
        hs256_with(SECRET.as_bytes(), &json!({"alg": "RS256"}), &claims),
        hs256_with(SECRET.as_bytes(), &json!({"typ": "JWT"}), &claims),
        // What we do not understand, but must: nothing is.
        hs256_with(SECRET.as_bytes(), &json!({"alg": "HS256", "crit": ["x"], "x": 1}), &claims),
        hs256_with(SECRET.as_bytes(), &json!({"alg": "HS256", "crit": []}), &claims),
        hs256_with(SECRET.as_bytes(), &json!({"alg": "HS256", "crit": ["b64"], "b64": false}), &claims),
        unsigned(&claims),
        format!("{message}."),
        message.to_owned(),
        format!("{head}.{other_payload}.{signature}"),
        format!("{good}x"),
        format!("{good}.{signature}"),
        "x".to_owned(),
        "..".to_owned(),
        String::new(),
    ];
    for token in forged {
        refused(&world.anonymous().with_token(token)).await;
    }
    world.anonymous().with_token(good).get("/v1/me").await.ok(200);
}

async fn a_token_has_a_subject_and_an_end(world: &World) {
    for changes in [
        json!({"exp": LONG_AGO}),
        json!({"exp": null}),
        json!({"exp": "x"}),
        json!({"exp": -1}),
        json!({"exp": [NEVER]}),
        json!({"exp": true}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": 7}),
        json!({"sub": "é".repeat(256)}),
        json!({"sub": "a\u{0}b"}),
    ] {
        refused(&world.anonymous().claiming(&with(&changes))).await;
    }
}

async fn a_token_that_says_two_things_at_once_is_none(world: &World) {
    for claims in [
        format!(r#"{{"sub": "ann", "sub": "ada", "exp": {NEVER}}}"#),
        format!(r#"{{"sub": "ann", "exp": {NEVER}, "exp": {LONG_AGO}}}"#),
        format!(r#"{{"sub": "ann", "exp": {LONG_AGO}, "exp": {NEVER}}}"#),
        format!(r#"[{{"sub": "ann", "exp": {NEVER}}}]"#),
        format!(r#"{{"sub": "ann", "exp": {NEVER}}} {{}}"#),
    ] {
        refused(&world.anonymous().with_token(hs256_text(&claims))).await;
    }
    let once = hs256_text(&format!(r#"{{"sub": "ann", "exp": {NEVER}}}"#));
    world.anonymous().with_token(once).get("/v1/me").await.ok(200);
}

async fn a_token_that_is_not_good_yet_is_none(world: &World) {
    for nbf in [json!(NEVER - 1), json!("x"), json!([LONG_AGO])] {
        refused(&world.anonymous().claiming(&with(&json!({"nbf": nbf})))).await;
    }
    let since_long = world.anonymous().claiming(&with(&json!({"nbf": LONG_AGO})));
    since_long.get("/v1/me").await.ok(200);
}

async fn roles_come_as_a_list_or_as_text(world: &World) {
    let sees_settings = async |roles: Value| {
        let caller = world.anonymous().claiming(&with(&json!({"roles": roles})));
        caller.get("/v1/settings").await.status == 200
    };
    for roles in
        [json!([ADMIN]), json!(["x", SERVICE, ADMIN]), json!(ADMIN), json!(format!("x {ADMIN} {SERVICE}"))]
    {
        assert!(sees_settings(roles.clone()).await, "{roles}");
    }
    for roles in [
        json!([]),
        json!(""),
        json!([SERVICE]),
        json!("family-plan:administrator"),
        json!("xfamily-plan:admin"),
        json!([[ADMIN]]),
        json!({"family-plan:admin": true}),
        json!(7),
        json!([format!("x {ADMIN}")]),
        json!("FAMILY-PLAN:ADMIN"),
    ] {
        assert!(!sees_settings(roles.clone()).await, "{roles}");
    }
    let elsewhere = world.anonymous().claiming(&with(&json!({"groups": [ADMIN]})));
    elsewhere.get("/v1/settings").await.problem(403, "forbidden");
}

async fn only_the_bearer_scheme_counts(world: &World) {
    let token = hs256(&claims("ann"));
    for authorization in
        [format!("Basic {token}"), format!("Token {token}"), token.clone(), "Bearer".to_owned()]
    {
        let request = world.anonymous().request(Method::GET, "/v1/me");
        let answer = Answer::to(request.header(header::AUTHORIZATION, authorization)).await;
        answer.problem(401, "unauthenticated");
    }
    let request = world.anonymous().request(Method::GET, "/v1/me");
    Answer::to(request.header(header::AUTHORIZATION, format!("bearer {token}"))).await.ok(200);
    world.anonymous().get(&format!("/v1/me?access_token={token}")).await.problem(401, "unauthenticated");
}

async fn the_cookie_is_as_good_as_the_header(world: &World) {
    let ann = world.user("ann").in_browser();
    ann.opens("The Hills").await;
    ann.get("/v1/me").await.ok(200);
    let request = world.anonymous().request(Method::GET, "/v1/me");
    let cookies = format!("a=b; {COOKIE}={}; c=d", hs256(&claims("ann")));
    Answer::to(request.header(header::COOKIE, cookies)).await.ok(200);
    for name in ["Session", "session2", "xsession"] {
        let request = world.anonymous().request(Method::GET, "/v1/me");
        let answer =
            Answer::to(request.header(header::COOKIE, format!("{name}={}", hs256(&claims("ann"))))).await;
        answer.problem(401, "unauthenticated");
    }
}

async fn another_sites_page_cannot_use_the_cookie(world: &World) {
    let ann = world.user("ann").in_browser();
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let before = ann.plan(&plan).await;
    let writes = [
        (Method::POST, format!("/v1/plans/{plan}/invites")),
        (Method::DELETE, format!("/v1/plans/{plan}")),
        (Method::PATCH, format!("/v1/plans/{plan}")),
        (Method::DELETE, format!("/v1/plans/{plan}/invites/{}", invite.id)),
    ];
    for (method, path) in &writes {
        for (name, value) in [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "https://evil.example"),
            ("Origin", "https://family.example.evil.example"),
            ("Origin", "http://family.example"),
            ("Origin", "null"),
        ] {
            let request = ann.request(method.clone(), path).json(&json!({})).header(name, value);
            Answer::to(request).await.problem(403, "forbidden");
        }
    }
    let bob = world.user("bob").in_browser();
    let accept = format!("/v1/invites/{}/accept", invite.code);
    let request = bob.request(Method::POST, &accept).header("Origin", "https://evil.example");
    Answer::to(request).await.problem(403, "forbidden");
    assert_eq!(ann.plan(&plan).await, before);
    // A program that names its origin is not fooled into anything.
    let program = world.user("bob").request(Method::POST, &accept).header("Origin", "https://evil.example");
    Answer::to(program).await.ok(200);
    let own = ann.request(Method::POST, &writes[0].1).header("Origin", "https://family.example");
    Answer::to(own).await.ok(201);
}

async fn the_header_counts_before_the_cookie(world: &World) {
    let request = world.user("bob").request(Method::GET, "/v1/me");
    let request = request.header(header::COOKIE, format!("{COOKIE}={}", hs256(&claims("ann"))));
    assert_eq!(Answer::to(request).await.ok(200)["user_id"], "bob");
}

mod configured {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_issuer_and_the_audience_count_once_configured() {
        let changes = [("AUTH__ISSUER", "https://login.example"), ("AUTH__AUDIENCE", "family-plan")];
        let world = World::with(Engine::Sqlite, &changes).await;
        let good = with(&json!({"iss": "https://login.example", "aud": "family-plan"}));
        let caller = |changes: Value| {
            let mut claims = good.clone();
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
                if value.is_null() {
                    claims.as_object_mut().unwrap().remove(name);
                }
            }
            world.anonymous().claiming(&claims)
        };
        for changes in [
            json!({"iss": null}),
            json!({"iss": "https://login.example/"}),
            json!({"iss": "https://evil.example"}),
            json!({"iss": ["https://login.example"]}),
            json!({"iss": ["https://evil.example", "https://login.example"]}),
            json!({"iss": 7}),
            json!({"aud": null}),
            json!({"aud": "others"}),
            json!({"aud": ["others"]}),
            json!({"aud": []}),
            json!({"aud": 7}),
            json!({"aud": {"family-plan": true}}),
        ] {
            refused(&caller(changes)).await;
        }
        caller(json!({})).get("/v1/me").await.ok(200);
        caller(json!({"aud": ["others", "family-plan"]})).get("/v1/me").await.ok(200);
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn roles_are_read_from_the_configured_claim() {
        let world = World::with(Engine::Sqlite, &[("AUTH__ROLES_CLAIM", "groups")]).await;
        let admin = world.anonymous().claiming(&with(&json!({"groups": [ADMIN]})));
        admin.get("/v1/settings").await.ok(200);
        world.admin().get("/v1/settings").await.problem(403, "forbidden");
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_a_configured_cookie_none_counts() {
        let world = World::with(Engine::Sqlite, &[("AUTH__COOKIE", "")]).await;
        world.user("ann").in_browser().get("/v1/me").await.problem(401, "unauthenticated");
        world.user("ann").get("/v1/me").await.ok(200);
        world.end().await;
    }
}
