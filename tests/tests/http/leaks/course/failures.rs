//! What this service needs, and does not get.

use family_plan_zammad_simulator::{Failure, Operation};
use reqwest::Method;
use serde_json::json;

use super::{super::secrets::Kind, Cast, Stage, endpoints, helpdesk::pull, plans::invite};
use crate::{
    client::{Answer, text},
    hooks::Hook,
    waiting::eventually,
    world::Engine,
};

pub(super) async fn run(stage: &mut Stage, cast: &Cast, plan: &str) {
    helpdesk(stage, cast, plan).await;
    database(stage, cast, plan).await;
    let echo = stage.echo.uri();
    stage.serve(&[("ZAMMAD__URL", &echo)]).await;
    echoing(stage, cast, plan).await;
    stage.serve(&[("EVENTS__ALLOW_PRIVATE_TARGETS", "false")]).await;
    endpoints::guarded(stage, cast).await;
    guesses(stage, cast).await;
}

/// A helpdesk that does not do as it should.
async fn helpdesk(stage: &Stage, cast: &Cast, plan: &str) {
    let (ann, ada) = (&cast.ann.caller, &cast.ada.caller);
    let path = format!("/v1/plans/{plan}/invites");
    for failure in [
        Failure::Html502,
        Failure::ConnectionReset,
        Failure::ResetAfterEffect,
        Failure::GarbageBody,
        Failure::Unauthorized,
        Failure::MaskedUnprocessable,
        Failure::TooManyRequests { retry_after: Some(1) },
    ] {
        stage.zammad.fail_on(&[Operation::MintToken], failure);
        let key = stage.secrets.make(Kind::IdempotencyKey);
        let request = cast.marked(ann, Method::POST, &path).header("Idempotency-Key", key);
        assert!(500 <= Answer::to(request).await.status);
        stage.zammad.recover();
        // Otherwise so many failures in a row would end the requests.
        let next = invite(stage, ann, plan).await;
        ann.delete(&format!("{path}/{}", next.id)).await.ok(204);
    }
    for failure in [Failure::GarbageBody, Failure::Forbidden] {
        let failing = [Operation::ListUsers, Operation::SearchUsers, Operation::ListTokens];
        stage.zammad.fail_on(&failing, failure);
        pull(ada, true).await;
        stage.zammad.recover();
        pull(ada, false).await;
    }
}

/// A helpdesk that repeats what it is sent.
async fn echoing(stage: &Stage, cast: &Cast, plan: &str) {
    let (ann, ada) = (stage.again(&cast.ann), stage.again(&cast.ada));
    let recipient = json!({"recipient_email": stage.secrets.address(Kind::Recipient)});
    let answer = ann.post_json(&format!("/v1/plans/{plan}/invites"), &recipient).await;
    assert!(500 <= answer.status, "{answer:?}");
    pull(&ada, true).await;
    let newcomer = stage.person(&[]);
    newcomer.caller.get("/v1/me").await.ok(200);
}

/// A database that is not as it should be.
async fn database(stage: &Stage, cast: &Cast, plan: &str) {
    let (ann, ada) = (&cast.ann.caller, &cast.ada.caller);
    let link = invite(stage, ann, plan).await;
    let database = &stage.database;
    database.execute("ALTER TABLE invites RENAME TO moved").await;
    let preview = format!("/v1/invites/{}?token={}", link.code, ann.token());
    Answer::to(cast.marked(ann, Method::GET, &preview)).await.problem(500, "internal");
    cast.bob.caller.accepts(&link.code).await.problem(500, "internal");
    let session = format!("{}={}", stage.cookie(), cast.bob.caller.token());
    let page = stage.anonymous().request(Method::GET, &link.page()).header("Cookie", session);
    Answer::to(page).await.page(500);
    let issue = ann.post(&format!("/v1/plans/{plan}/invites")).await;
    assert_eq!(issue.status, 500);
    database.execute("ALTER TABLE moved RENAME TO invites").await;

    database.execute("ALTER TABLE zammad_deliveries RENAME TO moved").await;
    let body = json!({"token": stage.secrets.make(Kind::Misplaced)}).to_string();
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &stage.hook_basic);
    let hook = Hook::signed_with(&stage.hook_secret, body).with("Authorization", format!("Basic {basic}"));
    hook.to(&stage.anonymous()).await.problem(500, "internal");
    told(stage, r#""worker":"inbox""#).await;
    database.execute("ALTER TABLE moved RENAME TO zammad_deliveries").await;

    unfit_rows(stage, cast, plan).await;
    database.execute("ALTER TABLE webhook_endpoints RENAME TO moved").await;
    ada.get("/v1/webhook-endpoints").await.problem(500, "internal");
    told(stage, r#""worker":"events""#).await;
    database.execute("ALTER TABLE moved RENAME TO webhook_endpoints").await;
    // It is not the server's key that it was sealed with.
    database.execute("UPDATE webhook_endpoints SET secret = retiring_secret").await;
}

/// Databases tell what they do not take, and readers what they do not understand.
async fn unfit_rows(stage: &Stage, cast: &Cast, plan: &str) {
    let (database, ann) = (&stage.database, &cast.ann.caller);
    let path = format!("/v1/plans/{plan}/invites");
    let bound = json!({"recipient_email": stage.secrets.address(Kind::Recipient)});
    let issue = async || ann.post_json(&path, &bound).await;
    if let Some((before, after)) = match database.engine() {
        Engine::Sqlite => None,
        // The row that it does not take, and the value.
        Engine::Postgres => Some((
            "ALTER TABLE invites ADD CONSTRAINT never CHECK (recipient_email::integer = 0) NOT VALID",
            "ALTER TABLE invites DROP CONSTRAINT never",
        )),
        Engine::Mariadb => Some((
            "CREATE TRIGGER never BEFORE INSERT ON invites FOR EACH ROW \
             SET NEW.created_at = CAST(NEW.recipient_email AS INTEGER) + NEW.recipient_email",
            "DROP TRIGGER never",
        )),
    } {
        database.execute(before).await;
        issue().await.problem(500, "internal");
        database.execute(after).await;
    }
    let told = text(&bound, "recipient_email");
    database.execute(&format!("UPDATE events SET data = '\"{told}\"' WHERE kind = 'plan.renamed'")).await;
    let history = ann.get(&format!("/v1/plans/{plan}/events?limit=100")).await;
    assert_eq!(history.status, 500, "{history:?}");
    database.execute("DELETE FROM events WHERE kind = 'plan.renamed'").await;
}

/// Waits until Sentry is told something.
async fn told(stage: &Stage, text: &str) {
    eventually(text, async || {
        stage.anonymous().get("/health/live").await.ok(200);
        stage.n_told(text).await != 0
    })
    .await;
}

/// Somebody who looks for codes.
async fn guesses(stage: &Stage, cast: &Cast) {
    let bob = stage.again(&cast.bob);
    let mut outcome = String::new();
    while outcome != "rate_limited" {
        let code = stage.secrets.make(Kind::LinkCode);
        outcome = bob.get(&format!("/v1/invites/{code}")).await.outcome();
    }
}
