//! Which deliveries are let in: those that Zammad signed, byte for byte, and no others.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use family_plan_zammad_simulator::hub_signature;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    client::{Answer, Caller, text},
    hooks::{DELIVERIES, Hook, SECRET, WEBHOOK, outcomes, settled},
    world::{Engine, World, engines, on_sqlite},
};

const BODY: &str = r#"{"ticket":{},"article":{}}"#;
const SIGNATURE: &str = "sha1=caf67549118642f811ed9ad5fe708d35bdc4cc3c";
const ESCAPED: &str = "{\"ticket\":{\"title\":\"Caf\u{e9} \\u003cb\\u003e\"},\"article\":{}}";
const FULL: &str =
    include_str!("../../../crates/zammad-simulator/data/webhook-default-payload.composed-full.wire.json");
const NO_ARTICLE: &str =
    include_str!("../../../crates/zammad-simulator/data/webhook-no-article.composed.wire.json");

/// What a recorded Zammad signed with [`SECRET`], and how.
const VECTORS: [(&str, &str); 4] = [
    (BODY, SIGNATURE),
    (ESCAPED, "sha1=d65ce363c46f922b949259e69413aed35a58af4a"),
    (FULL, "sha1=3af24f8aec19e29086aacb8557681c42e3da9a17"),
    (NO_ARTICLE, "sha1=1405c69b1b9d785a8a86c317769c7d99ca1aa194"),
];

const MIB: usize = 1024 * 1024;

