//! What comes from the helpdesk, and what goes back.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::json;

use super::{
    super::secrets::{Kind, random},
    Cast, Stage,
};
use crate::{
    client::{Answer, Caller},
    hooks::{self, Hook, NOON, zammad_user},
    waiting::eventually,
};

/// Tells what is known of people, and associates them.
pub(super) async fn know_people(stage: &Stage, cast: &Cast) {
    let billing = &cast.billing.caller;
    let [linked, found] = [&cast.ann, &cast.bob].map(|it| stage.customer(&it.email));
    for person in [&cast.ann, &cast.bob] {
        person.caller.get("/v1/me").await.ok(200);
    }
    let path = format!("/v1/users/{}", cast.ann.id);
    let told = json!({"email": cast.ann.email, "individual_plan": "free"});
    billing.put(&path, &told).await.ok(200);
    let link = json!({"zammad_user_id": linked});
    billing.put(&format!("{path}/zammad-user"), &link).await.ok(200);
    pull(&cast.ada.caller, false).await;
    for id in [linked, found] {
        billing.get(&format!("/v1/zammad/users/{id}")).await.ok(200);
    }
}

/// Pulls users, and waits until that is over, however it ends.
pub(super) async fn pull(ada: &Caller, fails: bool) {
    assert_eq!(ada.post_json("/v1/zammad/sync", &json!({"full": true})).await.status, 202);
    eventually("a pull is over", async || {
        let sync = ada.get("/v1/zammad/sync").await.ok(200);
        sync["state"] == "idle" && sync["last_error"].is_null() != fails
    })
    .await;
}

pub(super) async fn run(stage: &Stage, cast: &Cast, plan: &str) {
    let (ada, zammad) = (&cast.ada.caller, stage.anonymous());
    let mut customer = zammad_user(900, &stage.secrets.make(Kind::Customer), NOON);
    let email = stage.secrets.address(Kind::Customer);
    (customer["email"], customer["login"]) = (json!(email), json!(email));
    let mut unreadable = customer.clone();
    unreadable["updated_at"] = json!(email);
    let broken = format!(r#"{{"error": "unexpected token at '{email}'"}}"#);
    let secret = &stage.hook_secret;
    let signed = |body: String| signed(stage, secret, body);
    let ticket = |it| signed(json!({"ticket": {"id": 81, "customer": it}, "article": {}}).to_string());
    let basic = format!("Basic {}", STANDARD.encode(&stage.hook_basic));
    let bearer = format!("Bearer {}", stage.hook_bearer);
    for (method, hook) in [
        (Method::POST, ticket(&customer).with("Authorization", basic.clone())),
        (Method::PUT, ticket(&unreadable).with("Authorization", bearer.clone())),
        (Method::PATCH, signed(broken).with("Authorization", bearer.clone())),
    ] {
        Answer::to(hook.request(&zammad, method)).await.ok(202);
    }
    let misplaced = || stage.secrets.make(Kind::Misplaced);
    let refused = [
        ticket(&customer),
        self::signed(stage, &misplaced(), "{}".to_owned()).with("Authorization", basic.clone()),
        signed("{}".to_owned()).with("Authorization", format!("Bearer {}", misplaced())),
        signed(misplaced().repeat(300_000)).with("Authorization", bearer),
        Hook::unsigned("{}").with("X-Hub-Signature", misplaced()).with("Authorization", basic),
    ];
    for hook in &refused {
        assert!(matches!(hook.to(&zammad).await.status, 401 | 413));
    }
    let failed = hooks::settled(ada).await;
    let failed = failed.iter().find(|it| it["state"] == "failed").unwrap();
    hooks::replay(ada, failed).await;
    hooks::settled(ada).await;
    cast.billing.caller.get("/v1/zammad/users/900").await.ok(200);

    // The marker gets there with the plan's name.
    eventually("the helpdesk is told of the plan", async || {
        stage.zammad.requests().iter().any(|it| it.body.contains(&cast.marker))
    })
    .await;
    let path = format!("/v1/users/{}/zammad-user", cast.ann.id);
    cast.billing.caller.delete(&path).await.ok(204);
    cast.ann.caller.get(&format!("/v1/plans/{plan}/events")).await.ok(200);
}

/// A delivery that is not the same as any other, so that its signature is not either.
fn signed(stage: &Stage, secret: &str, mut body: String) -> Hook {
    body.extend([" ".repeat(usize::from(random(1).as_bytes()[0]))]);
    let hook = Hook::signed_with(secret, body);
    let signature = hook.signature().unwrap().strip_prefix("sha1=").unwrap();
    stage.secrets.note(Kind::HookSignature, signature);
    hook
}
