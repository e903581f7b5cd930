//! No secret is written anywhere: not into the database, not into the log, however much is logged.

use std::{collections::HashMap, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use family_plan_zammad_simulator::{Config, Failure, Operation, Simulator};
use serde_json::json;

use crate::{
    client::{ADMIN, Answer, Caller, Invite, claims, http_client},
    hooks::{self, Hook, NOON, outcomes, zammad_user},
    jwt::SECRET,
    program::Serving,
    world::{COOKIE, Database, Engine, settings},
};

const NAME: &str = "The Hills of Control";
const IDEMPOTENCY_KEY: &str = "k3y-0f-a-request";
const WEBHOOK_BASIC: &str = "zammad:p4ssw0rd-of-zammad";
const WEBHOOK_BEARER: &str = "b34r3r-t0k3n-of-zammad";
/// Somebody whom a delivery tells of: they are kept, and not logged.
const EMAIL: &str = "zoe.hill-of-control@example.org";
const CUSTOMER: &str = "Zoe of Control";

/// Everything in the files of the folder, one after the other.
fn contents(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        all.extend(fs::read(entry.unwrap().path()).unwrap());
    }
    all
}

fn holds(text: &[u8], needle: &str) -> bool {
    !needle.is_empty() && text.windows(needle.len()).any(|it| it == needle.as_bytes())
}

