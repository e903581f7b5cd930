//! Who asks too often is told when to come back; who does not, never notices.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use time::Duration;

use crate::{
    client::{Answer, Caller, claims},
    world::{DASHBOARD_URL, Engine, World, on_sqlite},
};

/// Few of everything, so that little is too much.
const TIGHT: &[(&str, &str)] = &[
    ("LIMITS__ISSUES_PER_CALLER", "6"),
    ("LIMITS__ISSUES_PER_ADDRESS", "12"),
    ("LIMITS__PREVIEWS_PER_CALLER", "6"),
    ("LIMITS__PREVIEWS_PER_ADDRESS", "12"),
    ("LIMITS__REFUSALS_PER_CALLER", "3"),
    ("LIMITS__GUESSES_PER_ADDRESS", "6"),
    ("SERVER__TRUSTED_PROXIES", "127.0.0.0/8"),
];

on_sqlite!(
    honest_people_never_notice,
    a_thousand_guesses_get_nowhere,
    a_code_of_a_closed_plan_is_answered_as_one_that_never_was,
);

/// One server with tight limits, behind a proxy.
async fn tight() -> World {
    World::with(Engine::Sqlite, TIGHT).await
}

/// An answer to a request from `address`.
async fn from(address: &str, by: &Caller, method: Method, path: &str) -> Answer {
    Answer::to(by.request(method, path).header("X-Forwarded-For", address)).await
}

async fn preview(address: &str, by: &Caller, code: &str) -> Answer {
    from(address, by, Method::GET, &format!("/v1/invites/{code}")).await
}

async fn accept(address: &str, by: &Caller, code: &str) -> Answer {
    from(address, by, Method::POST, &format!("/v1/invites/{code}/accept")).await
}