/// A body of exactly so many bytes that tells nothing.
fn padded(n_bytes: usize) -> Vec<u8> {
    let mut body = br#"{"text":""#.to_vec();
    body.resize(n_bytes - 2, b'x');
    body.extend(b"\"}");
    body
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

/// The status of the answer to a signed body whose length is not told beforehand.
async fn post_in_chunks(world: &World, body: &[u8]) -> u16 {
    let address = world.base(0).strip_prefix("http://").unwrap();
    let signature = hub_signature(SECRET, body);
    let mut connection = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {WEBHOOK} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Hub-Signature: {signature}\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    for chunk in body.chunks(100) {
        let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
        connection.write_all(&chunk).await.unwrap();
    }
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    connection.read_exact(&mut answer).await.unwrap();
    str::from_utf8(&answer).unwrap().strip_prefix("HTTP/1.1 ").unwrap().parse().unwrap()
}

async fn deliveries(world: &World) -> Vec<Value> {
    world.admin().all(DELIVERIES, 100).await
}

mod one_server {
    use super::*;

    on_sqlite!(
        what_zammad_signed_is_taken_by_each_method,
        other_methods_are_not_allowed,
        what_is_not_signed_by_zammad_is_refused_and_not_kept,
        every_byte_is_signed,
        a_delivery_needs_no_caller,
        a_content_type_does_not_matter,
        what_is_signed_is_taken_whatever_it_says,
        a_delivery_id_can_be_anything,
    );

    async fn what_zammad_signed_is_taken_by_each_method(world: &World) {
        let zammad = world.anonymous();
        for (body, signature) in VECTORS {
            let hook = Hook::unsigned(body).with("X-Hub-Signature", signature);
            for method in [Method::POST, Method::PUT, Method::PATCH] {
                let answer = Answer::to(hook.request(&zammad, method)).await;
                assert_eq!((answer.status, answer.body.as_str()), (202, ""), "{body}");
                assert_eq!(answer.header("cache-control"), Some("no-store"));
            }
        }
        assert_eq!(deliveries(world).await.len(), VECTORS.len());
    }

    async fn other_methods_are_not_allowed(world: &World) {
        let zammad = world.anonymous();
        let hook = Hook::signed(BODY);
        for method in [Method::DELETE, Method::GET] {
            let answer = Answer::to(hook.request(&zammad, method)).await;
            answer.problem(405, "method_not_allowed");
            let mut allowed: Vec<&str> = answer.header("allow").unwrap().split(", ").collect();
            allowed.sort_unstable();
            assert_eq!(allowed, ["PATCH", "POST", "PUT"]);
        }
        assert!(deliveries(world).await.is_empty());
    }

    async fn what_is_not_signed_by_zammad_is_refused_and_not_kept(world: &World) {
        let zammad = world.anonymous();
        let signed_as = |signature: &str| Hook::unsigned(BODY).with("X-Hub-Signature", signature);
        let digits = SIGNATURE.strip_prefix("sha1=").unwrap();
        let refused = [
            Hook::unsigned(BODY),
            Hook::unsigned(""),
            Hook::signed(""),
            Hook::signed_with("another", BODY),
            Hook::signed_with("", BODY),
            Hook::signed_with(&SECRET.to_uppercase(), BODY),
            Hook::signed(BODY).with("X-Hub-Signature", SIGNATURE),
            Hook::signed(BODY).with("X-Hub-Signature", hub_signature("another", BODY.as_bytes())),
            Hook::unsigned(BODY).with("X-Hub-Signature-256", SIGNATURE),
            Hook::unsigned(BODY).with("Authorization", format!("Bearer {SECRET}")),
            signed_as(""),
            signed_as("sha1="),
            signed_as(digits),
            signed_as(&format!("SHA1={digits}")),
            signed_as(&format!("Sha1={digits}")),
            signed_as(&format!("sha256={digits}")),
            signed_as(&format!("sha1={}", digits.to_uppercase())),
            signed_as(&format!("sha1={}", &digits[..38])),
            signed_as(&format!("{SIGNATURE}00")),
            signed_as(&format!("{SIGNATURE}, {SIGNATURE}")),
            signed_as(&format!("sha1={}", "0".repeat(40))),
            signed_as(&"x".repeat(5_000)),
        ];
        for hook in refused {
            for method in [Method::POST, Method::PUT, Method::PATCH] {
                let answer = Answer::to(hook.request(&zammad, method)).await;
                answer.problem(401, "webhook_signature_invalid");
                assert!(!answer.body.contains(digits) && !answer.body.contains(SECRET), "{}", answer.body);
            }
        }
        // A person's own token does not stand in for a signature.
        let answer = Hook::unsigned(BODY).to(&world.admin()).await;
        answer.problem(401, "webhook_signature_invalid");
        assert!(deliveries(world).await.is_empty());
    }

    async fn every_byte_is_signed(world: &World) {
        let zammad = world.anonymous();
        let (body, signature) = VECTORS[3];
        let changed = (0..8).map(|n| {
            let mut changed = body.as_bytes().to_vec();
            let at = n * (changed.len() - 1) / 7;
            changed[at] ^= 1;
            changed
        });
        let reformatted: Value = serde_json::from_str(body).unwrap();
        let others = [
            body[..body.len() - 1].into(),
            body[1..].into(),
            format!("{body} ").into(),
            format!("{body}\n").into(),
            serde_json::to_vec_pretty(&reformatted).unwrap(),
        ];
        for other in changed.chain(others) {
            let hook = Hook::unsigned(other).with("X-Hub-Signature", signature);
            hook.to(&zammad).await.problem(401, "webhook_signature_invalid");
        }
        let mut signature = signature.to_owned();
        let last = if signature.pop() == Some('4') { '5' } else { '4' };
        signature.push(last);
        let hook = Hook::unsigned(body).with("X-Hub-Signature", signature);
        hook.to(&zammad).await.problem(401, "webhook_signature_invalid");
        assert!(deliveries(world).await.is_empty());
    }

    async fn a_delivery_needs_no_caller(world: &World) {
        // Zammad may send credentials that are none of ours, and they are not looked at.
        for (n, authorization) in
            [basic("zammad:pass"), "Bearer x.y.z".to_owned(), "?".to_owned()].iter().enumerate()
        {
            let hook = Hook::signed(format!(r#"{{"n":{n}}}"#)).with("Authorization", authorization);
            hook.to(&world.anonymous()).await.ok(202);
        }
        assert_eq!(outcomes(&world.admin()).await, [("ignored".to_owned(), 3)].into());
    }

    async fn a_content_type_does_not_matter(world: &World) {
        for (n, content_type) in
            ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "?"]
                .into_iter()
                .enumerate()
        {
            let hook = Hook::signed(format!(r#"{{"n":{n}}}"#));
            let hook = if content_type.is_empty() { hook } else { hook.with("Content-Type", content_type) };
            hook.to(&world.anonymous()).await.ok(202);
        }
        assert_eq!(outcomes(&world.admin()).await, [("ignored".to_owned(), 5)].into());
    }

    async fn what_is_signed_is_taken_whatever_it_says(world: &World) {
        for body in [&b"{"[..], b" ", b"\0", b"\xff\xfe", b"null", b"[]", "🌱".as_bytes()] {
            Hook::signed(body).to(&world.anonymous()).await.ok(202);
        }
        let settled = settled(&world.admin()).await;
        assert_eq!(settled.len(), 7);
        for delivery in settled {
            assert_eq!(delivery["state"], "failed", "{delivery}");
            assert!(text(&delivery, "reason").contains("JSON"), "{delivery}");
        }
    }

    async fn a_delivery_id_can_be_anything(world: &World) {
        let zammad = world.anonymous();
        let named = |n: usize, id: &str| Hook::signed(format!(r#"{{"n":{n}}}"#)).named(id);
        let long = "é".repeat(300);
        named(0, &long).to(&zammad).await.ok(202);
        named(1, "🌱 a/b").to(&zammad).await.ok(202);
        named(2, "first").named("second").to(&zammad).await.ok(202);
        let odd = named(3, "").request(&zammad, Method::POST);
        Answer::to(odd).await.ok(202);
        let ids: Vec<Value> =
            settled(&world.admin()).await.iter().map(|it| it["delivery_id"].clone()).collect();
        let longest = "é".repeat(255);
        // Nobody knows which of two counts.
        assert_eq!(ids, [json!(""), Value::Null, json!("🌱 a/b"), json!(longest)]);
    }
}

mod configured {
    use super::*;

    async fn with(changes: &[(&str, &str)]) -> (World, Caller) {
        let world = World::with(Engine::Sqlite, changes).await;
        let zammad = world.anonymous();
        (world, zammad)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_a_secret_nothing_is_taken() {
        let (world, zammad) = with(&[("ZAMMAD__WEBHOOK_SECRETS", "")]).await;
        for hook in [Hook::signed(BODY), Hook::signed_with("", BODY), Hook::unsigned(BODY)] {
            hook.to(&zammad).await.problem(401, "webhook_signature_invalid");
        }
        assert!(deliveries(&world).await.is_empty());
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_of_several_secrets_will_do() {
        let (world, zammad) = with(&[("ZAMMAD__WEBHOOK_SECRETS", "the-old-one, the-new-one")]).await;
        for (n, secret) in ["the-old-one", "the-new-one"].into_iter().enumerate() {
            Hook::signed_with(secret, format!(r#"{{"n":{n}}}"#)).to(&zammad).await.ok(202);
            // The same body, signed with the other, is the same delivery.
            Hook::signed_with(secret, BODY).to(&zammad).await.ok(202);
        }
        for secret in [SECRET, "the-old-one,the-new-one", "the-old-one, the-new-one", ""] {
            Hook::signed_with(secret, BODY).to(&zammad).await.problem(401, "webhook_signature_invalid");
        }
        assert_eq!(deliveries(&world).await.len(), 3);
        world.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_second_factor_is_needed_besides_the_signature_once_configured() {
        let (right_basic, right_bearer) = (basic("zammad:p4ss:w\u{f6}rd"), "Bearer b34r3r-t0k3n".to_owned());
        let by_basic = ("ZAMMAD__WEBHOOK_BASIC", "zammad:p4ss:w\u{f6}rd");
        let by_bearer = ("ZAMMAD__WEBHOOK_BEARER", "b34r3r-t0k3n");
        for (changes, basic_will_do, bearer_will_do) in [
            (&[by_basic][..], true, false),
            (&[by_bearer], false, true),
            (&[by_basic, by_bearer], true, true),
        ] {
            let (world, zammad) = with(changes).await;
            for (authorization, is_let_in) in [
                (right_basic.clone(), basic_will_do),
                (right_bearer.clone(), bearer_will_do),
                (basic("zammad:wrong"), false),
                (basic("zammad"), false),
                ("Bearer wrong".to_owned(), false),
                ("Bearer".to_owned(), false),
                ("Token token=b34r3r-t0k3n".to_owned(), false),
            ] {
                let answer = Hook::signed(BODY).with("Authorization", &authorization).to(&zammad).await;
                if is_let_in {
                    answer.ok(202);
                } else {
                    answer.problem(401, "webhook_signature_invalid");
                }
                // It does not stand in for the signature.
                let unsigned = Hook::unsigned(BODY).with("Authorization", &authorization);
                unsigned.to(&zammad).await.problem(401, "webhook_signature_invalid");
            }
            Hook::signed(BODY).to(&zammad).await.problem(401, "webhook_signature_invalid");
            let twice =
                Hook::signed(BODY).with("Authorization", &right_basic).with("Authorization", &right_bearer);
            twice.to(&zammad).await.problem(401, "webhook_signature_invalid");
            assert_eq!(deliveries(&world).await.len(), 1);
            world.end().await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_largest_body_can_be_configured() {
        let (world, zammad) = with(&[("ZAMMAD__WEBHOOK_BODY_LIMIT_BYTES", "2048")]).await;
        Hook::signed(padded(2_048)).to(&zammad).await.ok(202);
        for hook in [Hook::signed(padded(2_049)), Hook::unsigned(padded(100_000))] {
            hook.to(&zammad).await.problem(413, "payload_too_large");
        }
        // The length is not always told beforehand.
        assert_eq!(post_in_chunks(&world, &padded(2_047)).await, 202);
        assert_eq!(post_in_chunks(&world, &padded(2_049)).await, 413);
        // The limit of all other bodies is another one.
        let name = json!({"name": "x".repeat(3_000)});
        world.user("ann").post_json("/v1/plans", &name).await.problem(422, "invalid_request");
        assert_eq!(outcomes(&world.admin()).await, [("ignored".to_owned(), 2)].into());
        world.end().await;
    }
}

mod large {
    use super::*;

    engines!(five_mebibytes_are_taken_and_not_a_byte_more);

    async fn five_mebibytes_are_taken_and_not_a_byte_more(world: &World) {
        let zammad = world.anonymous();
        for n_bytes in [65_537, 5 * MIB] {
            Hook::signed(padded(n_bytes)).to(&zammad).await.ok(202);
        }
        Hook::signed(padded(5 * MIB + 1)).to(&zammad).await.problem(413, "payload_too_large");
        assert_eq!(outcomes(&world.admin()).await, [("ignored".to_owned(), 2)].into());
    }
}