/// Has webhooks delivered, and refused; answers the secrets that came with them.
async fn deliver(zammad: &Caller, admin: &Caller) -> Vec<String> {
    let basic = STANDARD.encode(WEBHOOK_BASIC);
    let mut customer = zammad_user(11, CUSTOMER, NOON);
    customer["email"] = json!(EMAIL);
    let mut unreadable = customer.clone();
    unreadable["updated_at"] = json!(EMAIL);
    let broken = format!(r#"{{"error": "unexpected token at '{EMAIL}'"}}"#);
    let hooks = [
        Hook::of(&customer).with("Authorization", format!("Basic {basic}")),
        Hook::of(&unreadable).with("Authorization", format!("Bearer {WEBHOOK_BEARER}")),
        Hook::signed(broken).with("Authorization", format!("Bearer {WEBHOOK_BEARER}")),
    ];
    for hook in &hooks {
        hook.to(zammad).await.ok(202);
    }
    let refused = [
        Hook::of(&customer),
        Hook::signed_with("another", "{}").with("Authorization", format!("Basic {basic}")),
        Hook::signed("{}").with("Authorization", "Bearer another-t0k3n"),
        Hook::signed(vec![b'x'; 6 * 1024 * 1024]),
    ];
    for hook in &refused {
        assert!(matches!(hook.to(zammad).await.status, 401 | 413));
    }
    assert_eq!(outcomes(admin).await, [("applied".to_owned(), 1), ("failed".to_owned(), 2)].into());
    let signatures = hooks.iter().chain(&refused).filter_map(Hook::signature);
    let digits = signatures.map(|it| it.strip_prefix("sha1=").unwrap().to_owned());
    digits.chain([basic, "another-t0k3n".to_owned()]).collect()
}

/// Sends requests again, and answers the secrets that came with them: somebody may take one for a key.
async fn issue_once(owner: &Caller, path: &str) -> Vec<String> {
    let mut secrets = vec![IDEMPOTENCY_KEY.to_owned(), "another-k3y".to_owned()];
    let issued = [owner.post_once(IDEMPOTENCY_KEY, path).await, owner.post_once(IDEMPOTENCY_KEY, path).await];
    let [invite, again] = issued.map(|it| Invite::of(&it.ok(201)));
    assert_eq!(invite.code, again.code);
    let sending = format!("{path}/{}/resend", invite.id);
    let resent = Invite::of(&owner.post_once("another-k3y", &sending).await.ok(201));
    let reused = owner.post_json_once(IDEMPOTENCY_KEY, path, &json!({"expires_in_seconds": 60})).await;
    reused.problem(422, "idempotency_key_reused");
    owner.post_once(&format!("{IDEMPOTENCY_KEY} "), path).await.ok(201);
    owner.post_once(&format!("{IDEMPOTENCY_KEY} {IDEMPOTENCY_KEY}"), path).await.invalid();
    owner.delete(&format!("{path}/{}", resent.id)).await.ok(204);
    secrets.extend([invite.code, resent.code]);
    secrets
}

/// Does a little of everything, failures included, and answers the secrets that took part.
async fn busy_run(zammad: &Simulator, base: &str) -> Vec<String> {
    let anonymous = Caller::anonymous(http_client(), base.to_owned());
    let user = |id: &str| anonymous.claiming(&claims(id));
    let (ann, bob) = (user("ann"), user("bob"));
    let mut ada = claims("ada");
    ada["roles"] = json!([ADMIN]);
    let ada = anonymous.claiming(&ada);
    let expired = anonymous.claiming(&json!({"sub": "ann", "exp": 1}));
    let mut codes = Vec::new();

    let plan = ann.opens(NAME).await;
    let path = format!("/v1/plans/{plan}/invites");
    let invite = ann.invites(&plan).await;
    bob.get(&format!("/v1/invites/{}", invite.code)).await.ok(200);
    bob.in_browser().get(&invite.page()).await.page(200);
    anonymous.get(&invite.page()).await.redirect();
    bob.accepts(&invite.code).await.ok(200);
    user("cid").accepts(&invite.code).await.problem(409, "invite_used");
    user("cid").in_browser().get(&invite.page()).await.page(409);
    ann.detaches(&plan, "bob").await.ok(200);
    bob.accepts(&invite.code).await.problem(403, "invite_barred");
    codes.push(invite.code);
    let bound = ann.invites_with(&plan, &json!({"recipient_email": "dan@example.com"})).await;
    let resent = Invite::of(&ann.post(&format!("{path}/{}/resend", bound.id)).await.ok(201));
    ann.delete(&format!("{path}/{}", resent.id)).await.ok(204);
    user("dan").accepts(&resent.code).await.problem(410, "invite_revoked");
    codes.extend([bound.code, resent.code]);
    codes.extend(issue_once(&ann, &path).await);
    for failure in [
        Failure::Html502,
        Failure::ConnectionReset,
        Failure::ResetAfterEffect,
        Failure::GarbageBody,
        Failure::Unauthorized,
        Failure::MaskedUnprocessable,
    ] {
        zammad.fail_on(&[Operation::MintToken], failure);
        assert!(500 <= ann.post(&path).await.status);
        zammad.recover();
        // Otherwise so many failures in a row would end the requests.
        let next = ann.invites(&plan).await;
        ann.delete(&format!("{path}/{}", next.id)).await.ok(204);
        codes.push(next.code);
    }
    let last = ann.invites(&plan).await;
    ann.get(&format!("/v1/{}", last.code)).await.problem(404, "not_found");
    ann.get(&format!("/v1/plans?cursor={}", last.code)).await.problem(403, "forbidden");
    ada.get(&format!("/v1/plans?cursor={}", last.code)).await.problem(422, "invalid_request");
    ada.put(&format!("/v1/invites/{}", last.code), &json!({})).await.problem(405, "method_not_allowed");
    let odd = ann.request(reqwest::Method::POST, &format!("/v1/invites/{}/accept", last.code));
    Answer::to(odd.header("X-Request-Id", "a/b").body("{")).await;
    codes.push(last.code.clone());
    expired.get("/v1/me").await.problem(401, "unauthenticated");
    expired.in_browser().get(&last.page()).await.redirect();
    anonymous.with_token("x.y.z").get("/v1/me").await.problem(401, "unauthenticated");
    ada.sets(&json!({"user_limit": 7})).await;
    anonymous.get("/health/ready").await.ok(200);
    codes.extend(deliver(&anonymous, &ada).await);

    let minted = zammad.tokens().into_iter().map(|it| it.value);
    let jwts = [&ann, &bob, &ada, &expired].map(|it| it.token().to_owned());
    let signatures = jwts.clone().map(|it| it.rsplit('.').next().unwrap().to_owned());
    minted.chain(codes).chain(jwts).chain(signatures).collect()
}

async fn nothing_secret_is_written(format: &str) {
    let database = Database::create(Engine::Sqlite).await;
    let zammad = Simulator::start(&Config::default()).unwrap();
    let mut environment: HashMap<String, String> = settings(&database.url, &zammad);
    environment.insert("FAMILY_PLAN__LOG__FORMAT".to_owned(), format.to_owned());
    environment.insert("FAMILY_PLAN__LOG__FILTER".to_owned(), "trace".to_owned());
    environment.insert("FAMILY_PLAN__ZAMMAD__WEBHOOK_BASIC".to_owned(), WEBHOOK_BASIC.to_owned());
    environment.insert("FAMILY_PLAN__ZAMMAD__WEBHOOK_BEARER".to_owned(), WEBHOOK_BEARER.to_owned());
    let configured = [
        environment["FAMILY_PLAN__SERVER__SECRET_KEY"].clone(),
        SECRET.to_owned(),
        environment["FAMILY_PLAN__ZAMMAD__TOKEN"].clone(),
        hooks::SECRET.to_owned(),
        WEBHOOK_BASIC.to_owned(),
        WEBHOOK_BEARER.to_owned(),
    ];

    let server = Serving::start(&environment).await;
    let mut secrets = busy_run(&zammad, &server.base).await;
    secrets.extend(configured);
    let while_it_runs = contents(&database.folder());
    let log = server.stop().await;
    let afterwards = contents(&database.folder());

    // The search finds what is there.
    assert!(holds(&while_it_runs, NAME) && holds(&afterwards, NAME));
    assert!(holds(log.as_bytes(), "listening") && holds(log.as_bytes(), "TRACE"));
    let mut found = Vec::new();
    for secret in &secrets {
        for (place, text) in [("database", &while_it_runs), ("database", &afterwards)] {
            if holds(text, secret) {
                found.push(format!("{place}: {secret}"));
            }
        }
        for line in log.lines().filter(|it| it.contains(secret.as_str())) {
            found.push(format!("log: {secret} in {line}"));
        }
    }
    for of_a_person in [EMAIL, CUSTOMER] {
        assert!(holds(&afterwards, of_a_person));
        for line in log.lines().filter(|it| it.contains(of_a_person)) {
            found.push(format!("log: {of_a_person} in {line}"));
        }
    }
    found.dedup();
    assert!(found.is_empty(), "{} of {} secrets:\n{}", found.len(), secrets.len(), found.join("\n"));
    let cookies = log.lines().filter(|it| it.contains(&format!("{COOKIE}=ey"))).count();
    assert_eq!(cookies, 0);
    database.dispose().await;
}

mod sqlite {
    #[tokio::test(flavor = "multi_thread")]
    async fn no_secret_is_written_anywhere_however_much_is_logged() {
        super::nothing_secret_is_written("json").await;
    }
}
