//! Plans, invites, members, users and settings.

use reqwest::Method;
use serde_json::{Value, json};

use super::{super::secrets::Kind, Cast, Stage};
use crate::client::{Answer, Caller, Invite, text};

/// Notes the code of an invite that was just issued.
pub(super) fn issued(stage: &Stage, answer: &Answer) -> Invite {
    let invite = Invite::of(&answer.ok(201));
    stage.secrets.note(Kind::LinkCode, invite.code.clone());
    invite
}

/// Issues an invite.
pub(super) async fn invite(stage: &Stage, owner: &Caller, plan: &str) -> Invite {
    issued(stage, &owner.post(&format!("/v1/plans/{plan}/invites")).await)
}

/// Opens a plan, lets people in and out, and answers the plan's id.
pub(super) async fn run(stage: &Stage, cast: &Cast) -> String {
    let (ann, bob, ada) = (&cast.ann.caller, &cast.bob.caller, &cast.ada.caller);
    let key = stage.secrets.make(Kind::IdempotencyKey);
    let body = json!({"name": cast.marker});
    let mut plan = String::new();
    for _ in 0..2 {
        let open = cast.marked(ann, Method::POST, "/v1/plans").header("Idempotency-Key", &key).json(&body);
        plan = text(&Answer::to(open).await.ok(201), "id");
    }
    ann.post_json_once(&key, "/v1/plans", &json!({"name": "x"})).await.problem(422, "idempotency_key_reused");
    let path = format!("/v1/plans/{plan}");
    ann.patch(&path, &json!({"name": format!("{} of Control", cast.marker)})).await.ok(200);
    ada.patch(&path, &json!({"user_limit": 20})).await.ok(200);
    invites(stage, cast, &path).await;

    let link = invite(stage, ann, &plan).await;
    let preview = format!("/v1/invites/{}", link.code);
    stage.anonymous().get(&preview).await.ok(200);
    bob.get(&preview).await.ok(200);
    bob.accepts(&link.code).await.ok(200);
    bob.accepts(&link.code).await.ok(200);
    cast.cid.caller.accepts(&link.code).await.problem(409, "invite_used");
    ann.accepts(&link.code).await.outcome();
    let to_bob = json!({"new_owner_id": cast.bob.id});
    ann.post_json(&format!("{path}/transfer"), &to_bob).await.ok(200);
    bob.post_json(&format!("{path}/transfer"), &json!({"new_owner_id": cast.ann.id})).await.ok(200);
    for caller in [ann, bob, ada] {
        for part in ["", "/seats", "/members"] {
            caller.get(&format!("{path}{part}")).await.ok(200);
        }
        caller.get("/v1/me").await.ok(200);
    }
    ann.detaches(&plan, &cast.bob.id).await.ok(200);
    bob.accepts(&link.code).await.problem(403, "invite_barred");
    bob.get(&path).await.problem(404, "plan_not_found");
    ann.get(&format!("{path}/events?limit=100")).await.ok(200);
    for path in ["/v1/plans", "/v1/events?limit=100"] {
        ada.get(path).await.ok(200);
        cast.billing.caller.get(path).await.ok(200);
    }
    let other = bob.opens("The Dales").await;
    bob.delete(&format!("/v1/plans/{other}")).await.ok(204);
    settings(ada).await;
    stage.anonymous().get("/health/live").await.ok(200);
    stage.anonymous().get("/health/ready").await.ok(200);
    plan
}

async fn invites(stage: &Stage, cast: &Cast, plan: &str) {
    let ann = &cast.ann.caller;
    let path = format!("{plan}/invites");
    let key = stage.secrets.make(Kind::IdempotencyKey);
    let bound =
        json!({"recipient_email": stage.secrets.address(Kind::Recipient), "expires_in_seconds": 3600});
    let first = issued(stage, &ann.post_json_once(&key, &path, &bound).await);
    issued(stage, &ann.post_json_once(&key, &path, &bound).await);
    ann.post_json_once(&key, &path, &json!({})).await.problem(422, "idempotency_key_reused");
    cast.bob.caller.accepts(&first.code).await.problem(403, "invite_barred");
    let resent = issued(stage, &ann.post_once(&key, &format!("{path}/{}/resend", first.id)).await);
    issued(stage, &ann.post_once(&key, &format!("{path}/{}/resend", first.id)).await);
    ann.get(&format!("{path}?state=open")).await.ok(200);
    ann.delete(&format!("{path}/{}", resent.id)).await.ok(204);
    cast.bob.caller.accepts(&resent.code).await.problem(410, "invite_revoked");
    ann.get(&path).await.ok(200);
}

async fn settings(ada: &Caller) {
    ada.sets(&json!({"user_limit": 7})).await;
    let mut wishes: Value = ada.get("/v1/settings").await.ok(200);
    wishes["user_limit"] = json!(1);
    ada.post_json("/v1/settings/preview", &wishes).await.ok(200);
    ada.put("/v1/settings", &wishes).await.problem(428, "precondition_required");
}