/// After how many seconds to come back.
#[track_caller]
fn too_often(answer: &Answer) -> u64 {
    answer.problem(429, "rate_limited");
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn issuing_and_resending_are_limited_per_caller() {
    let world = tight().await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    let first = ann.invites(&plan).await;
    for n in 0..5 {
        from(&format!("198.51.100.{n}"), &ann, Method::POST, &format!("{path}/{}/resend", first.id)).await;
    }
    let n_minted = world.zammad.tokens().len();
    for refused in [&path, &format!("{path}/{}/resend", first.id), "/v1/plans/nonsense/invites"] {
        assert_eq!(too_often(&ann.post(refused).await), 10);
    }
    assert_eq!(too_often(&ann.post_json(&path, &json!({"recipient_email": 7})).await), 10);
    assert_eq!(world.zammad.tokens().len(), n_minted);

    // All else goes on, for others as well.
    ann.get(&path).await.ok(200);
    ann.delete(&format!("{path}/{}", first.id)).await.ok(204);
    let bob = world.user("bob");
    let other = bob.opens("The Dales").await;
    bob.invites(&other).await;
    world.anonymous().post(&path).await.problem(401, "unauthenticated");

    world.advance(Duration::milliseconds(9_999));
    assert_eq!(too_often(&ann.post(&path).await), 1);
    world.advance(Duration::milliseconds(1));
    ann.post(&path).await.problem(409, "plan_full");
    assert_eq!(too_often(&ann.post(&path).await), 10);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn issuing_is_limited_per_address_whoever_asks() {
    let world = tight().await;
    let path = "/v1/plans/0198c1f0-0000-7000-8000-000000000000/invites";
    for n in 0..12 {
        let user = world.user(&format!("user{n}"));
        from("2001:db8:1:2::1", &user, Method::POST, path).await.problem(404, "plan_not_found");
    }
    let ann = world.user("ann");
    for neighbour in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"] {
        too_often(&from(neighbour, &ann, Method::POST, path).await);
    }
    from("2001:db8:1:3::1", &ann, Method::POST, path).await.problem(404, "plan_not_found");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_acts_for_others_issues_as_many_as_there_are_others() {
    let world = tight().await;
    let plan = world.user("ann").opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    for caller in [world.admin(), world.service()] {
        for _ in 0..15 {
            let answer = caller.post(&path).await;
            assert!(matches!(answer.status, 201 | 409), "{answer:?}");
        }
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_are_limited_per_caller_and_address_also_as_pages() {
    let world = tight().await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let bob = world.user("bob");
    let (bobs, anonymous) = (bob.in_browser(), world.anonymous());
    for n in 0..6 {
        let method = if n % 2 == 0 { Method::GET } else { Method::HEAD };
        assert_eq!(from("198.51.100.1", &bobs, method, &invite.page()).await.status, 200);
    }
    assert_eq!(too_often(&preview("198.51.100.2", &bob, &invite.code).await), 10);
    let page = from("198.51.100.2", &bobs, Method::GET, &invite.page()).await;
    assert!(page.page(429).contains("Too many attempts"));
    assert_eq!(page.header("retry-after"), Some("10"));

    for _ in 0..6 {
        preview("198.51.100.1", &anonymous, &invite.code).await.ok(200);
    }
    assert_eq!(too_often(&preview("198.51.100.1", &anonymous, &invite.code).await), 5);
    preview("198.51.100.2", &anonymous, &invite.code).await.ok(200);
    // Who is to sign in first costs nothing.
    from("198.51.100.1", &anonymous.in_browser(), Method::GET, &invite.page()).await.redirect();
    // Joining is another matter.
    accept("198.51.100.1", &bob, &invite.code).await.ok(200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guessed_too_often_learns_nothing_more() {
    let world = tight().await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let closed = world.user("zoe").opens("The Dales").await;
    let gone = world.user("zoe").invites(&closed).await;
    world.user("zoe").delete(&format!("/v1/plans/{closed}")).await.ok(204);
    let (bob, anonymous) = (world.user("bob"), world.anonymous());
    for n in 0..2 {
        preview("198.51.100.1", &anonymous, &format!("guess{n}")).await.problem(404, "invite_not_found");
        accept("198.51.100.1", &bob, &gone.code).await.problem(404, "invite_not_found");
        let page = from("198.51.100.1", &bob.in_browser(), Method::GET, "/join/guess").await;
        assert_eq!(page.status, 404);
    }
    for code in ["guess", &gone.code, &invite.code] {
        assert_eq!(too_often(&preview("198.51.100.1", &anonymous, code).await), 10);
        assert_eq!(too_often(&accept("198.51.100.1", &world.user("cid"), code).await), 10);
        let cid = world.user("cid").in_browser();
        let page = from("198.51.100.1", &cid, Method::GET, &format!("/join/{code}")).await;
        assert!(!page.page(429).contains("The Hills"));
    }
    preview("198.51.100.2", &anonymous, &invite.code).await.ok(200);
    accept("198.51.100.2", &world.user("cid"), &invite.code).await.ok(200);
    // What is refused is not counted, so that it is over after the time that was told.
    world.advance(Duration::seconds(10));
    accept("198.51.100.1", &world.user("cid"), &invite.code).await.ok(200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_refusals_count_against_who_wants_to_join() {
    let world = tight().await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let (first, second) = (ann.invites(&plan).await, ann.invites(&plan).await);
    world.user("bob").accepts(&first.code).await.ok(200);
    for _ in 0..9 {
        world.user("bob").accepts(&first.code).await.ok(200);
    }
    let cid = world.user("cid");
    for _ in 0..3 {
        cid.accepts(&first.code).await.problem(409, "invite_used");
    }
    for code in [&first.code, &second.code] {
        assert_eq!(too_often(&cid.accepts(code).await), 20);
    }
    // Others behind the same address are others.
    for n in 0..20 {
        world.user(&format!("user{n}")).accepts(&first.code).await.problem(409, "invite_used");
    }
    world.advance(Duration::seconds(20));
    cid.accepts(&second.code).await.ok(200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_posted_counts_like_any_acceptance() {
    let world = tight().await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    world.user("bob").accepts(&invite.code).await.ok(200);
    // A bearer's token needs no form's.
    let cid = world.user("cid");
    for _ in 0..3 {
        cid.post(&invite.page()).await.page(409);
    }
    assert!(!cid.post(&invite.page()).await.page(429).contains("The Hills"));
    assert_eq!(world.user("bob").post(&invite.page()).await.redirect(), DASHBOARD_URL);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forwarded_addresses_count_behind_proxies_only() {
    let mut world = tight().await;
    let anonymous = world.anonymous();
    for n in 0..9 {
        let spoofed = format!("203.0.113.{n}, 198.51.100.1, 127.0.0.9");
        let answer = preview(&spoofed, &anonymous, "guess").await;
        assert_eq!(answer.status, if n < 6 { 404 } else { 429 }, "{n}");
    }
    preview("198.51.100.2", &anonymous, "guess").await.problem(404, "invite_not_found");

    world.restart_with(&[("SERVER__TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    let anonymous = world.anonymous();
    for n in 0..9 {
        let answer = preview(&format!("203.0.113.{n}"), &anonymous, "guess").await;
        assert_eq!(answer.status, if n < 6 { 404 } else { 429 }, "{n}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_can_be_switched_off_but_not_the_cap() {
    let changes = [TIGHT, &[("LIMITS__ENABLED", "false"), ("LIMITS__OPEN_INVITES_PER_PLAN", "1")]].concat();
    let world = World::with(Engine::Sqlite, &changes).await;
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let path = format!("/v1/plans/{plan}/invites");
    ann.invites(&plan).await;
    for _ in 0..20 {
        ann.post(&path).await.problem(409, "too_many_invites");
        ann.accepts("guess").await.problem(404, "invite_not_found");
        world.anonymous().get("/v1/invites/guess").await.problem(404, "invite_not_found");
    }
    world.end().await;
}

/// A thousand people behind one address want one seat, and mail scanners look at the link.
async fn honest_people_never_notice(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    for _ in 0..50 {
        let invite = ann.invites(&plan).await;
        ann.delete(&format!("/v1/plans/{plan}/invites/{}", invite.id)).await.ok(204);
    }
    let invite = ann.invites(&plan).await;
    let people: Vec<Caller> =
        (0..200).map(|n| world.anonymous().claiming(&claims(&format!("user{n}")))).collect();
    let looking = people.iter().map(async |it| it.in_browser().head(&invite.page()).await.status);
    assert!(join_all(looking).await.iter().all(|it| *it == 200));
    let joining = join_all(people.iter().map(|it| it.accepts(&invite.code))).await;
    let n_joined = joining.iter().filter(|it| it.status == 200).count();
    let n_late = joining.iter().filter(|it| it.status == 409).count();
    assert_eq!((n_joined, n_late), (1, 199));
}

async fn a_thousand_guesses_get_nowhere(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let invite = ann.invites(&plan).await;
    let anonymous = world.anonymous();
    let mut n_answered = 0;
    for n in 0..1_000 {
        let answer = anonymous.get(&format!("/v1/invites/guess{n}")).await;
        match answer.status {
            404 => n_answered += 1,
            _ => assert_eq!(too_often(&answer), 1),
        }
    }
    assert_eq!(n_answered, 60);
    world.advance(Duration::SECOND);
    anonymous.get(&format!("/v1/invites/{}", invite.code)).await.ok(200);
}

/// Everything of an answer but what is its own.
fn without_ids(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let id = answer.header("x-request-id").unwrap();
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id" && *name != "date");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status, headers.collect(), answer.body.replace(id, ""))
}

async fn a_code_of_a_closed_plan_is_answered_as_one_that_never_was(world: &World) {
    let ann = world.user("ann");
    let plan = ann.opens("The Hills").await;
    let (used, open) = (ann.invites(&plan).await, ann.invites(&plan).await);
    world.user("bob").accepts(&used.code).await.ok(200);
    ann.delete(&format!("/v1/plans/{plan}")).await.ok(204);
    let never = "A".repeat(43);
    // Also for those who were in the plan.
    for id in ["ann", "bob", "cid"] {
        let caller = world.user(id);
        for gone in [&used.code, &open.code] {
            for path in ["/v1/invites/CODE", "/join/CODE"] {
                for by in [&caller, &caller.in_browser(), &world.anonymous()] {
                    let answers = [gone, &never].map(|it| path.replace("CODE", it));
                    let answers = [by.get(&answers[0]).await, by.get(&answers[1]).await];
                    let [told, expected] = answers.each_ref().map(without_ids);
                    if told.0 == 303 {
                        assert_eq!(expected.0, 303);
                    } else {
                        assert_eq!(
                            told.2.replace(gone.as_str(), ""),
                            expected.2.replace(&never, ""),
                            "{path}"
                        );
                        assert_eq!((told.0, told.1), (expected.0, expected.1), "{path}");
                    }
                }
            }
            let answers = [caller.accepts(gone).await, caller.accepts(&never).await];
            assert_eq!(without_ids(&answers[0]), without_ids(&answers[1]));
        }
    }
}
